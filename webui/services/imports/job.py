"""The job that takes a file in.

Chats are stored in short transactions, each of which also counts them in the import's row. That count is where a job
that was interrupted goes on; and it is compared before it is changed, so of two processes that are at one import, as
may be when one has lost its lease, only one stores a chat. Nobody sees the chats before the last transaction.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webui.models import Chat, ChatImport, utcnow
from webui.runs import journal
from webui.security.identity import find_user
from webui.services import new_chats
from webui.services.imports import records
from webui.services.imports.extras import Extras
from webui.services.imports.loader import Loader
from webui.services.imports.restore import restore
from webui.services.imports.splitter import BrokenFile
from webui.services.trash import ERASED

if TYPE_CHECKING:
    from pyramid.registry import Registry

T = TypeVar("T")
log = logging.getLogger(__name__)

GIVEN_UP_AT_ONCE = 500  # chats in one transaction
ORPHANED_AFTER = 24 * 3600.0  # seconds that a file may be there before the import that it is for
PROGRESS = "import:progress"  # the event's type
TOLD_SECONDS = 0.5  # between two of them, at least


async def take_in(registry: Registry, payload: dict[str, Any], user_id: str) -> None:
    """Take a file in, or go on with that; remove what was stored of one that has failed or was cancelled."""
    import_id = payload["import_id"]
    folder = registry.webui_settings["data_dir"] / records.FOLDER
    job = Import(registry, import_id, user_id, folder / import_id)
    while (chats := await job.chats_stored()) is not None:
        try:
            await job.go_on(skip=chats)
        except BrokenFile as error:
            await job.fail(str(error))
        except FileNotFoundError:
            await job.fail("The file is not there any more. Send it again.")
        except Exception:
            log.exception("The import %s failed.", import_id)
            await job.fail("The server failed to read this file; its log has the reason.")
    await job.remove_unseen()
    await job.tell()
    running = await job.all_running()
    await asyncio.to_thread(_remove_files, folder, import_id, running)


class Import:
    """One import under way."""

    def __init__(self, registry: Registry, import_id: str, user_id: str, path: Path) -> None:
        self._registry = registry
        self._id = import_id
        self._user_id = user_id
        self._path = path
        self._told = 0.0  # when viewers were told last (monotonic)

    async def chats_stored(self) -> int | None:
        """How many chats are stored already; None if it is not running, or gone."""
        running = (ChatImport.id == self._id, ChatImport.state == records.RUNNING)
        found: int | None = await self._store(lambda db: db.scalar(sa.select(ChatImport.chats).where(*running)))
        return found

    async def all_running(self) -> set[str]:
        """The ids of all imports whose files are still needed."""
        running = sa.select(ChatImport.id).where(ChatImport.state == records.RUNNING)
        return await self._store(lambda db: set(db.scalars(running)))

    async def go_on(self, *, skip: int) -> None:
        """Store what follows the first ``skip`` chats; ends early when the import is no longer this job's."""
        loader = Loader(self._path, self._registry.webui_settings["server.max_import_size"], skip)
        chats = skip
        try:
            while batch := await _in_thread(loader.batch):
                new = batch.chats
                if new_chats.is_large(new):
                    for step in new_chats.building(self._user_id, new):
                        await self._store(step)
                    new = new_chats.built(new)
                if not await self._store(partial(self._add, new=new, position=batch.position, before=chats)):
                    return
                chats += len(batch.chats)
                if time.monotonic() - self._told > TOLD_SECONDS:
                    await self.tell()
            extras = await _in_thread(loader.extras)
            await self._store(partial(self._finish, chats=chats, extras=extras))
        finally:
            loader.close()

    async def fail(self, reason: str) -> None:
        """End it with a reason for its user."""
        await self._store(partial(records.fail, import_id=self._id, reason=reason))

    async def remove_unseen(self) -> None:
        """Give up what was stored of an import that did not come to its end; of any other nothing is unseen.

        It is erased as the trash is, a little at a time.
        """
        some = sa.select(Chat.id).where(Chat.import_id == self._id).limit(GIVEN_UP_AT_ONCE)
        give_up = sa.update(Chat).where(Chat.id.in_(some)).values(deleted_at=ERASED, import_id=None).returning(Chat.id)
        while await self._store(lambda db: db.scalars(give_up).all()):
            pass

    async def tell(self) -> None:
        """Show the user's viewers how far it is."""
        self._told = time.monotonic()
        await self._store(self._announce)

    def _announce(self, db: Session) -> None:
        row = db.get(ChatImport, self._id)
        if row is not None:
            data = {
                name: getattr(row, name) for name in ("id", "state", "size", "offset", "chats", "error", "left_out")
            }
            event = {"type": PROGRESS, "data": data}
            journal.announce(db, user_id=self._user_id, chat_id=None, message_id="", event=event)

    def _add(self, db: Session, *, new: list[new_chats.Prepared], position: int, before: int) -> bool:
        """Store a batch; False, and nothing stored, if somebody else has changed the import."""
        if self._changed(db, before, chats=before + len(new), offset=position):
            new_chats.store(db, self._user_id, new, self._id)
            return True
        return False

    def _finish(self, db: Session, *, chats: int, extras: Extras) -> None:
        """Show the chats, and store what came with them."""
        ended = {"state": records.DONE, "path": None, "offset": ChatImport.size, "finished_at": utcnow()}
        user = find_user(db.connection(), self._user_id)
        if user is not None and self._changed(db, chats, **ended):
            left_out = restore(db, user, self._registry.runtime.settings, self._id, extras)
            db.execute(sa.update(ChatImport).where(ChatImport.id == self._id).values(left_out=left_out))

    def _changed(self, db: Session, before: int, **values: Any) -> bool:
        mine = (ChatImport.id == self._id, ChatImport.state == records.RUNNING, ChatImport.chats == before)
        return db.scalar(sa.update(ChatImport).where(*mine).values(**values).returning(ChatImport.id)) is not None

    async def _store(self, work: Callable[[Session], T]) -> T:
        stored: T = await self._registry.runs.store(work)
        return stored


async def _in_thread(work: Callable[[], T]) -> T:
    """Do it in a thread, which nobody can interrupt: when cancelled, wait for it, since it reads a file of ours."""
    working = asyncio.get_running_loop().run_in_executor(None, work)
    try:
        return await asyncio.shield(working)
    except asyncio.CancelledError:
        await asyncio.wait([working])
        raise


def _remove_files(folder: Path, import_id: str, running: set[str]) -> None:
    """The file of this import, and those whose request ended before their import began or whose user is gone."""
    (folder / import_id).unlink(missing_ok=True)
    for path in folder.glob("*"):
        if path.name not in running and path.stat().st_mtime < time.time() - ORPHANED_AFTER:
            path.unlink(missing_ok=True)

"""Everything that somebody owns as one zip archive, made while it is sent, so that its size does not matter.

``chats.json`` is the contract's export, which servers of that contract take in as well; the other files are arrays of
rows.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from pydantic_core import to_json
from sqlalchemy.orm import InstrumentedAttribute

from webui import __version__
from webui.models import Base, Database, Feedback, Folder, Memory, Note, Prompt, Tag, utcnow
from webui.services.chat_lists import read_all

MANIFEST = "manifest.json"
FORMAT = "webui-archive"
VERSION = 1  # of the archive's form
AT_ONCE = 50  # rows
PIECE = 64 * 1024  # bytes
CHAT_KEYS = "id user_id title chat updated_at created_at share_id archived pinned meta folder_id".split()
TABLES: dict[str, tuple[type[Base], InstrumentedAttribute[str]]] = {
    "folders.json": (Folder, Folder.id),
    "tags.json": (Tag, Tag.id),
    "prompts.json": (Prompt, Prompt.command),
    "notes.json": (Note, Note.id),
    "memories.json": (Memory, Memory.id),
    "feedbacks.json": (Feedback, Feedback.id),
}


def archive(database: Database, user_id: str) -> Iterator[bytes]:
    """The archive in pieces. Each chat, and each few rows, are read in a transaction of their own."""
    files = {
        MANIFEST: iter([_manifest(user_id)]),
        "chats.json": _array(_chat(chat) for chat in read_all(database, user_id)),
        **{name: _array(_rows(database, user_id, *table)) for name, table in TABLES.items()},
    }
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w") as packed:
        for name, pieces in files.items():
            item = zipfile.ZipInfo(name, date_time=utcnow().timetuple()[:6])
            item.compress_type = zipfile.ZIP_DEFLATED
            with packed.open(item, "w", force_zip64=True) as file:
                for piece in pieces:
                    file.write(piece)
                    if len(pipe.written) > PIECE:
                        yield pipe.take()
    yield pipe.take()


class _Pipe:
    """What is written, until it is taken: all that zipfile needs of a file that it cannot go back in."""

    def __init__(self) -> None:
        self.written = bytearray()

    def write(self, data: bytes) -> int:
        self.written += data
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """There is nothing to let go of."""

    def take(self) -> bytes:
        taken, self.written = bytes(self.written), bytearray()
        return taken


def _manifest(user_id: str) -> bytes:
    made = {"server": f"webui {__version__}", "created_at": int(utcnow().timestamp()), "user_id": user_id}
    return to_json({"format": FORMAT, "version": VERSION, **made, "files": ["chats.json", *TABLES]})


def _array(values: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    before = b"["
    for value in values:
        yield before + to_json(value, inf_nan_mode="null")
        before = b",\n"
    yield b"[]" if before == b"[" else b"]"


def _chat(chat: dict[str, Any]) -> dict[str, Any]:
    return _plain({key: chat[key] for key in CHAT_KEYS})


def _rows(
    database: Database, user_id: str, table: type[Base], key: InstrumentedAttribute[str]
) -> Iterator[dict[str, Any]]:
    """A user's rows, ordered by their key. Which they are is settled at the beginning."""
    columns = sa.inspect(table).columns
    mine = columns["user_id"] == user_id
    with database.reader() as connection:
        keys = list(connection.scalars(sa.select(key).where(mine).order_by(key)))
    for start in range(0, len(keys), AT_ONCE):
        some = sa.select(*columns).where(mine, key.in_(keys[start : start + AT_ONCE])).order_by(key)
        with database.reader() as connection:
            yield from (_plain(dict(row)) for row in connection.execute(some).mappings().all())


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """With times as the contract has them."""
    return {key: int(value.timestamp()) if isinstance(value, datetime) else value for key, value in row.items()}

"""What each reply took, written down beside the replies: nobody waits for it, and a slow database slows no reply."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError

from webui.errors import ApiError, Problem
from webui.models import Usage
from webui.models.meta import utcnow
from webui.providers.meter import Metered, estimate_tokens, metered
from webui.streaming import CLIENT_CLOSED, Reply

if TYPE_CHECKING:
    from pyramid.config import Configurator

    from webui.background import BackgroundLoop
    from webui.models import Database
    from webui.providers.base import Route
    from webui.services.completions import Completion

log = logging.getLogger(__name__)

PAUSE_SECONDS = 0.8  # before a group is written, so that a reply is in the table within about a second
MAX_WAITING = 10_000  # records, while the database is away


@dataclass(frozen=True)
class UsageRecord:
    """A row of ``webui.models.Usage``."""

    user_id: str | None
    api: str
    model: str
    connection: str
    status: int
    prompt_tokens: int
    completion_tokens: int
    estimated: bool
    first_token_ms: int | None
    duration_ms: int
    chat_id: str | None = None
    message_id: str | None = None
    created_at: datetime = field(default_factory=utcnow)


@dataclass(frozen=True)
class Asked:
    """Who asks which model, and by which way in; ``messages`` are what tokens are counted of if need be."""

    user_id: str
    api: str
    model: str
    route: Route
    messages: Any = ()
    chat_id: str | None = None
    message_id: str | None = None

    def record(self, outcome: Metered) -> UsageRecord:
        """What is written down when the reply is over. An answer that is an error has no tokens."""
        estimated = outcome.told is None and outcome.status < 400
        prompt, completion = outcome.told or (0, 0)
        if estimated:
            prompt, completion = estimate_tokens(self.messages), outcome.said
        return UsageRecord(
            user_id=self.user_id,
            api=self.api,
            model=self.model,
            connection=self.route.answered_by,
            status=outcome.status,
            prompt_tokens=prompt,
            completion_tokens=completion,
            estimated=estimated,
            first_token_ms=None if outcome.first_byte is None else round(outcome.first_byte * 1000),
            duration_ms=round(outcome.duration * 1000),
            chat_id=self.chat_id,
            message_id=self.message_id,
        )


async def measured(
    usage: UsageLog, completion: Completion, *, api: str, chat_id: str | None = None, message_id: str | None = None
) -> Reply:
    """``completion.start()``, with what it took written down when it is over."""
    asked = Asked(
        user_id=completion.user_id,
        api=api,
        model=completion.model["id"],
        route=completion.route,
        messages=completion.payload.get("messages"),
        chat_id=chat_id,
        message_id=message_id,
    )
    return await measure(usage, completion.start, asked)


async def measure(usage: UsageLog, start: Callable[[], Awaitable[Reply]], asked: Asked) -> Reply:
    """``start()``, with what its reply took written down when it is over, also when there is none."""
    started = time.monotonic()

    def on_end(outcome: Metered) -> None:
        usage.add(asked.record(outcome))

    try:
        reply = await start()
    except BaseException as error:
        on_end(Metered(_status(error), None, 0, None, time.monotonic() - started))
        raise
    return metered(reply, started=started, on_end=on_end)


def _status(error: BaseException) -> int:
    match error:
        case ApiError():
            return error.status
        case asyncio.CancelledError():
            return CLIENT_CLOSED
        case _:
            return Problem.INTERNAL.status


class UsageLog:
    """Collects records and writes them in groups.

    While the database is away the latest ``MAX_WAITING`` wait for it. What still waits when the background loop has
    stopped is written then; a process that is killed loses the last second.
    """

    def __init__(self, database: Database, background: BackgroundLoop) -> None:
        self._database = database
        self._background = background
        self._lock = threading.Lock()  # held for moments, also by the loop
        self._storing = threading.Lock()
        self._waiting: deque[UsageRecord] = deque()
        self._writer: asyncio.Task[None] | None = None
        self._due = False  # a writer runs, or will
        self._reachable = True
        self._lost = 0
        background.on_stop.append(self.flush)

    def add(self, record: UsageRecord) -> None:
        """Have a record written soon. May be called from any thread, and does not wait."""
        with self._lock:
            self._waiting.append(record)
            self._trim()
            due, self._due = self._due, True
        if not due:
            self._background.call_soon(self._start)

    def flush(self) -> None:
        """Write what waits; when the database is away it goes on waiting."""
        with self._storing:
            with self._lock:
                records, self._waiting = self._waiting, deque()
            try:
                self._store(records)
            except SQLAlchemyError as error:
                self._put_back(records, error)
            else:
                self._report_return()

    def _start(self) -> None:
        self._writer = asyncio.create_task(self._write())

    async def _write(self) -> None:
        """Runs while there is something to write."""
        while True:
            await asyncio.sleep(PAUSE_SECONDS)
            await asyncio.to_thread(self.flush)
            with self._lock:
                if not self._waiting:
                    self._due = False
                    return

    def _store(self, records: Sequence[UsageRecord]) -> None:
        """All in one transaction; where the database refuses one, of a user just deleted say, the others alone."""
        if not records:
            return
        try:
            with self._database.begin() as db:
                db.execute(sa.insert(Usage), [{"id": str(uuid4()), **asdict(record)} for record in records])
        except (IntegrityError, DataError, ValueError) as error:
            if len(records) == 1 and isinstance(error, IntegrityError) and records[0].user_id is not None:
                # The user was removed meanwhile, which leaves the usage of before without its user.
                self._store([replace(records[0], user_id=None)])
                return
            if len(records) == 1:
                log.warning("The usage of a reply cannot be stored, it is left out: %s", error.args[0])
                return
            for record in records:
                self._store([record])

    def _put_back(self, records: Iterable[UsageRecord], error: SQLAlchemyError) -> None:
        with self._lock:
            self._waiting.extendleft(reversed(list(records)))
            self._trim()
        if self._reachable:
            log.warning("The usage of replies cannot be stored, it waits for the database: %s", error.args[0])
        self._reachable = False

    def _trim(self) -> None:
        while len(self._waiting) > MAX_WAITING:
            self._waiting.popleft()
            self._lost += 1

    def _report_return(self) -> None:
        lost, self._lost, self._reachable = self._lost, 0, True
        if lost:
            log.warning("The usage of %d replies was lost while the database was away.", lost)


def includeme(config: Configurator) -> None:
    """Give the registry its record of what replies take."""
    config.registry.usage = UsageLog(config.registry.database, config.registry.background)

"""What is in memory of a run: its latest deltas, numbered, and who waits for more.

A delta is a dict: ``{"content": text}``, ``{"reasoning_content": text}``, ``{"tool_calls": [...]}`` as in a chunk of
OpenAI's stream, or ``{"event": {"type", "data"}}`` for anything else that a page is told. The first has number 1.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from itertools import groupby
from typing import Any

Delta = dict[str, Any]
Event = dict[str, Any]  # {"type": ..., "data": ...}

KEPT = 256  # deltas that stay after they were written, so that viewers seldom need the journal
TEXTS = ("content", "reasoning_content")


class Watcher:
    """A viewer that waits: ``changed`` are the runs with something new since it looked last.

    With ``run_id`` it is told of that run alone.
    """

    def __init__(self, run_id: str | None = None) -> None:
        self.changed: set[RunLog] = set()
        self._run_id = run_id
        self._event = asyncio.Event()

    def tell(self, log: RunLog | None) -> None:
        """Wake it; ``None`` when the server is about to stop."""
        if log is not None:
            if self._run_id not in (None, log.id):
                return
            self.changed.add(log)
        self._event.set()

    async def wait(self, seconds: float) -> bool:
        """Until something is new; False when nothing came in time."""
        if not self._event.is_set():  # as it mostly is while a model answers
            try:
                async with asyncio.timeout(seconds):
                    await self._event.wait()
            except TimeoutError:
                return False
        self._event.clear()
        return True

    def take(self) -> set[RunLog]:
        """The runs with something new, each once."""
        changed, self.changed = self.changed, set()
        return changed


class Room:
    """Everything of one user that viewers may follow, as Socket.IO's room ``user:<id>``."""

    def __init__(self) -> None:
        self.logs: dict[str, RunLog] = {}
        self.watchers: set[Watcher] = set()

    def tell(self, log: RunLog | None) -> None:
        """Wake every viewer."""
        for watcher in self.watchers:
            watcher.tell(log)


class RunLog:
    """The end of a run's deltas. Belongs to the background loop."""

    def __init__(self, run_id: str, *, chat_id: str | None, message_id: str, room: Room, seq: int = 0) -> None:
        self.id = run_id
        self.chat_id = chat_id
        self.message_id = message_id
        self.seq = seq  # number of the last delta
        self.began = self.touched = time.monotonic()
        self._room = room
        self._deltas: list[Delta] = []  # those that end with ``seq``
        self._written = seq
        room.logs[run_id] = self

    def append(self, delta: Delta) -> None:
        """Add the next delta and wake who waits."""
        self.seq += 1
        self._deltas.append(delta)
        self.touched = time.monotonic()
        self._room.tell(self)

    def after(self, seq: int) -> list[Delta] | None:
        """The deltas that follow number ``seq``; None when they are not all in memory any more."""
        missing = self.seq - seq
        if missing <= 0:
            return []
        return self._deltas[-missing:] if missing <= len(self._deltas) else None

    def skip_to(self, seq: int) -> None:
        """Numbers up to ``seq`` were left out, or given out elsewhere."""
        self.seq = self._written = seq
        self._deltas.clear()

    def unwritten(self) -> list[Delta]:
        """The deltas that are not in the journal yet; the last has number ``seq``."""
        return self.after(self._written) or []

    def wrote(self, seq: int) -> None:
        """All up to ``seq`` are in the journal."""
        self._written = seq
        self.shrink(KEPT)

    def shrink(self, kept: int) -> None:
        """Keep in memory what is not written, and ``kept`` deltas before that."""
        spare = len(self._deltas) - (self.seq - self._written) - kept
        if spare > 0:
            del self._deltas[:spare]


def frames(deltas: Iterable[Delta]) -> list[tuple[int, Event]]:
    """Events for a viewer, as few as possible, each with the number of deltas in it.

    Texts of one kind that follow each other are one event.
    """
    events: list[tuple[int, Event]] = []
    for name, group in groupby(deltas, _kind):
        run = list(group)
        if name in TEXTS:
            events.append((len(run), _chunk({name: "".join(delta[name] for delta in run)})))
        else:
            events += [(1, delta.get("event") or _chunk(delta)) for delta in run]
    return events


def _kind(delta: Delta) -> str:
    return next((name for name in TEXTS if name in delta), "")


def _chunk(delta: Delta) -> Event:
    return {"type": "chat:completion", "data": {"choices": [{"index": 0, "delta": delta}]}}

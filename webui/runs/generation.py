"""One reply being generated: from the model server's bytes to numbered deltas, and to what is stored in the end."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from pydantic_core import from_json

from webui.bodies import read_body
from webui.errors import ApiError, Problem
from webui.models import RunState
from webui.providers.deltas import DeltaReader
from webui.providers.thinking import REASONING_TAGS
from webui.runs.journal import Ending
from webui.runs.log import Delta, Event, RunLog
from webui.runs.transcript import Transcript
from webui.streaming import HandsOver, Reply

MAX_REPLY = 8 * 1024 * 1024  # characters that are kept of one reply
MAX_TAG = 100  # characters; all beginnings of a tag are looked for
MAX_WAIT = 24 * 3600  # seconds that somebody is asked to wait
TOO_LONG = "The reply was longer than 8 million characters; it was ended here."


class Generation:
    """Follows one reply: its deltas go into ``log``; ``state`` and ``error`` tell how it came out."""

    def __init__(self, log: RunLog, prefix: str, reasoning_tags: Any = None) -> None:
        self.log = log
        self.state = RunState.RUNNING
        self.error: str | None = None
        self.retry_after: int | None = None  # seconds to wait before another try, if somebody has said so
        self._transcript = Transcript()
        self._reader = DeltaReader(reasoning_tags=_tags(reasoning_tags))
        self._began = time.monotonic()
        self._first: float | None = None
        if prefix:
            self._take({"content": prefix}, self._began)  # number 1, so that all deltas together are the whole text

    async def follow(self, reply: Reply) -> None:
        """Take the reply to its end; raises ``ApiError`` for one that is none."""
        if reply.status >= 400:
            headers = {name: value for name, value in reply.headers if name.lower() == "retry-after"}
            raise ApiError(Problem.UPSTREAM_FAILED, await _said(reply), status=reply.status, headers=headers)
        if isinstance(reply.body, bytes) or not _is_stream(reply):
            self._take_all(self._reader.read_completion(await read_body(reply)))
        else:
            if isinstance(reply.body, HandsOver):
                reply.body.hand_to(self._take_bytes)
            async for data in reply.body:
                if not self._take_bytes(data):
                    break
            self._take_all(self._reader.end())
        if self._reader.error is not None:
            raise ApiError(Problem.UPSTREAM_FAILED, self._reader.error)

    def _take_bytes(self, data: bytes) -> bool:
        """Read on in the stream; False after an error, which also leaves what follows unread."""
        self._take_all(self._reader.feed(data))
        return self._reader.error is None

    def fail(self, error: ApiError) -> None:
        """The reply ends with an error."""
        self.state, self.error = RunState.FAILED, str(error.detail)
        wait = next((value for name, value in error.headers.items() if name.lower() == "retry-after"), "")
        if wait.isascii() and wait.isdigit():  # it may also be a date, which is rare
            self.retry_after = min(int(wait[:9]), MAX_WAIT)

    def end(self, more: dict[str, Any]) -> Ending:
        """What is to be stored, with ``more`` in the message, and what viewers are told once it is."""
        data: dict[str, Any] = {"done": True, **more}
        if self._reader.usage is not None:
            data["usage"] = self._reader.usage
        if self._first is not None:
            first, total = self._first - self._began, time.monotonic() - self._began
            data["timing"] = {"first_token_ms": round(first * 1000), "duration_ms": round(total * 1000)}
        if self.error is not None:
            data["error"] = {"content": self.error}
            if self.retry_after is not None:
                data["error"]["retry_after"] = self.retry_after
        if self.state is RunState.INTERRUPTED:
            data["interrupted"] = True
        if self.state is RunState.STOPPED:
            data["stopped"] = True
        last: list[Delta] = [{"event": event} for event in self._last_events(data)]
        return Ending(self.state, self._transcript.render(done=True), data, last, self.error)

    def _last_events(self, data: dict[str, Any]) -> list[Event]:
        events: list[Event] = []
        if self.error is not None:
            events.append({"type": "chat:message:error", "data": {"error": data["error"]}})
        if self.state is RunState.STOPPED:
            events.append({"type": "chat:tasks:cancel", "data": {}})
        told = {key: data[key] for key in ("usage", "timing", "interrupted") if key in data}
        return [*events, {"type": "chat:completion", "data": {"done": True, **told}}]

    def _take_all(self, deltas: list[Delta]) -> None:
        now = time.monotonic()
        for delta in deltas:
            self._first = self._first or now
            self._take(delta, now)
        if self._transcript.size > MAX_REPLY:
            self._reader.error = TOO_LONG

    def _take(self, delta: Delta, at: float) -> None:
        self._transcript.add(delta, at)
        self.log.append(delta)


def _tags(wanted: Any) -> Sequence[tuple[str, str]] | None:
    """The tags around reasoning: the usual ones unless ``params.reasoning_tags`` has a pair of its own, or is false."""
    match wanted:
        case [str(opening), str(closing)] if 0 < len(opening) <= MAX_TAG and 0 < len(closing) <= MAX_TAG:
            return [(opening, closing)]
        case False:
            return None
        case _:
            return REASONING_TAGS


def _is_stream(reply: Reply) -> bool:
    return any(name.lower() == "content-type" and "event-stream" in value for name, value in reply.headers)


async def _said(reply: Reply) -> str:
    """The text of an error that a model server answered with."""
    fallback = f"The model server answered with status {reply.status}."
    try:
        answer = from_json(await read_body(reply))
    except ValueError:
        return fallback
    match answer:
        case {"error": {"message": str(text)}} | {"error": str(text)} | {"detail": str(text)} | {"message": str(text)}:
            return text
    return fallback

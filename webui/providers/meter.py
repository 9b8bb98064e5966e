"""What a reply takes, measured while it passes: nothing is parsed before it is over."""

from __future__ import annotations

import json
import re
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from webui.providers.deltas import DeltaReader
from webui.streaming import HandsOver, Reply

CHARACTERS_A_TOKEN = 4  # about what tokenizers make of English
STREAM_TAIL = 4 * 1024  # bytes at the end of a stream in which the server's counts are looked for
WHOLE_TAIL = 1024 * 1024  # and of an answer that is no stream, where they may stand before the text
MARKS = {"text/event-stream": b"data:", "application/x-ndjson": b"\n"}  # what each piece of a stream has once
MAX_TOKENS = 2**31 - 1  # of a column

# Quotes inside a text are escaped in JSON, so that what a model says is not taken for one of these.
USAGE = re.compile(r'"usage"\s*:\s*(?=\{)')
OLLAMA_COUNTS = re.compile(r'"(prompt_eval_count|eval_count)"\s*:\s*(\d{1,10})\b')
PROMPT_NAMES = ("prompt_tokens", "input_tokens", "prompt_eval_count")  # chat completions, Responses, Ollama
COMPLETION_NAMES = ("completion_tokens", "output_tokens", "eval_count")


@dataclass(frozen=True)
class Metered:
    """A reply that is over.

    ``told`` are the tokens of prompt and completion as the model server counted them, None if it did not; ``said`` is
    how many the completion may have had. Times are seconds since the request.
    """

    status: int
    told: tuple[int, int] | None
    said: int
    first_byte: float | None
    duration: float


OnEnd = Callable[[Metered], object]


def metered(reply: Reply, *, started: float, on_end: OnEnd) -> Reply:
    """The same reply; ``on_end`` is called once, when it is complete, has broken off or was left by the client.

    ``started`` is ``time.monotonic()`` at the request.
    """
    meter = Meter(reply, started, on_end)
    if isinstance(reply.body, bytes):
        meter.note(reply.body)
        meter.end()
        return reply
    return replace(reply, body=meter)


def estimate_tokens(messages: Any) -> int:
    """About how many tokens the text of these messages has."""
    return sum(_text_length(message.get("content")) for message in _dicts(messages)) // CHARACTERS_A_TOKEN


class Meter:
    """The body of a reply, which passes unchanged. Of its chunks the last ones alone are kept."""

    def __init__(self, reply: Reply, started: float, on_end: OnEnd) -> None:
        content_type = next((value for name, value in reply.headers if name.lower() == "content-type"), "")
        self._mark = MARKS.get(content_type.partition(";")[0].strip().lower())
        self._body = reply.body
        self._status = reply.status
        self._started = started
        self._on_end: OnEnd | None = on_end
        self._closed = False
        self._first_byte: float | None = None
        self._pieces = 0
        self._tail: deque[bytes] = deque()
        self._kept = 0  # bytes in the tail
        self._wanted = WHOLE_TAIL if self._mark is None else STREAM_TAIL

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        try:
            chunk: bytes = await self._body.__anext__()  # type: ignore[union-attr]
        except BaseException:
            self.end()
            raise
        self.note(chunk)
        return chunk

    def hand_to(self, offer: Callable[[bytes], bool]) -> None:
        """Let chunks pass the short way, if the body knows it (``webui.streaming.HandsOver``)."""

        def noted(chunk: bytes) -> bool:
            taken = offer(chunk)
            if taken:
                self.note(chunk)
            return taken

        if isinstance(self._body, HandsOver):
            self._body.hand_to(noted)

    async def aclose(self) -> None:
        """Close the reply, once, whether or not it was read to its end."""
        if self._closed:
            return
        self._closed = True
        try:
            if (aclose := getattr(self._body, "aclose", None)) is not None:
                await aclose()
        finally:
            self.end()

    def note(self, chunk: bytes) -> None:
        """A chunk has come."""
        if self._first_byte is None and chunk:
            self._first_byte = time.monotonic() - self._started
        if self._mark is not None:
            self._pieces += chunk.count(self._mark)
        self._tail.append(chunk)
        self._kept += len(chunk)
        while self._kept - len(self._tail[0]) >= self._wanted:
            self._kept -= len(self._tail.popleft())

    def end(self) -> None:
        """The reply is over; a second call does nothing."""
        on_end, self._on_end = self._on_end, None
        if on_end is None:
            return
        tail = b"".join(self._tail)
        self._tail.clear()
        told, said = told_tokens(tail), self._pieces
        if self._mark is None and told is None:
            said = _said(tail)
        on_end(Metered(self._status, told, said, self._first_byte, time.monotonic() - self._started))


def told_tokens(tail: bytes) -> tuple[int, int] | None:
    """The tokens of prompt and completion that the end of an answer tells of, in any dialect."""
    text = tail.decode(errors="replace")
    for place in reversed([match.end() for match in USAGE.finditer(text)]):
        if (found := _counts(_object_at(text, place))) is not None:
            return found
    return _counts({name: int(count) for name, count in OLLAMA_COUNTS.findall(text)})


def _object_at(text: str, place: int) -> Mapping[str, Any]:
    """The JSON object that begins there; nothing if it is cut off."""
    try:
        found, _ = json.JSONDecoder().raw_decode(text, place)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _counts(usage: Mapping[str, Any]) -> tuple[int, int] | None:
    prompt, completion = _count(usage, PROMPT_NAMES), _count(usage, COMPLETION_NAMES)
    return None if prompt is None and completion is None else (prompt or 0, completion or 0)


def _count(usage: Mapping[str, Any], names: Iterable[str]) -> int | None:
    values = (usage.get(name) for name in names)
    return next((value for value in values if type(value) is int and 0 <= value <= MAX_TOKENS), None)


def _said(body: bytes) -> int:
    """About how many tokens a completion has that was not streamed."""
    deltas = DeltaReader().read_completion(body)
    texts = (delta.get("content") or delta.get("reasoning_content") or "" for delta in deltas)
    return sum(map(len, texts)) // CHARACTERS_A_TOKEN


def _text_length(content: Any) -> int:
    if isinstance(content, str):
        return len(content)
    return sum(len(text) for part in _dicts(content) if isinstance(text := part.get("text"), str))


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []

"""Answers of model servers, passed on as they arrive."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING

from pydantic_core import to_json

from webui.errors import ApiError, Problem
from webui.providers.http import MAX_LINE_BYTES, error_event
from webui.providers.tap import Tap
from webui.streaming import ConnectionLost

if TYPE_CHECKING:
    import aiohttp

log = logging.getLogger(__name__)


def error_line(error: ApiError) -> bytes:
    """An error in the middle of a stream of JSON lines (Ollama's docs/api.md, "Errors")."""
    return to_json({"error": error.detail}) + b"\n"


@dataclass(frozen=True)
class Form:
    """A form of streams: what lines of it look like, and how one tells that it breaks off.

    Lines are looked at as far as an expression can: that a client finds an object where it expects one. To parse them
    would take ten times as long.
    """

    lines: re.Pattern[bytes]
    error: Callable[[ApiError], bytes]

    def holds(self, lines: bytes) -> bool:
        """Whether whole lines could be part of a reply."""
        try:
            lines.isascii() or lines.decode()
        except UnicodeDecodeError:
            return False
        return self.lines.fullmatch(lines) is not None and lines.translate(None, CONTROL) == lines


CONTROL = bytes({*range(0x20)} - {*b"\t\r\n"})  # JSON escapes these
FORMS = {
    "text/event-stream": Form(  # the usual event first, which makes it three times as fast
        re.compile(rb"(?:data: \{.*\}\n\n|data: ?(?:\{.*\}|\[DONE\])? *\r?\n|(?:event|id|retry)?:.*\n|\r?\n)*+"),
        error_event,
    ),
    "application/x-ndjson": Form(re.compile(rb"(?:(?:\{.*\})? *\r?\n)*+"), error_line),
}


class Relay:
    """The rest of an answer, passed on as it arrives; of events and of JSON lines, in whole lines that look like it.

    When it breaks off, or goes on with something else, a stream of these ends with an error that every client
    understands, and half a line before it is left out; anything else is truncated.
    """

    def __init__(self, response: aiohttp.ClientResponse, *, connection: str, begun: bytes = b"") -> None:
        """``begun`` is what has been read of the answer already."""
        self._response = response
        self._read = response.content.readany
        self._connection = connection
        self._begun = begun
        self._form = FORMS.get(response.content_type)
        self._line = bytearray()  # the beginning of one whose end is still to come
        self._over = False

    def hand_to(self, offer: Callable[[bytes], bool]) -> None:
        """As ``webui.streaming.HandsOver`` says."""

        def take(chunk: bytes) -> bool:
            as_it_is = self._form is None or (not self._line and chunk.endswith(b"\n") and self._form.holds(chunk))
            return as_it_is and offer(chunk)

        connection = self._response.connection
        if self._begun or connection is None or connection.protocol is None or connection.transport is None:
            return  # nothing more comes than is there already, or reading has begun
        self._read = Tap(connection.protocol, connection.transport, self._response.content, take).read

    def __aiter__(self) -> Relay:
        return self

    async def __anext__(self) -> bytes:
        import aiohttp  # loaded by now

        if self._begun:
            begun, self._begun = self._begun, b""
            return begun
        while not self._over:
            try:
                chunk = await self._read()
            except (aiohttp.ClientError, TimeoutError, ConnectionError) as error:
                return self._break_off(str(error))
            if not chunk and not self._response.content.total_bytes:
                return self._break_off("nothing was said")
            self._over = not chunk
            if passed := self._whole_lines(chunk) if self._form else chunk:
                return passed if self._form is None else self._checked(passed, self._form)
            if len(self._line) > MAX_LINE_BYTES:
                return self._break_off("a line without an end")
        raise StopAsyncIteration

    def _whole_lines(self, chunk: bytes) -> bytes:
        """What can be passed on: all up to the last end of a line, or all when the stream has ended."""
        end = chunk.rfind(b"\n") + 1
        if not self._line and end == len(chunk):  # as nearly always
            return chunk
        if chunk and not end:
            self._line += chunk
            return b""
        whole = bytes(self._line) + chunk[:end]
        self._line[:] = chunk[end:]
        return whole

    def _checked(self, lines: bytes, form: Form) -> bytes:
        """The lines, or those before the first that cannot be part of a reply, and an error."""
        if form.holds(lines if lines.endswith(b"\n") else lines + b"\n"):
            return lines
        good = takewhile(form.holds, lines.splitlines(keepends=True))
        return b"".join(good) + self._break_off("something else than events or JSON lines was said")

    def _break_off(self, reason: str) -> bytes:
        self._over = True
        log.warning("%s broke off in the middle of a reply: %s", self._connection, reason)
        text = f"{self._connection} broke off in the middle of a reply."
        if self._form is None:
            raise ConnectionLost(text)
        return self._form.error(ApiError(Problem.UPSTREAM_FAILED, text))

    async def aclose(self) -> None:
        """Close the connection unless the answer has been read to its end."""
        self._response.close()

"""Server-sent events out of bytes that may be cut anywhere (WHATWG HTML, section 9.2.6)."""

from __future__ import annotations

from collections.abc import Iterator

MAX_EVENT_BYTES = 16 * 1024 * 1024


class EventTooLong(ValueError):
    """An event is longer than anything that a model says at once."""


class EventReader:
    """Collects the pieces of a stream and gives the data of each event that is complete; comments are left out.

    Each byte is looked at once, however long a line becomes. A carriage return alone is no end of a line here: no model
    server sends one, and a piece may end between it and its line feed.
    """

    def __init__(self) -> None:
        self._line = bytearray()  # the beginning of a line
        self._data = bytearray()  # the data of an event whose empty line is still to come

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """The events that this piece completes; raises ``EventTooLong``, after which nothing can follow."""
        *lines, rest = piece.split(b"\n")
        for beginning in lines:
            line = beginning
            if self._line:
                line = bytes(self._line) + beginning
                self._line.clear()
            if line.startswith(b"data:"):
                self._data += line[5:].strip()
                self._data += b"\n"
                self._check()
            elif self._data and line in (b"", b"\r"):
                data = bytes(self._data).strip()
                self._data.clear()
                if data:
                    yield data
        self._line += rest
        self._check()

    def _check(self) -> None:
        if len(self._line) + len(self._data) > MAX_EVENT_BYTES:
            raise EventTooLong(f"An event is longer than {MAX_EVENT_BYTES // 1024**2} MB.")

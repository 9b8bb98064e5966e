"""As much of HTTP/1.1 as the load generator needs: requests as bytes, answers read as they arrive (RFC 9112)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit


class BadAnswer(Exception):
    """The peer did not answer as HTTP says."""


@dataclass(frozen=True)
class Call:
    """A request: what is sent, over and over. ``event`` is the mark that is counted in the body of a stream."""

    payload: bytes
    event: bytes = b""
    final: bytes = b""

    @classmethod
    def to(
        cls,
        address: str,
        method: str,
        path: str,
        body: Any = None,
        *,
        token: str = "",
        event: bytes = b"",
        final: bytes = b"",
    ) -> Call:
        """A call to the server at ``address`` (a URL); ``body`` goes as JSON."""
        lines = [f"{method} {path} HTTP/1.1", f"Host: {urlsplit(address).netloc}", "Accept: */*"]
        if token:
            lines.append(f"Authorization: Bearer {token}")
        content = b"" if body is None else json.dumps(body).encode()
        if body is not None:
            lines += ["Content-Type: application/json", f"Content-Length: {len(content)}"]
        return cls("\r\n".join([*lines, "", ""]).encode() + content, event, final)


class Answer:
    """One answer, read as it arrives."""

    def __init__(self) -> None:
        self.status = 0
        self.keep_alive = True
        self.complete = False
        self._head = b""
        self._length: int | None = None  # bytes still to come; None: until the connection ends
        self._chunks: Chunked | None = None

    def feed(self, data: bytes) -> bytes:
        """Takes what arrived, and gives what of the body is in it."""
        if not self.status:
            self._head += data
            head, found, data = self._head.partition(b"\r\n\r\n")
            if not found:
                return b""
            self._read_head(head)
        if self._chunks is not None:
            data = self._chunks.feed(data)
            self.complete = self._chunks.complete
        elif self._length is not None:
            self._length -= len(data)
            self.complete = self._length <= 0
        return data

    def end(self) -> None:
        """The peer closed the connection."""
        if not self.status or self._chunks is not None or self._length is not None:
            raise BadAnswer("the connection ended within an answer")
        self.complete = True

    def _read_head(self, head: bytes) -> None:
        lines = head.lower().split(b"\r\n")
        try:
            self.status = int(lines[0].split(b" ", 2)[1])
            fields = dict(line.split(b":", 1) for line in lines[1:])
        except (IndexError, ValueError) as error:
            raise BadAnswer("the answer is not HTTP") from error
        self.keep_alive = b"close" not in fields.get(b"connection", b"") and lines[0].startswith(b"http/1.1")
        if b"chunked" in fields.get(b"transfer-encoding", b""):
            self._chunks = Chunked()
        elif b"content-length" in fields:
            self._length = int(fields[b"content-length"])


class Chunked:
    """The chunked coding of RFC 9112 section 7.1, without trailers."""

    def __init__(self) -> None:
        self.complete = False
        self._rest = b""

    def feed(self, data: bytes) -> bytes:
        """Gives the content of the chunks that are complete."""
        data = self._rest + data if self._rest else data
        parts = []
        at = 0
        while (line := data.find(b"\r\n", at)) >= 0:
            size = int(data[at:line].partition(b";")[0], 16)
            end = line + 2 + size
            if len(data) < end + 2:
                break
            parts.append(data[line + 2 : end])
            at = end + 2
            if not size:
                self.complete = True
                break
        self._rest = data[at:]
        return b"".join(parts)

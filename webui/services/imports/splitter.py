"""A JSON array, cut into its values without being read whole.

Only the ends of values are looked for here; what is in them is for the JSON parser. A general streaming parser, such as
ijson, builds values of any depth and size before anybody can refuse them: ten million opening brackets become as many
lists. It tells where a file is broken in its own words, too, and not at which byte.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

CHUNK = 64 * 1024  # bytes
MAX_VALUE = 64 * 1024 * 1024  # bytes of one chat: it is in memory while it is stored
MAX_DEPTH = 100  # of brackets in one chat
MAX_CONTAINERS = 1_000_000  # lists and objects in one chat: each takes a hundred times its two bytes
SPACE = b" \t\r\n"
BYTE_ORDER_MARK = b"\xef\xbb\xbf"

_BRACKET_OR_TEXT = re.compile(rb'[][{}"]')
_REST_OF_TEXT = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+', re.DOTALL)


# For what is none of it.
KNOWN = "What can be imported are the exports of ChatGPT, Claude and Open WebUI, and the archive of this server"


class BrokenFile(Exception):
    """A file that cannot be taken in; the text says where and why, for whoever sent it."""


class Splitter:
    """The objects of a JSON array, or the one object that a file consists of.

    ``number`` is that of the object being read, from 1, and ``offset`` the byte at which it begins. ``noun`` is what
    errors call an object.
    """

    def __init__(self, read: Callable[[int], bytes], noun: str = "chat") -> None:
        self.number = 0
        self.offset = 0
        self._noun = noun
        self._read = read
        self._buffer = bytearray()

    def __iter__(self) -> Iterator[bytes | None]:
        """Each object as bytes; ``None`` whenever some of the file was read without an object coming to its end."""
        opening = self._opening()
        if opening == b"{":
            self.number = 1
            yield from self._value()
        elif opening == b"[":
            yield from self._values()
        else:
            raise self.broken(f"This is not JSON: it begins with neither [ nor {{. {KNOWN}")
        if self._peek():
            raise self.broken("There is something behind the end of the list")

    def broken(self, reason: str, at: int = 0) -> BrokenFile:
        """The error for a fault that stands ``at`` bytes after ``offset``."""
        where = f", in {self._noun} {self.number}" if self.number else ""
        return BrokenFile(f"{reason} (at byte {self.offset + at}{where}).")

    def _opening(self) -> bytes:
        while len(self._buffer) < len(BYTE_ORDER_MARK) and self._more():
            pass
        if self._buffer.startswith(BYTE_ORDER_MARK):
            self._drop(len(BYTE_ORDER_MARK))
        return self._peek()

    def _values(self) -> Iterator[bytes | None]:
        self._drop(1)
        closing = self._peek() == b"]"
        while not closing:
            self.number += 1
            self._expect(b"{", "An object was expected here")
            yield from self._value()
            mark = self._expect(b",]", "A comma or the end of the list was expected here")
            closing = mark == b"]"
            if not closing:
                self._drop(1)
        self._drop(1)

    def _value(self) -> Iterator[bytes | None]:
        """The object at the beginning of the buffer, and ``None`` for each further piece of the file before its end."""
        buffer, at, depth, in_text = self._buffer, 0, 0, False
        while True:
            if in_text and (match := _REST_OF_TEXT.match(buffer, at)):
                at = match.end()
                in_text = buffer[at : at + 1] != b'"'
                at += not in_text
            match = None if in_text else _BRACKET_OR_TEXT.search(buffer, at)
            if match is None:
                at = at if in_text else len(buffer)
                self._more_of_value()
                yield None
                continue
            at, mark = match.end(), match[0]
            in_text = mark == b'"'
            if not in_text:
                depth += 1 if mark in b"{[" else -1
                if depth > MAX_DEPTH:
                    raise self.broken(f"There are more than {MAX_DEPTH} brackets in one another", at - 1)
                if depth == 0:
                    if buffer.count(b"[", 0, at) + buffer.count(b"{", 0, at) > MAX_CONTAINERS:
                        raise self.broken(f"One {self._noun} has more than {MAX_CONTAINERS} lists and objects")
                    yield bytes(buffer[:at])
                    self._drop(at)
                    return

    def _more_of_value(self) -> None:
        if len(self._buffer) > MAX_VALUE:
            raise self.broken(f"One {self._noun} is larger than {MAX_VALUE // 1024**2} MB")
        if not self._more():
            raise self.broken("The file is cut off", len(self._buffer))

    def _expect(self, marks: bytes, otherwise: str) -> bytes:
        found = self._peek()
        if not found:
            raise self.broken("The file is cut off")
        if found not in marks:
            raise self.broken(otherwise)
        return found

    def _peek(self) -> bytes:
        """The next byte that is no space, which is dropped; nothing at the end of the file."""
        while True:
            space = len(self._buffer) - len(self._buffer.lstrip(SPACE))
            self._drop(space)
            if self._buffer or not self._more():
                return bytes(self._buffer[:1])

    def _more(self) -> bool:
        piece = self._read(CHUNK)
        self._buffer += piece
        return bool(piece)

    def _drop(self, count: int) -> None:
        del self._buffer[:count]
        self.offset += count


_UNSTORABLE = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")  # a NUL character, or half of a character


def parse(raw: bytes) -> dict[str, Any]:
    """The object in these bytes, in characters that a database can store; ``ValueError`` where they are not JSON.

    Other products' files have NUL characters, which are left out, and halves of characters, which become "?".
    """
    value: dict[str, Any] = json.loads(raw.decode(), parse_constant=_refuse_constant)
    return _storable(value) if _UNSTORABLE.search(raw) else value


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "").encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_storable(key): _storable(item) for key, item in value.items()}
    return [_storable(item) for item in value] if isinstance(value, list) else value

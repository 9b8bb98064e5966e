"""The chats of a file, ready to be stored, a batch at a time."""

from __future__ import annotations

import json
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from webui.errors import ApiError
from webui.services.imports.extras import NOUNS, Extras
from webui.services.imports.formats import to_incoming
from webui.services.imports.source import Source
from webui.services.imports.splitter import KNOWN, BrokenFile, Splitter, parse
from webui.services.new_chats import Prepared, prepare

# What a transaction stores at most, so that it holds others up for half a second (most of it is indexing for search),
# and how long reading for it may take.
BATCH_CHATS = 100
BATCH_BYTES = 256 * 1024
BATCH_SECONDS = 0.5


@dataclass(frozen=True)
class Batch:
    """Chats, maybe none of a large one that is still being read; ``position`` is how much of the file has been."""

    chats: list[Prepared]
    position: int


class Loader:
    """Reads a file from its beginning, leaving the first ``skip`` chats out."""

    def __init__(self, path: Path, max_size: int, skip: int) -> None:
        self._source = Source(path, max_size)
        self._skip = skip
        self._pieces = self._read()

    def batch(self) -> Batch | None:
        """The next chats; None at the end of the file. Raises ``BrokenFile``."""
        deadline = time.monotonic() + BATCH_SECONDS
        chats, size, over = [], 0, True
        for chat, length in self._pieces:
            if chat is not None:
                chats.append(chat)
                size += length
            if len(chats) >= BATCH_CHATS or size >= BATCH_BYTES or time.monotonic() > deadline:
                over = False
                break
        return None if over and not chats else Batch(chats, self._source.position)

    def extras(self) -> Extras:
        """What our archives hold beside the chats. Raises ``BrokenFile``."""
        extras = Extras()
        for name, read in self._source.extras(NOUNS):
            splitter = Splitter(read, NOUNS[name][0])
            with _named(name):
                for raw in splitter:
                    if raw is not None:
                        extras.add(name, _parsed(splitter, raw), len(raw))
        return extras

    def close(self) -> None:
        """Let go of the file."""
        self._pieces.close()
        self._source.close()

    def _read(self) -> Generator[tuple[Prepared | None, int], None, None]:
        """Each chat with its size in bytes; nothing whenever some time may have passed without one."""
        left_out = 0
        for name, read in self._source.documents():
            splitter = Splitter(read)
            with _named(name):
                for raw in splitter:
                    if raw is None or left_out < self._skip:
                        left_out += raw is not None
                        yield None, 0
                    else:
                        yield _prepared(splitter, raw), len(raw)


@contextmanager
def _named(name: str) -> Iterator[None]:
    """Errors with the name of the file in the archive, if it is in one."""
    try:
        yield
    except BrokenFile as error:
        raise BrokenFile(f"{name}: {error}" if name else str(error)) from None


def _prepared(splitter: Splitter, raw: bytes) -> Prepared:
    incoming = to_incoming(_parsed(splitter, raw))
    if incoming is None:
        raise splitter.broken(f"This is not a chat of a product that is known here. {KNOWN}")
    try:
        return prepare(incoming)
    except ApiError as error:
        reason = error.detail if isinstance(error.detail, str) else error.detail[0]["msg"].rstrip(".")
        raise splitter.broken(reason) from None


def _parsed(splitter: Splitter, raw: bytes) -> dict[str, Any]:
    try:
        return parse(raw)
    except json.JSONDecodeError as error:
        raise splitter.broken(f"This is not JSON: {error.msg}", error.pos) from None
    except UnicodeDecodeError as error:
        raise splitter.broken("This is not UTF-8", error.start) from None
    except ValueError as error:
        raise splitter.broken(f"This is not JSON: {error}") from None

"""How web processes find the one child that they share: a file whose lock says that it lives, and whose text where.

The child holds an exclusive ``flock`` on the file for as long as it lives. The kernel drops the lock however the child
ends, kill -9 included, so nobody ever sends a key or a prompt to an address that a dead child left behind. The file
itself stays: removing a locked file lets two processes each hold "the" lock.

Windows has no ``flock``: there each web process has a child of its own.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path

EXIT_CLAIMED = 75  # the child's status when another one holds the file; EX_TEMPFAIL of sysexits.h


@dataclass(frozen=True)
class Endpoint:
    """Where a child answers: ``address`` without a trailing slash, the key it asks for, the GGUF file it serves."""

    address: str
    key: str = field(repr=False)
    model: str
    pid: int

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str | bytes) -> Endpoint:
        return cls(**json.loads(text))


def claim(path: Path) -> int | None:
    """Lock the file for the rest of this process and empty it; ``None`` when another process holds it."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    if not _lock(fd, exclusive=True):
        os.close(fd)
        return None
    os.truncate(fd, 0)
    return fd


def publish(fd: int, endpoint: Endpoint) -> None:
    """Write the endpoint into the claimed file; the line's end tells readers that it is complete."""
    os.write(fd, endpoint.to_json().encode() + b"\n")


def look(path: Path) -> tuple[bool, Endpoint | None]:
    """Whether a child holds the file, and where it answers if it is ready."""
    try:
        fd = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return False, None
    with open(fd, encoding="utf-8") as file:
        if _lock(fd, exclusive=False):
            return False, None
        text = file.read()
    return True, Endpoint.from_json(text) if text.endswith("\n") else None


if sys.platform == "win32":

    def _lock(fd: int, *, exclusive: bool) -> bool:
        return True

else:
    import fcntl

    def _lock(fd: int, *, exclusive: bool) -> bool:
        """Take the lock, until the file is closed; whether that was possible."""
        try:
            fcntl.flock(fd, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

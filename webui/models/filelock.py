"""A lock between processes of one machine, held by the operating system and so never left behind."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows: SQLite's own locking is all there is
    fcntl = None  # type: ignore[assignment]


@contextmanager
def file_lock(path: Path, seconds: float) -> Iterator[None]:
    """Hold an exclusive lock on ``path``; TimeoutError when another process keeps it for longer than ``seconds``."""
    with path.open("a") as file:
        deadline = time.monotonic() + seconds
        while fcntl is not None:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise TimeoutError(f"Another process holds {path} for more than {seconds:.0f} seconds.") from None
                time.sleep(0.05)
        yield

"""Whether a connection is worth asking: a circuit breaker."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

FAILURES = 3  # in a row, that open the circuit
FIRST_PAUSE = 10.0  # seconds; each probe that fails doubles it
LONGEST_PAUSE = 300.0


class State(StrEnum):
    """Of a circuit: in use, left out, or being tried again."""

    UNKNOWN = "unknown"
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass
class Health:
    """What the last requests to one server tell of it. Only the background loop writes to it.

    A server that cannot be reached, or answers with 5xx instead of beginning a reply, has failed. One that answers
    with 4xx is alive: it dislikes the request, the key, or how often it is asked.
    """

    clock: Callable[[], float] = time.monotonic
    failures: int = 0  # in a row
    error: str | None = None  # what the last of them was
    _asked: bool = False
    _pause: float = 0.0
    _retry_at: float | None = None
    _probing: bool = False

    @property
    def state(self) -> State:
        if self._retry_at is None:
            return State.CLOSED if self._asked else State.UNKNOWN
        return State.HALF_OPEN if self._probing or not self.waits else State.OPEN

    @property
    def waits(self) -> float:
        """Seconds until the next probe may be sent; 0 when nothing keeps it."""
        return 0.0 if self._retry_at is None else max(0.0, self._retry_at - self.clock())

    def admits(self) -> bool:
        """Whether to ask the server now. After a pause the first who asks this is the probe.

        The next one has to wait as long again, so a probe that was cancelled blocks nobody for ever.
        """
        if self._retry_at is None:
            return True
        if self.waits:
            return False
        self._probing, self._retry_at = True, self.clock() + self._pause
        return True

    def succeeded(self) -> None:
        """It has answered, so it is in use again."""
        self._asked, self.failures, self.error = True, 0, None
        self._pause = 0.0
        self._retry_at, self._probing = None, False

    def failed(self, error: str) -> None:
        """It has not. While the circuit is open, who tried nevertheless does not lengthen the pause."""
        self._asked, self.error = True, error
        self.failures += 1
        if self.failures < FAILURES or self.state is State.OPEN:
            return
        self._pause = min(self._pause * 2, LONGEST_PAUSE) if self._pause else FIRST_PAUSE
        self._retry_at, self._probing = self.clock() + self._pause, False

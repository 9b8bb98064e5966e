"""Who may use the model next: as many at once as it has slots, the others in turn by user."""

from __future__ import annotations

import asyncio
from collections import deque

from webui.errors import ApiError, Problem


class FairQueue:
    """Permits for ``slots`` requests at once; whoever waits is served round-robin by user.

    One user's fifty requests thus delay another user's first by one reply and not by fifty. It belongs to one event
    loop and takes no lock: nothing here awaits between looking and changing.
    """

    def __init__(self, slots: int, limit: int) -> None:
        self._free = slots
        self._limit = limit
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}  # in the order in which users have their turn

    def __len__(self) -> int:
        return sum(map(len, self._waiting.values()))

    async def acquire(self, user_id: str) -> None:
        """Wait for a permit; 429 when ``limit`` requests wait already. A cancelled wait leaves the queue."""
        if self._free:
            self._free -= 1
            return
        if len(self) >= self._limit:
            text = "The local model has more requests waiting than it accepts. Try again in a moment."
            raise ApiError(Problem.RATE_LIMITED, text, headers={"Retry-After": "5"})
        turn = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(user_id, deque()).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                self._forget(user_id, turn)
            else:  # the permit came in the same step of the loop in which the client left
                self.release()
            raise

    def release(self) -> None:
        """Give a permit back, or on to the next user in turn."""
        if not self._waiting:
            self._free += 1
            return
        user_id, turns = next(iter(self._waiting.items()))
        turns.popleft().set_result(None)
        del self._waiting[user_id]
        if turns:
            self._waiting[user_id] = turns  # now the last in the round

    def _forget(self, user_id: str, turn: asyncio.Future[None]) -> None:
        turns = self._waiting[user_id]
        turns.remove(turn)
        if not turns:
            del self._waiting[user_id]

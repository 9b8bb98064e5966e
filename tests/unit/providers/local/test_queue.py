from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from webui.errors import ApiError
from webui.providers.local.queue import FairQueue


def run(coroutine: Coroutine[Any, Any, None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(10):
            await coroutine

    asyncio.run(bounded())


async def settle() -> None:
    """Let every task that can go on go on."""
    for _ in range(5):
        await asyncio.sleep(0)


def wait_for(queue: FairQueue, user: str, served: list[str]) -> asyncio.Task[None]:
    async def wait() -> None:
        await queue.acquire(user)
        served.append(user)

    return asyncio.create_task(wait())


def test_as_many_run_at_once_as_there_are_slots() -> None:
    async def scenario() -> None:
        queue, served = FairQueue(slots=2, limit=10), []
        tasks = [wait_for(queue, user, served) for user in "abc"]
        await settle()
        assert served == ["a", "b"]
        assert len(queue) == 1
        queue.release()
        await asyncio.gather(*tasks)
        assert served == ["a", "b", "c"]

    run(scenario())


def test_a_user_with_many_requests_does_not_starve_the_others() -> None:
    async def scenario() -> None:
        queue, served = FairQueue(slots=1, limit=100), []
        tasks = [wait_for(queue, "greedy", served) for _ in range(51)]
        tasks += [wait_for(queue, user, served) for user in ("b", "c", "b")]
        for _ in tasks:
            await settle()
            queue.release()
        await asyncio.gather(*tasks)
        assert served[:7] == ["greedy", "greedy", "b", "c", "greedy", "b", "greedy"]
        assert served.count("greedy") == 51

    run(scenario())


def test_beyond_the_limit_a_request_is_refused_and_told_when_to_come_back() -> None:
    async def scenario() -> None:
        queue = FairQueue(slots=1, limit=1)
        tasks = [wait_for(queue, user, []) for user in "ab"]
        await settle()
        with pytest.raises(ApiError) as refused:
            await queue.acquire("c")
        assert (refused.value.status, refused.value.headers) == (429, {"Retry-After": "5"})
        queue.release()
        await asyncio.gather(*tasks)

    run(scenario())


def test_a_client_that_left_is_not_served_and_makes_room() -> None:
    async def scenario() -> None:
        queue, served = FairQueue(slots=1, limit=1), []
        await queue.acquire("a")
        gone = wait_for(queue, "gone", served)
        await settle()
        gone.cancel()
        await settle()
        assert len(queue) == 0
        patient = wait_for(queue, "patient", served)
        await settle()
        queue.release()
        await patient
        assert served == ["patient"]

    run(scenario())


def test_a_permit_given_to_a_client_that_leaves_at_that_moment_goes_to_the_next() -> None:
    async def scenario() -> None:
        queue, served = FairQueue(slots=1, limit=2), []
        await queue.acquire("a")
        gone, patient = (wait_for(queue, user, served) for user in ("gone", "patient"))
        await settle()
        queue.release()
        gone.cancel()
        await patient
        assert served == ["patient"]
        queue.release()
        await queue.acquire("next")

    run(scenario())

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Iterator

import pytest

from webui.background import BackgroundLoop


@pytest.fixture
def background() -> Iterator[BackgroundLoop]:
    loop = BackgroundLoop()
    yield loop
    loop.stop()


async def fail() -> None:
    raise ValueError("on purpose")


async def current_thread() -> threading.Thread:
    return threading.current_thread()


def test_no_thread_runs_before_the_first_use() -> None:
    before = set(threading.enumerate())
    background = BackgroundLoop()
    assert set(threading.enumerate()) == before
    background.stop()


def test_coroutines_share_one_side_thread(background: BackgroundLoop) -> None:
    first, second = background.run(current_thread()), background.submit(current_thread()).result(5)
    assert first is second is not threading.current_thread()
    assert first.daemon


def test_run_raises_what_the_coroutine_raises_and_logs_nothing(
    background: BackgroundLoop, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(ValueError, match="on purpose"):
        background.run(fail())
    assert not caplog.records


def test_run_cancels_a_coroutine_that_takes_too_long(background: BackgroundLoop) -> None:
    cancelled = threading.Event()

    async def sleep_on() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    with pytest.raises(TimeoutError):
        background.run(sleep_on(), timeout=0.05)
    assert cancelled.wait(5)


def test_run_on_the_loop_itself_is_refused(background: BackgroundLoop) -> None:
    async def nested() -> None:
        background.run(current_thread())

    with pytest.raises(RuntimeError, match="own thread"):
        background.run(nested())


def test_the_failure_of_a_submitted_coroutine_is_logged(
    background: BackgroundLoop, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(ValueError, match="on purpose"):
        background.submit(fail()).result(5)
    background.stop()  # joins the thread, which logs after the result is known
    [record] = caplog.records
    assert record.levelno == logging.ERROR
    assert record.exc_info is not None


def test_call_soon_runs_on_the_loop(background: BackgroundLoop) -> None:
    seen: list[threading.Thread] = []
    called = threading.Event()
    background.call_soon(lambda: (seen.append(threading.current_thread()), called.set()))
    assert called.wait(5)
    assert seen == [background.run(current_thread())]


def test_stop_cancels_every_task_and_lets_it_clean_up(background: BackgroundLoop) -> None:
    steps: list[str] = []

    async def work() -> None:
        steps.append("started")
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            steps.append("cleaned up")

    background.submit(work())
    background.stop()
    assert steps == ["started", "cleaned up"]


def test_stop_ends_the_thread_and_refuses_further_work(background: BackgroundLoop) -> None:
    thread = background.run(current_thread())
    background.stop()
    assert not thread.is_alive()
    with pytest.raises(RuntimeError, match="stopped"):
        background.submit(fail())
    background.call_soon(pytest.fail)
    background.stop()


def test_stop_gives_up_on_a_task_that_refuses_to_end(
    background: BackgroundLoop, caplog: pytest.LogCaptureFixture
) -> None:
    release = asyncio.Event()

    async def running_loop() -> asyncio.AbstractEventLoop:
        return asyncio.get_running_loop()

    async def stubborn() -> None:
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue

    loop, thread = background.run(running_loop()), background.run(current_thread())
    background.submit(stubborn())
    background.stop(timeout=0.05)
    assert "did not end" in caplog.text
    loop.call_soon_threadsafe(release.set)
    thread.join(5)
    assert not thread.is_alive()

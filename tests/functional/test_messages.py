"""The Messages API through the application: over an OpenAI-compatible server, and over Anthropic's own API."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from webtest import TestResponse

from tests.support import Client
from tests.support_upstream import Answer, Upstream, scripted_upstream
from webui.views.models import MAX_COMPLETION

PATH = "/api/v1/messages"
TOKENS = f"{PATH}/count_tokens"
THERE = "/v1/messages"
PLACES = {"m": "/v1/chat/completions", "claude": THERE}
HELLO = [{"role": "user", "content": "Hi"}]
PDF = {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "QUJD"}}


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    """Has the model ``m`` as an OpenAI-compatible API, and ``claude`` as Anthropic's."""
    with scripted_upstream() as running:
        running.offer("m").answers["/v1/models?limit=1000"] = Answer.json({"data": [{"id": "claude"}]})
        yield running


def environ(upstream: Upstream) -> dict[str, str]:
    return {
        "OPENAI_API_BASE_URLS": f"{upstream.url}/v1;{upstream.url}",
        "OPENAI_API_KEYS": "k;secret",
        "OPENAI_API_CONFIGS": '{"1": {"provider": "anthropic"}}',
        "MODELS_CACHE_TTL": "1h",
    }


@pytest.fixture
def person(make_client, upstream: Upstream) -> Client:
    """An administrator with both connections."""
    return make_client(**environ(upstream)).sign_up()


def ask(person: Client, model: str = "m", path: str = PATH, **more: Any) -> TestResponse:
    headers = more.pop("headers", {})
    return person.post(path, {"model": model, "max_tokens": 9, "messages": HELLO, **more}, headers=headers)


def completion(text: str = "Hello") -> Answer:
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    return Answer.json({"choices": [choice], "usage": {"prompt_tokens": 3, "completion_tokens": 2}})


def test_a_model_of_any_server_answers(person: Client, upstream: Upstream) -> None:
    upstream.chat(completion())
    message = ask(person, system="Be brief.").json
    assert message["content"] == [{"type": "text", "text": "Hello"}]
    assert (message["model"], message["usage"]["input_tokens"]) == ("m", 3)
    assert upstream.payload == {
        **{"model": "m", "max_tokens": 9},
        "messages": [{"role": "system", "content": "Be brief."}, *HELLO],
    }


def test_a_model_of_anthropics_gets_the_request_as_it_is(person: Client, upstream: Upstream) -> None:
    whole = b'{"type": "message",  "strange": 1e0}'
    upstream.answers[THERE] = Answer([whole])
    thought = {"type": "thinking", "thinking": "Hm", "signature": "s"}
    content = [PDF, {"type": "text", "text": "A", "cache_control": {"type": "ephemeral"}}]
    turns = [{"role": "user", "content": content}, {"role": "assistant", "content": [thought]}]
    tools = [{"type": "web_search_20250305", "name": "web_search"}]
    more = {"messages": turns, "tools": tools, "context_management": {}}
    answer = ask(person, "claude", **more, metadata={"user_id": "ada@example.com"}, headers={"anthropic-beta": "b"})
    assert answer.body == whole
    assert upstream.payload == {"model": "claude", "max_tokens": 9, **more}
    headers = {name.lower(): value for name, value in upstream.asked[-1].headers.items()}
    assert (headers["anthropic-beta"], headers["x-api-key"]) == ("b", "secret")


def test_thoughts_that_another_model_had_do_not_go_to_anthropic(person: Client, upstream: Upstream) -> None:
    upstream.answers[THERE] = Answer.json({})
    text = {"type": "text", "text": "A"}
    turn = {"role": "assistant", "content": [{"type": "thinking", "thinking": "Hm", "signature": ""}, text]}
    ask(person, "claude", messages=[*HELLO, turn])
    assert upstream.payload["messages"] == [*HELLO, {"role": "assistant", "content": [text]}]


def test_what_is_stored_about_a_custom_model_counts(person: Client, upstream: Upstream) -> None:
    upstream.answers[THERE] = Answer.json({})
    params = {"system": "Be {{USER_NAME}}.", "temperature": 0.3, "top_k": 2, "stop": "END"}
    custom = {"id": "mine", "name": "Mine", "base_model_id": "claude", "params": params, "meta": {}}
    person.post("/api/v1/models/create", custom, status=200)
    ask(person, "mine", system="And brief.", temperature=0.7)
    assert upstream.payload == {
        **{"model": "claude", "max_tokens": 9, "messages": HELLO},
        **{"temperature": 0.7, "top_k": 2, "stop_sequences": ["END"]},
        "system": [{"type": "text", "text": "Be Somebody."}, {"type": "text", "text": "And brief."}],
    }


def test_the_token_may_come_as_an_api_key(person: Client, upstream: Upstream) -> None:
    upstream.chat(completion())
    stranger = Client(person.app)
    person.app.reset()  # no cookie
    assert ask(stranger, headers={"x-api-key": person.token}).status_int == 200
    assert ask(stranger, headers={"x-api-key": "nonsense"}).status_int == 401
    both = {"x-api-key": person.token, "Authorization": "Bearer nonsense"}
    assert ask(stranger, headers=both).status_int == 401
    refused = ask(stranger)
    assert (refused.status_int, refused.json["error"]["type"]) == (401, "authentication_error")


@pytest.mark.parametrize("path", [PATH, TOKENS])
def test_an_unknown_model_is_told_in_anthropics_form(person: Client, path: str) -> None:
    answer = ask(person, "nope", path)
    assert answer.status_int == 400
    assert answer.json["type"] == "error"
    assert answer.json["error"] == {"type": "invalid_request_error", "message": "Model not found"}


@pytest.mark.parametrize(
    "form", [{"model": "m", "messages": HELLO}, {"model": "m", "max_tokens": 1, "messages": [{"role": "x"}]}, {}, []]
)
def test_a_request_that_does_not_fit_is_told_in_anthropics_form(person: Client, form: Any) -> None:
    answer = person.post(PATH, form)
    assert answer.status_int == 422
    assert (answer.json["type"], answer.json["error"]["type"]) == ("error", "invalid_request_error")


def test_a_document_that_the_model_cannot_read_is_a_bad_request(person: Client) -> None:
    answer = ask(person, messages=[{"role": "user", "content": [PDF]}])
    assert answer.status_int == 400
    assert "messages.0" in answer.json["error"]["message"]


@pytest.mark.parametrize(
    ("model", "error"),
    [
        ("m", {"error": {"message": "Slow down", "code": "rate"}}),
        ("claude", {"type": "error", "error": {"type": "rate_limit_error", "message": "Slow down"}}),
    ],
)
@pytest.mark.parametrize("stream", [True, False])
def test_an_error_of_the_server_keeps_status_text_and_when_to_try_again(
    person: Client, upstream: Upstream, model: str, error: Any, stream: bool
) -> None:
    upstream.answers[PLACES[model]] = Answer.json(error, 429, headers=(("Retry-After", "7"),))
    answer = ask(person, model, stream=stream)
    assert (answer.status_int, answer.headers["Retry-After"]) == (429, "7")
    assert answer.json["error"] == {"type": "rate_limit_error", "message": "Slow down"}


@pytest.mark.parametrize(
    ("model", "piece"),
    [
        ("m", b'data: {"choices": [{"delta": {"content": "Hel"}}]}\n\n'),
        ("claude", b'event: ping\ndata: {"type": "ping"}\n\nevent: content_block_del'),
    ],
)
def test_a_stream_that_breaks_off_ends_with_an_error_event(
    person: Client, upstream: Upstream, model: str, piece: bytes
) -> None:
    upstream.answers[PLACES[model]] = Answer.events(piece, cut=True)
    *_, last = ask(person, model, stream=True).body.strip().split(b"\n\n")
    name, data = last.strip().split(b"\n")
    assert name == b"event: error"
    assert "broke off" in json.loads(data.removeprefix(b"data: "))["error"]["message"]


def test_tokens_are_counted_by_anthropic_for_its_models(person: Client, upstream: Upstream) -> None:
    upstream.answers[f"{THERE}/count_tokens"] = Answer.json({"input_tokens": 42})
    assert person.post(TOKENS, {"model": "claude", "messages": HELLO}).json == {"input_tokens": 42}
    assert upstream.payload == {"model": "claude", "messages": HELLO}


def test_tokens_are_estimated_for_others(person: Client) -> None:
    text = [{"role": "user", "content": "x" * 40}]
    assert person.post(TOKENS, {"model": "m", "messages": text}).json == {"input_tokens": 10}


def test_a_chat_completion_of_a_model_of_anthropics(person: Client, upstream: Upstream) -> None:
    content = [{"type": "thinking", "thinking": "Hm"}, {"type": "text", "text": "Hello"}]
    upstream.answers[THERE] = Answer.json({"type": "message", "content": content, "stop_reason": "end_turn"})
    answer = person.post("/api/chat/completions", {"model": "claude", "messages": HELLO}).json
    message = answer["choices"][0]["message"]
    assert (message["content"], message["reasoning_content"]) == ("Hello", "Hm")


def test_a_body_that_is_too_large_is_told_in_anthropics_form(person: Client) -> None:
    answer = person.post_raw(PATH, b" " * (MAX_COMPLETION + 1))
    assert (answer.status_int, answer.json["error"]["type"]) == (413, "request_too_large")

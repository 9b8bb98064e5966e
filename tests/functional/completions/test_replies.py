from __future__ import annotations

import re

import pytest

from tests.support import Client
from tests.support_upstream import Answer, Upstream, ask, events

PATHS = ("/api/chat/completions", "/api/v1/chat/completions")
HELLO = [{"role": "user", "content": "Hi"}]


@pytest.mark.parametrize("path", PATHS)
def test_a_whole_answer_is_passed_on_as_it_is(person: Client, upstream: Upstream, path: str) -> None:
    body = b'{"id":"x",  "choices":[], "usage": {"total_tokens": 3}, "strange": [1e0]}'
    upstream.chat(Answer([body]))
    answer = ask(person, path)
    assert answer.status_int == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.body == body
    assert upstream.payload == {"model": "m", "messages": HELLO}


@pytest.mark.parametrize("path", PATHS)
def test_a_stream_is_passed_on_byte_for_byte(person: Client, upstream: Upstream, path: str) -> None:
    pieces = [b": comment\r\n", b'data: {"a', b'": 1}\n\nevent: x\ndata: {"\xc3', b'\xa9":2}\n\n\n', b"data: [DONE]"]
    upstream.chat(Answer.events(*pieces))
    answer = ask(person, path, stream=True)
    assert answer.headers["Content-Type"].startswith("text/event-stream")
    assert answer.headers["Cache-Control"] == "no-cache"
    assert answer.body == b"".join(pieces)


def test_what_the_server_does_not_know_is_passed_on(person: Client, upstream: Upstream) -> None:
    upstream.chat(Answer.json({}))
    extra = {
        "stream": False,
        "stream_options": {"include_usage": True, "more": 1},
        "tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}],
        "messages": [
            {"role": "developer", "content": [{"type": "text", "text": "a", "cache_control": {}}], "name": "n"},
            {"role": "assistant", "content": None, "tool_calls": [{"id": "1", "function": {"name": "f", "x": 1}}]},
            {"role": "tool", "content": "r", "tool_call_id": "1"},
        ],
        "logit_bias": {"50256": -100},
        "n": 2,
        "metadata": {"k": "v"},
        "seed": 2**70,
        "model_config": {"x": None},
        "top_p": 0.1,
    }
    ask(person, **extra)
    assert upstream.payload == {"model": "m", **extra}


def test_what_is_between_page_and_server_stays_here(person: Client, upstream: Upstream) -> None:
    upstream.chat(Answer.json({}))
    page = {
        **{"chat_id": "c", "parent_id": "p", "parent_message": {}, "model_item": {"id": "m"}, "tool_servers": []},
        **{"background_tasks": {}, "filter_ids": [], "tool_ids": [], "files": [], "features": {}, "variables": {}},
    }
    ask(person, **page, params={})
    assert upstream.payload == {"model": "m", "messages": HELLO}


def test_parameters_of_the_page_become_the_requests(person: Client, upstream: Upstream) -> None:
    upstream.chat(Answer.json({}))
    params = {
        **{"temperature": 0.5, "stop": ["x"], "system": "Be brief.", "function_calling": "native"},
        **{"reasoning_tags": True, "stream_response": False, "stream_delta_chunk_size": 3},
        "custom_params": {"top_k": 4, "chat_template_kwargs": {"thinking": False}},
    }
    ask(person, params=params)
    assert upstream.payload == {
        "model": "m",
        "messages": [{"role": "system", "content": "Be brief."}, *HELLO],
        **{"temperature": 0.5, "stop": ["x"], "top_k": 4, "chat_template_kwargs": {"thinking": False}},
    }


@pytest.mark.parametrize("path", PATHS)
def test_an_unknown_model_is_told_to_both_kinds_of_clients(person: Client, path: str) -> None:
    answer = person.post(path, {"model": "nope", "messages": HELLO, "stream": True})
    assert answer.status_int == 400
    assert answer.json["detail"] == "Model not found"
    assert answer.json["error"]["message"] == "Model not found"
    assert answer.json["error"]["type"] == "invalid_request_error"
    assert answer.json["error"]["code"] == "model_not_found"


def test_a_new_model_is_found_without_waiting_for_the_cache(person: Client, upstream: Upstream) -> None:
    person.get("/api/models")
    upstream.offer("new").chat(Answer.json({"ok": 1}))
    assert person.post(PATHS[0], {"model": "new", "messages": HELLO}).json == {"ok": 1}


def test_a_reply_of_ollama_is_openais(person: Client, upstream: Upstream) -> None:
    said = {"content": "Hello", "thinking": "Hm", "tool_calls": [{"function": {"name": "f", "arguments": {"a": 1}}}]}
    upstream.chat(Answer.json({"message": said, "done": True, "prompt_eval_count": 3, "eval_count": 2}))
    answer = ask(person, model="o").json
    assert answer["object"] == "chat.completion"
    message = answer["choices"][0]["message"]
    assert (message["content"], message["reasoning_content"]) == ("Hello", "Hm")
    assert message["tool_calls"][0]["function"] == {"name": "f", "arguments": '{"a":1}'}
    assert answer["choices"][0]["finish_reason"] == "tool_calls"
    assert answer["usage"] == {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}


def test_a_stream_of_ollama_is_openais(person: Client, upstream: Upstream) -> None:
    lines = [b'{"message": {"content": "Hel"}}\n', b'{"message": {"content": "lo"}, "done": true, "eval_count": 2}\n']
    upstream.chat(Answer(lines, content_type="application/x-ndjson"))
    answer = ask(person, model="o", stream=True, stream_options={"include_usage": True})
    assert answer.headers["Content-Type"].startswith("text/event-stream")
    first, second, usage, end = events(answer.body)
    assert first["choices"][0]["delta"]["content"] + second["choices"][0]["delta"]["content"] == "Hello"
    assert second["choices"][0]["finish_reason"] == "stop"
    assert usage["usage"]["completion_tokens"] == 2
    assert usage["choices"] == []
    assert end == "[DONE]"


# OpenAI's API reference, "Create chat completion", without what other tests send.
WIRE: dict[str, object] = {
    **{"temperature": 0, "top_p": 0.5, "n": 2, "seed": 7, "stop": ["a", "b"], "max_tokens": 9},
    **{"max_completion_tokens": 9, "presence_penalty": -1.5, "frequency_penalty": 2, "logit_bias": {"50256": -100}},
    **{"logprobs": True, "top_logprobs": 3, "user": "u", "parallel_tool_calls": False, "reasoning_effort": "low"},
    **{"service_tier": "auto", "store": False, "metadata": {"k": "v"}, "modalities": ["text"], "verbosity": "low"},
    "response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object"}}},
    "tool_choice": {"type": "function", "function": {"name": "f"}},
    "functions": [{"name": "f"}],
    "prediction": {"type": "content", "content": "x"},
    "web_search_options": {},
}


@pytest.mark.parametrize("stream", [True, False])
def test_every_parameter_of_the_wire_reaches_an_openai_server_unchanged(
    person: Client, upstream: Upstream, stream: bool
) -> None:
    upstream.chat(Answer.events(b"data: [DONE]\n\n") if stream else Answer.json({}))
    ask(person, stream=stream, **WIRE)
    assert upstream.payload == {"model": "m", "messages": HELLO, "stream": stream, **WIRE}


def test_every_parameter_that_ollama_has_reaches_it_under_its_own_name(person: Client, upstream: Upstream) -> None:
    upstream.chat(Answer.json({"message": {"content": "Hi"}, "done": True}))
    ask(person, model="o", **WIRE)
    assert upstream.payload == {
        **{"model": "o", "messages": HELLO, "stream": False, "think": True, "logprobs": True, "top_logprobs": 3},
        "format": {"type": "object"},
        "options": {
            **{"temperature": 0, "top_p": 0.5, "seed": 7, "stop": ["a", "b"], "num_predict": 9},
            **{"presence_penalty": -1.5, "frequency_penalty": 2},
        },
    }


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("model", ["m", "o"])
def test_headers_tell_the_request_and_how_long_we_and_the_model_server_took(
    person: Client, upstream: Upstream, model: str, stream: bool
) -> None:
    upstream.chat(Answer.json({"message": {"content": "Hi"}, "done": True}))
    answer = ask(person, model=model, stream=stream)
    assert answer.headers["X-Request-Id"]
    assert re.fullmatch(r"webui;dur=[\d.]+, upstream;dur=[\d.]+", answer.headers["Server-Timing"])

from __future__ import annotations

from typing import Any

import pytest

from tests.support import Client
from tests.support_upstream import Answer, Upstream, ask

PATH = "/api/chat/completions"
HELLO = [{"role": "user", "content": "Hi"}]


MESSAGES: list[Any] = [None, [], {}, "Hi", 1, [None], ["Hi"], [[]], [{}], [{"content": "Hi"}], [{"role": 1}]]
CONTENTS: list[Any] = [1, True, {"type": "text"}, ["Hi"], [1], [None]]
CALLS: list[Any] = [1, "x", {}, ["x"], [{"function": "f"}], [{"function": {}}], [{"function": {"name": 1}}]]
WRONG = [
    *({"messages": messages} for messages in MESSAGES),
    *({"messages": [{"role": "user", "content": content}]} for content in CONTENTS),
    *({"messages": [{"role": "assistant", "tool_calls": calls}]} for calls in CALLS),
    *({"model": model} for model in (None, 1, "", [], "x" * 513)),
    *({"stream": stream} for stream in ("true", 1, 0, [], {})),
    *({"stream_options": options} for options in ("x", 1, [], {"include_usage": "yes"})),
    *({"params": params} for params in ("x", 1, [])),
    *({"options": options} for options in ("x", 1, [])),
]


def test_a_request_of_wrong_types_is_refused(person: Client, upstream: Upstream) -> None:
    for wrong in WRONG:
        answer = ask(person, **wrong)
        assert answer.status_int == 422, wrong
        assert {"type", "loc", "msg"} == set(answer.json["detail"][0])
        assert answer.json["error"]["type"] == "invalid_request_error"
    assert upstream.asked == []


def test_a_body_that_is_no_request_is_refused(person: Client) -> None:
    for body in (b"", b"{", b"[]", b'"x"', b"null", b"\xff", b'{"model": "m", "x": NaN}', b"[" * 9999):
        assert person.post_raw(PATH, body).status_int == 422, body


def test_numbers_beyond_all_bounds_and_deep_nesting_are_no_server_errors(person: Client, upstream: Upstream) -> None:
    upstream.chat(Answer.json({}))
    for value in (b"1e999", b"-1e999", b"9" * 5000, b"[" * 150 + b"]" * 150, b'"\\ud800"'):
        body = b'{"model": "m", "messages": [{"role": "user", "content": "Hi"}], "x": %s}' % value
        assert person.post_raw(PATH, body).status_int in (200, 422), value


@pytest.mark.parametrize("name", ["model", "messages"])
def test_what_must_be_there_is_missed(person: Client, name: str) -> None:
    body = {"model": "m", "messages": HELLO}
    del body[name]
    answer = person.post(PATH, body)
    assert answer.status_int == 422
    assert answer.json["detail"][0]["loc"] == ["body", name]


STRANGE: list[dict[str, Any]] = [
    {"params": {"messages": "x", "model": 1, "stream": "yes", "stream_options": 1, "options": 1, "system": 7}},
    {"params": {"custom_params": {"messages": None, "options": [], "stream_options": "x"}}},
    {"params": {"custom_params": "x"}},
    {"stream": None, "stream_options": None, "options": None, "params": None},
    {"response_format": {"type": "json_schema"}},
    {"response_format": "json", "tools": "x", "stop": {}, "max_tokens": "x"},
    {"messages": [{"role": "assistant", "tool_calls": [{"type": "custom", "custom": {}}], "content": None}]},
    {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": "x"}, {"type": "text"}, {}]}]},
    {"": 1, "\N{GRINNING FACE}": 1, "self": 1, "user_id": 1, "payload": 1},
]


@pytest.mark.parametrize("model", ["m", "o"])
def test_strange_requests_are_the_model_servers_to_judge(person: Client, upstream: Upstream, model: str) -> None:
    upstream.chat(Answer.json({"message": {"content": "Hi"}, "done": True}))
    for strange in STRANGE:
        assert ask(person, model=model, **strange).status_int == 200, strange
        assert upstream.payload["model"] == model
        assert isinstance(upstream.payload["messages"], list)


def test_arguments_of_a_tool_call_that_are_no_json_are_refused(person: Client) -> None:
    call = {"function": {"name": "look", "arguments": "{not json"}}
    answer = ask(person, model="o", messages=[{"role": "assistant", "tool_calls": [call]}])
    assert answer.status_int == 400
    assert "look" in answer.json["detail"]

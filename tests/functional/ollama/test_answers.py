from __future__ import annotations

import json
from typing import Any

import pytest
import sqlalchemy as sa

from tests.support import Client
from tests.support_upstream import Answer, Upstream
from webui.models import Usage

HELLO = [{"role": "user", "content": "Hi"}]
CUSTOM = {
    "id": "pirate",
    "name": "Pirate",
    "base_model_id": "o",
    "meta": {},
    "params": {"system": "Talk like {{USER_NAME}}", "temperature": 0.5, "num_ctx": 99, "stop": "a,b", "keep_alive": 5},
    "access_control": None,
}
REQUESTS: dict[str, dict[str, Any]] = {
    "/api/chat": {"messages": HELLO},
    "/api/generate": {"prompt": "Hi"},
    "/api/embed": {"input": ["a", "b"]},
    "/api/embeddings": {"prompt": "a"},
    "/api/show": {},
    "/v1/chat/completions": {"messages": HELLO},
    "/v1/completions": {"prompt": "a"},
}


def lines(*values: Any, **more: Any) -> Answer:
    pieces = [json.dumps(value).encode() + b"\n" for value in values]
    return Answer(pieces, content_type="application/x-ndjson", **more)


@pytest.mark.parametrize("path", ["/api/chat", "/api/generate"])
def test_a_stream_is_passed_on_byte_for_byte(person: Client, upstream: Upstream, path: str) -> None:
    pieces = [b'{"response": "H', b'i"}\n{"x":  1}\n', b"\n", b'{"done": true}']
    upstream.answers[path] = Answer(pieces, content_type="application/x-ndjson")
    body = {"model": "o", "images": ["aGk="], "format": {"type": "object"}, "think": True, "x": [1e0], **REQUESTS[path]}
    answer = person.post(f"/ollama{path}", body, status=200)
    assert answer.headers["Content-Type"] == "application/x-ndjson"
    assert answer.body == b"".join(pieces)
    assert upstream.payload == body


@pytest.mark.parametrize("path", ["/api/chat", "/api/generate", "/api/embed", "/api/embeddings", "/api/show"])
def test_a_whole_answer_is_passed_on_as_it_is(person: Client, upstream: Upstream, path: str) -> None:
    body = b'{"model":"o",  "embedding": [1e0]}'
    upstream.answers[path] = Answer([body])
    answer = person.post(f"/ollama{path}", {"model": "o", **REQUESTS[path]}, status=200)
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.body == body
    assert upstream.payload == {"model": "o", **REQUESTS[path]}


def test_tool_calls_go_through(person: Client, upstream: Upstream) -> None:
    tools = [{"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}]
    call = {"function": {"name": "weather", "arguments": {"at": "Rome"}}}
    upstream.answers["/api/chat"] = lines({"message": {"role": "assistant", "tool_calls": [call]}, "done": True})
    messages = [*HELLO, {"role": "assistant", "tool_calls": [call]}, {"role": "tool", "tool_name": "weather"}]
    answer = person.post("/ollama/api/chat", {"model": "o", "messages": messages, "tools": tools})
    assert json.loads(answer.body)["message"]["tool_calls"] == [call]
    assert (upstream.payload["messages"], upstream.payload["tools"]) == (messages, tools)


@pytest.mark.parametrize("path", REQUESTS)
def test_a_model_that_is_unknown_or_not_open_is_a_bad_request(
    person: Client, user: Client, upstream: Upstream, path: str
) -> None:
    for someone, model in ((person, "nope"), (user, "o")):
        answer = someone.post(f"/ollama{path}", {"model": model, **REQUESTS[path]})
        assert (answer.status_int, answer.json["detail"]) == (400, "Model not found")
    assert "POST" not in {asked.method for asked in upstream.asked}


@pytest.mark.parametrize("path", REQUESTS)
def test_strangers_are_refused(person: Client, path: str) -> None:
    assert Client(person.app).post(f"/ollama{path}", {"model": "o", **REQUESTS[path]}).status_int == 401


@pytest.mark.parametrize("path", [path for path in REQUESTS if path != "/api/show"])
def test_a_number_in_the_address_names_the_server(person: Client, second: Upstream, path: str) -> None:
    second.answers[path] = Answer.json({"at": 1})
    second.answers["/api/chat"] = Answer.json({"message": {"content": "Hi"}, "done": True})
    body = {"model": "shared", "stream": False, **REQUESTS[path]}
    person.post(f"/ollama{path}/1", body, status=200)
    person.post(f"/ollama{path}?url_idx=1", body, status=200)
    assert [asked.method for asked in second.asked].count("POST") == 2
    assert person.post(f"/ollama{path}/1", {**body, "model": "o"}).status_int == 400


def test_a_server_that_fails_is_followed_by_the_next(person: Client, upstream: Upstream, second: Upstream) -> None:
    upstream.answers["/api/chat"] = Answer.json({"error": "out of memory"}, 500)
    second.answers["/api/chat"] = Answer.json({"at": 1})
    answer = person.post("/ollama/api/chat", {"model": "shared", "messages": HELLO}, status=200)
    assert answer.json == {"at": 1}
    assert upstream.payload["model"] == "shared"


@pytest.mark.parametrize("path", ["/api/chat", "/api/generate", "/api/embed", "/api/show"])
def test_an_error_keeps_its_status_and_its_text(person: Client, upstream: Upstream, path: str) -> None:
    upstream.answers[path] = Answer.json({"error": "registry is full"}, 429, headers=(("Retry-After", "7"),))
    answer = person.post(f"/ollama{path}", {"model": "o", **REQUESTS[path]})
    assert (answer.status_int, answer.json["error"]) == (429, "registry is full")
    assert answer.json["detail"] == "registry is full"
    assert answer.headers["Retry-After"] == "7"


def test_an_error_in_no_known_form_names_the_connection(person: Client, upstream: Upstream) -> None:
    upstream.answers["/api/chat"] = Answer([b"<html>"], 503, "text/html")
    answer = person.post("/ollama/api/chat", {"model": "o", "messages": HELLO})
    assert answer.status_int == 503
    assert upstream.url.removeprefix("http://") in answer.json["detail"]


def test_a_stream_that_breaks_off_ends_with_a_line_that_says_so(person: Client, upstream: Upstream) -> None:
    pieces = [b'{"message": {"content": "H', b'i"}}\n{"mess']
    upstream.answers["/api/chat"] = Answer(pieces, content_type="application/x-ndjson", cut=True)
    answer = person.post("/ollama/api/chat", {"model": "o", "messages": HELLO}, status=200)
    said, error = map(json.loads, answer.body.splitlines())
    assert said == {"message": {"content": "Hi"}}
    assert error["error"].endswith("broke off in the middle of a reply.")


def test_what_a_reply_took_is_written_down(person: Client, upstream: Upstream) -> None:
    upstream.answers["/api/chat"] = lines({"done": True, "prompt_eval_count": 3, "eval_count": 5})
    assert person.post("/ollama/api/chat", {"model": "o", "messages": HELLO}, status=200).body
    person.registry.usage.flush()
    with person.registry.database.reader() as connection:
        [row] = connection.execute(sa.select(Usage.api, Usage.model, Usage.prompt_tokens, Usage.completion_tokens))
    assert tuple(row) == ("ollama", "o", 3, 5)


def test_a_model_is_loaded_by_an_empty_request(person: Client, upstream: Upstream) -> None:
    upstream.answers["/api/chat"] = upstream.answers["/api/generate"] = Answer.json({"done": True})
    for path in ("/api/chat", "/api/generate"):
        person.post(f"/ollama{path}", {"model": "o", "keep_alive": "5m"}, status=200)
        assert upstream.payload == {"model": "o", "keep_alive": "5m"}


def test_a_custom_model_brings_its_prompt_and_its_parameters(person: Client, user: Client, upstream: Upstream) -> None:
    person.post("/api/v1/models/create", CUSTOM, status=200)
    upstream.answers["/api/chat"] = upstream.answers["/api/generate"] = Answer.json({"done": True})
    options = {"temperature": 0.1, "num_ctx": 99, "stop": ["a", "b"]}
    system = f"Talk like {user.user['name']}"

    form = {"model": "pirate", "options": {"temperature": 0.1}}
    user.post("/ollama/api/chat", {**form, "messages": HELLO}, status=200)
    sent = {"model": "o", "keep_alive": 5, "options": options}
    assert upstream.payload == {**sent, "messages": [{"role": "system", "content": system}, *HELLO]}

    user.post("/ollama/api/generate", {**form, "prompt": "Hi", "system": "Be brief"}, status=200)
    assert upstream.payload == {**sent, "prompt": "Hi", "system": f"{system}\nBe brief"}


@pytest.mark.parametrize(
    "more",
    [{"Model": "p"}, {"MODEL": "p"}, {"Messages": []}, {"me\u017f\u017fages": []}, {"\u212aeep_alive": 1}],
    ids=ascii,
)
def test_a_name_in_another_case_is_not_sent(person: Client, upstream: Upstream, more: dict[str, Any]) -> None:
    upstream.answers["/api/chat"] = Answer.json({"message": {}, "done": True})
    body = {"model": "o", "messages": HELLO}
    for sent in (more | body, body | more):
        person.post("/ollama/api/chat", sent, status=200)
        assert upstream.payload == body
    person.post("/ollama/api/chat", {"model": "o"} | more, status=200)
    assert upstream.payload == {"model": "o"}


def test_a_key_that_an_error_repeats_is_not_passed_on(make_client, upstream: Upstream) -> None:
    upstream.answers["/api/chat"] = Answer.json({"error": "Who is Bearer sk-secret-1?"}, 403)
    configs = json.dumps({"0": {"key": "sk-secret-1"}})
    environ = {"OLLAMA_BASE_URLS": upstream.url, "OLLAMA_API_CONFIGS": configs, "ENABLE_OLLAMA_API": "true"}
    person = make_client(**environ).sign_up()
    for path in ("/ollama/api/chat", "/api/chat/completions"):
        answer = person.post(path, {"model": "o", "messages": HELLO})
        assert (answer.status_int, answer.json["detail"]) == (403, "Who is ••••••?")


@pytest.mark.parametrize("said", [{"choices": []}, {}, {"model": "o", "response": "Hi"}], ids=str)
def test_a_whole_answer_that_is_not_ollamas_is_502(person: Client, upstream: Upstream, said: dict[str, Any]) -> None:
    upstream.answers["/api/chat"] = Answer.json(said)
    answer = person.post("/api/chat/completions", {"model": "o", "messages": HELLO})
    assert answer.status_int == 502
    assert answer.json["detail"].endswith("does not answer like Ollama.")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/chat", {"messages": "Hi"}),
        ("/api/chat", {"messages": ["Hi"]}),
        ("/api/chat", {"messages": HELLO, "options": []}),
        ("/api/chat", {"messages": HELLO, "model": 1}),
        ("/api/chat", {"messages": HELLO, "model": ""}),
        ("/api/generate", {"prompt": 1}),
        ("/api/generate", {"prompt": "a", "system": {}}),
        ("/api/embed", {}),
        ("/api/embeddings", {"prompt": ["a"]}),
        ("/api/show", {"model": "x" * 513}),
    ],
)
def test_a_request_of_wrong_types_is_refused(person: Client, path: str, body: dict[str, Any]) -> None:
    assert person.post(f"/ollama{path}", {"model": "o"} | body).status_int == 422


def test_what_openais_form_asks_is_answered_in_it(person: Client, upstream: Upstream) -> None:
    upstream.answers["/api/chat"] = Answer.json({"message": {"content": "Hi"}, "done": True})
    answer = person.post("/ollama/v1/chat/completions", {"model": "o", "messages": HELLO}, status=200)
    assert answer.json["choices"][0]["message"]["content"] == "Hi"
    upstream.answers["/v1/completions"] = Answer.events(b'data: {"choices": [{"text": "Hi"}]}\n\ndata: [DONE]\n\n')
    answer = person.post("/ollama/v1/completions", {"model": "o", "prompt": "a", "stream": True}, status=200)
    assert answer.body.endswith(b"data: [DONE]\n\n")
    error = {"error": {"message": "no", "type": "api_error"}}
    upstream.answers["/v1/completions"] = Answer.json(error, 400)
    answer = person.post("/ollama/v1/completions", {"model": "o", "prompt": "a"})
    assert (answer.status_int, answer.json) == (400, error)

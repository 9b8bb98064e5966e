"""The same model on several connections."""

from __future__ import annotations

import socket
import threading

import pytest

from tests.functional.connections.conftest import Connect
from tests.support import Client
from tests.support_upstream import Answer, Upstream, ask
from webui.providers import catalog, health

REPLY = Answer.json({"choices": [{"message": {"role": "assistant", "content": "Hi"}}]})
ERROR = {"error": {"message": "No", "type": "e"}}
SAME = {"model_ids": ["m"]}


def place(url: str) -> str:
    return url.removeprefix("http://").removesuffix("/v1")


def states(person: Client) -> list[str]:
    return [item["state"] for item in person.get("/api/v1/connections", status=200).json if item["enabled"]]


def test_the_next_connection_answers_for_a_dead_one(connect: Connect, upstream: Upstream, dead: str, caplog) -> None:
    upstream.chat(REPLY)
    person = connect(f"{dead}/v1", f"{upstream.url}/v1", configs={"0": SAME, "1": SAME})
    assert ask(person).json["choices"]
    assert f"{place(dead)} failed, asking {place(upstream.url)} instead: " in caplog.text


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500, 502, 503, 504])
@pytest.mark.parametrize("stream", [True, False])
def test_a_connection_that_refuses_is_followed_by_the_next(
    connect: Connect, upstream: Upstream, other: Upstream, status: int, stream: bool
) -> None:
    upstream.offer("m").chat(Answer.json(ERROR, status))
    other.offer("m").chat(Answer.events(b"data: [DONE]\n\n") if stream else REPLY)
    person = connect(f"{upstream.url}/v1", f"{other.url}/v1")
    assert ask(person, stream=stream).status_int == 200
    assert [asked.path for asked in upstream.asked] == ["/v1/models", "/v1/chat/completions"]


def test_a_request_that_is_wrong_is_wrong_everywhere(connect: Connect, upstream: Upstream, other: Upstream) -> None:
    upstream.offer("m").chat(Answer.json(ERROR, 400))
    other.offer("m").chat(REPLY)
    person = connect(f"{upstream.url}/v1", f"{other.url}/v1")
    answer = ask(person)
    assert (answer.status_int, answer.json["error"]) == (400, ERROR["error"])
    assert [asked.path for asked in other.asked] == ["/v1/models"]


def test_the_last_refusal_is_what_the_caller_sees(connect: Connect, upstream: Upstream, other: Upstream) -> None:
    upstream.offer("m").chat(Answer.json(ERROR, 500))
    other.offer("m").chat(Answer.json(ERROR, 429, headers=(("Retry-After", "9"),)))
    answer = ask(connect(f"{upstream.url}/v1", f"{other.url}/v1"))
    assert (answer.status_int, answer.json["error"]) == (429, ERROR["error"])
    assert answer.headers["Retry-After"] == "9"


def test_an_openai_api_and_an_ollama_server_stand_in_for_each_other(
    connect: Connect, upstream: Upstream, other: Upstream
) -> None:
    upstream.offer("m").chat(Answer.json(ERROR, 503))
    other.offer("m").chat(Answer.json({"message": {"content": "Hi"}, "done": True}))
    person = connect(f"{upstream.url}/v1", ollama=(other.url,))
    assert ask(person).json["choices"][0]["message"]["content"] == "Hi"


def test_each_server_gets_its_own_name_of_the_model(connect: Connect, upstream: Upstream, other: Upstream) -> None:
    upstream.offer("m").chat(Answer.json(ERROR, 503))
    other.offer("p.m").chat(REPLY)
    person = connect(f"{upstream.url}/v1", f"{other.url}/v1", configs={"0": {"prefix_id": "p"}})
    assert ask(person, model="p.m").status_int == 200
    assert (upstream.payload["model"], other.payload["model"]) == ("m", "p.m")


def test_who_took_the_request_and_stays_silent_is_not_followed(
    connect: Connect, upstream: Upstream, other: Upstream
) -> None:
    held = threading.Event()
    upstream.offer("m").chat(Answer(after=held))
    other.offer("m").chat(REPLY)
    person = connect(f"{upstream.url}/v1", f"{other.url}/v1", AIOHTTP_CLIENT_TIMEOUT="1s")
    try:
        assert ask(person).status_int == 504
    finally:
        held.set()
    assert [asked.path for asked in upstream.asked] == ["/v1/models", "/v1/chat/completions"]
    assert [asked.path for asked in other.asked] == ["/v1/models"]


def test_nothing_is_asked_elsewhere_once_a_reply_has_begun(
    connect: Connect, upstream: Upstream, other: Upstream
) -> None:
    upstream.offer("m").chat(Answer.events(b'data: {"n": 1}\n\n', cut=True))
    other.offer("m").chat(REPLY)
    answer = ask(connect(f"{upstream.url}/v1", f"{other.url}/v1"), stream=True)
    assert answer.body.startswith(b'data: {"n": 1}\n\n')
    assert b"broke off" in answer.body
    assert [asked.path for asked in other.asked] == ["/v1/models"]


def test_embeddings_fail_over_too(connect: Connect, upstream: Upstream, dead: str) -> None:
    upstream.answers["/v1/embeddings"] = Answer.json({"object": "list", "data": []})
    person = connect(f"{dead}/v1", f"{upstream.url}/v1", configs={"0": SAME, "1": SAME})
    assert person.post("/api/embeddings", {"model": "m", "input": "Hi"}).status_int == 200


def test_after_some_failures_a_connection_is_left_out(connect: Connect, upstream: Upstream, other: Upstream) -> None:
    upstream.offer("m").chat(Answer.json(ERROR, 500))
    other.offer("m").chat(REPLY)
    person = connect(f"{upstream.url}/v1", f"{other.url}/v1")
    for _ in range(health.FAILURES + 2):
        assert ask(person).status_int == 200
    assert len(upstream.asked) == 1 + health.FAILURES
    assert states(person) == ["open", "closed"]


def test_when_all_are_left_out_they_are_asked_nevertheless(connect: Connect, upstream: Upstream) -> None:
    upstream.offer("m").chat(Answer.json(ERROR, 500))
    person = connect(f"{upstream.url}/v1")
    for _ in range(health.FAILURES):
        assert ask(person).status_int == 500
    assert states(person) == ["open"]
    upstream.chat(REPLY)
    assert ask(person).status_int == 200
    assert states(person) == ["closed"]


@pytest.mark.parametrize("status", [400, 401, 404, 429])
def test_a_server_that_refuses_requests_is_alive(connect: Connect, upstream: Upstream, status: int) -> None:
    upstream.offer("m").chat(Answer.json(ERROR, status))
    person = connect(f"{upstream.url}/v1")
    for _ in range(health.FAILURES + 1):
        ask(person)
    assert states(person) == ["closed"]


def test_a_dead_server_is_seldom_asked_for_its_list(connect: Connect, upstream: Upstream) -> None:
    upstream.answers["/v1/models"] = Answer.json({}, 500)
    person = connect(f"{upstream.url}/v1", MODELS_CACHE_TTL="0")
    for _ in range(health.FAILURES + 3):
        person.get("/api/models", status=200)
    assert len(upstream.asked) == health.FAILURES
    upstream.offer("m")
    assert person.get("/api/models?refresh=true").json["data"]  # a person's wish is followed


def test_a_slow_connection_delays_neither_the_list_nor_the_others(
    connect: Connect, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    upstream.offer("m").chat(REPLY)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        hanging = f"http://127.0.0.1:{silent.getsockname()[1]}/v1"
        monkeypatch.setattr(catalog, "WAIT_SECONDS", 0.5)
        person = connect(hanging, f"{upstream.url}/v1")
        assert [model["id"] for model in person.get("/api/models").json["data"]] == ["m"]
        monkeypatch.setattr(catalog, "WAIT_SECONDS", 3600)  # whoever waited again would wait for ever
        assert [model["id"] for model in person.get("/api/models").json["data"]] == ["m"]
        assert ask(person).status_int == 200

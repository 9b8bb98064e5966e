"""Each step at which a connection can fail is told."""

from __future__ import annotations

import json
import socket
import threading
from pathlib import Path
from typing import Any

import pytest
from webtest import TestResponse

from tests.support import Client
from tests.support_tls import contexts
from tests.support_upstream import Answer, Upstream, scripted_upstream

LIST = {"object": "list", "data": [{"id": "m"}]}


@pytest.fixture
def admin(make_client) -> Client:
    return make_client(AIOHTTP_CLIENT_TIMEOUT_MODEL_LIST="2s").sign_up()


def verify(admin: Client, url: str, key: str = "sk-1", **more: Any) -> TestResponse:
    return admin.post("/openai/verify", {"url": url, "key": key, **more})


def verify_ollama(admin: Client, url: str, **more: Any) -> TestResponse:
    return admin.post("/ollama/verify", {"url": url, **more})


def test_a_model_api_answers_with_its_list(admin: Client, upstream: Upstream) -> None:
    upstream.answers["/v1/models"] = Answer.json(LIST)
    answer = verify(admin, f"{upstream.url}/v1/", config={"headers": {"X-Team": "blue"}})
    assert (answer.status_int, answer.json) == (200, LIST)
    assert upstream.asked[0].headers["Authorization"] == "Bearer sk-1"
    assert upstream.asked[0].headers["X-Team"] == "blue"


def test_an_ollama_server_answers_with_its_version(admin: Client, upstream: Upstream) -> None:
    upstream.offer("m").answers["/api/version"] = Answer.json({"version": "0.5.1"})
    answer = verify_ollama(admin, f"{upstream.url}/api", key="ok-1")
    assert (answer.status_int, answer.json) == (200, {"version": "0.5.1"})
    assert upstream.asked[0].headers["Authorization"] == "Bearer ok-1"
    assert verify_ollama(admin, upstream.url, key=None).status_int == 200
    assert "Authorization" not in upstream.asked[2].headers


def test_a_server_that_has_a_version_and_no_models_is_no_ollama_server(admin: Client, upstream: Upstream) -> None:
    upstream.answers["/api/version"] = Answer.json({"version": "0.6.43", "deployment_id": ""})
    answer = verify_ollama(admin, upstream.url)
    assert answer.status_int == 502
    assert "has no model API at this address: it answered with status 404" in answer.json["detail"]


def test_azure_is_asked_for_its_models(admin: Client, upstream: Upstream) -> None:
    upstream.answers["/openai/models?api-version=2024-06-01"] = Answer.json(LIST)
    answer = verify(admin, upstream.url, config={"azure": True, "api_version": "2024-06-01"})
    assert answer.json == LIST
    assert upstream.asked[0].headers["api-key"] == "sk-1"


def test_anthropic_is_asked_in_its_own_way(admin: Client, upstream: Upstream) -> None:
    upstream.answers["/v1/models"] = Answer.json({"data": [{"id": "claude"}], "has_more": False})
    assert verify(admin, upstream.url, config={"provider": "anthropic"}).status_int == 200
    sent = {name.lower(): value for name, value in upstream.asked[0].headers.items()}
    assert sent["x-api-key"] == "sk-1"
    assert "anthropic-version" in sent


def test_a_name_that_cannot_be_resolved_is_told(admin: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(host: str, *rest: Any, **more: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    answer = verify(admin, "http://models.example/v1")
    assert answer.status_int == 502
    assert answer.json["detail"] == "models.example cannot be used: its name cannot be resolved."


def test_a_refused_connection_is_told(admin: Client, dead: str) -> None:
    answer = verify(admin, dead)
    assert (answer.status_int, answer.json["detail"].partition(" ")[2]) == (
        502,
        "cannot be used: the connection was refused.",
    )


def test_a_certificate_that_nobody_vouches_for_is_told(admin: Client, tmp_path: Path) -> None:
    server, _ = contexts(tmp_path, "localhost")
    with scripted_upstream(server) as upstream:
        answer = verify(admin, upstream.url)
    assert answer.status_int == 502
    assert "its certificate is not accepted (self-signed certificate" in answer.json["detail"]


def test_plain_http_where_tls_is_wanted_is_told(admin: Client, upstream: Upstream) -> None:
    answer = verify(admin, upstream.url.replace("http:", "https:"))
    assert answer.status_int == 502
    assert answer.json["detail"].endswith("cannot be used: TLS failed.")


def test_silence_is_told(admin: Client, upstream: Upstream) -> None:
    held = threading.Event()
    upstream.answers["/models"] = Answer(after=held)
    try:
        answer = verify(admin, upstream.url)
    finally:
        held.set()
    assert answer.status_int == 504
    assert answer.json["detail"].endswith("took too long to answer.")


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_that_is_refused_is_told_and_not_shown(admin: Client, upstream: Upstream, status: int) -> None:
    upstream.answers["/models"] = upstream.answers["/api/version"] = Answer.json({"error": "sk-1 is wrong"}, status)
    for answer in (verify(admin, upstream.url), verify_ollama(admin, upstream.url, key="sk-1")):
        assert answer.status_int == 400
        assert answer.json["detail"].endswith(f"refused the key: it answered with status {status}.")
        assert "sk-1" not in answer.text


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (Answer([b"<html>Welcome</html>"], content_type="text/html"), "answered with something else than JSON"),
        (Answer([b""]), "answered with something else than JSON"),
        (Answer.json({"hello": 1}), "has no model API at this address: it answers in another form"),
        (Answer.json(7), "has no model API at this address: it answers in another form"),
        (Answer.json({"error": "x"}, 404), "has no model API at this address: it answered with status 404"),
        (Answer.json({}, 302, headers=(("Location", "/x"),)), "answered with status 302"),
    ],
    ids=lambda value: str(getattr(value, "status", ""))[:3],
)
def test_what_is_no_model_api_is_told(admin: Client, upstream: Upstream, said: Answer, told: str) -> None:
    upstream.answers["/models"] = upstream.answers["/api/version"] = said
    for answer in (verify(admin, upstream.url), verify_ollama(admin, upstream.url)):
        assert answer.status_int == 502
        assert told in answer.json["detail"]


def test_an_overloaded_server_is_told_with_its_status(admin: Client, upstream: Upstream) -> None:
    upstream.answers["/models"] = Answer.json({}, 503, headers=(("Retry-After", "7"),))
    answer = verify(admin, upstream.url)
    assert (answer.status_int, answer.headers["Retry-After"]) == (503, "7")


@pytest.mark.parametrize(
    "body",
    [
        {"url": "ftp://x", "key": ""},
        {"url": "", "key": ""},
        {"url": "http://x"},
        {"url": "http://x", "key": "", "config": {"auth_type": "session"}},
        {"url": "http://x", "key": "", "config": {"headers": {"a b": ""}}},
    ],
    ids=json.dumps,
)
def test_what_cannot_be_a_connection_is_refused_unasked(admin: Client, body: dict[str, Any]) -> None:
    assert admin.post("/openai/verify", body).status_int == 422

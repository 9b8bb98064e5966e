"""Bad input is normal input: the contract's error shape, nothing stored, nothing leaked, one line in the log."""

from __future__ import annotations

import logging

import pytest
from webtest import TestApp

from tests.support import PASSWORD, Client, conversation, message
from webui import api
from webui.models import lookup

BODIES = [
    b"",
    b"{",
    b"[]",
    b"null",
    b"7",
    b'"text"',
    b"\xff\xfe",
    b'{"chat": 1e999}',
    b'{"chat": NaN}',
    b'{"chat": {"title": "\\ud800"}}',
    b'{"chat": ' + b"[" * 5000 + b"]" * 5000 + b"}",
    b'{"chat": {"title": "\\u0000"}}',
    b'{"chat": {"\\u0000": 1}}',
    b'{"chat": "\x01"}',
    b'{"chat": {}, "folder_id": {}}',
    b'{"chat": {}, "folder_id": "' + b"x" * 300 + b'"}',
]


@pytest.mark.parametrize("body", BODIES, ids=lambda body: repr(body[:24]))
def test_a_body_that_does_not_fit_is_refused(admin: Client, body: bytes) -> None:
    response = admin.post_raw("/api/v1/chats/new", body)
    assert response.status_int == 422
    for problem in response.json["detail"]:
        assert set(problem) == {"type", "loc", "msg"}
        assert problem["loc"][0] == "body"
    assert admin.get("/api/v1/chats/").json == []


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/v1/chats/?page=0", 422),
        ("/api/v1/chats/?page=x", 422),
        ("/api/v1/chats/?page=99999999999999999999", 422),
        ("/api/v1/chats/?include_pinned=perhaps", 422),
        ("/api/v1/chats/" + "x" * 300, 422),
        ("/api/v1/chats/%01", 422),
        ("/api/v1/chats/%00", 400),
        ("/api/v1/chats/?page=%00", 400),
        ("/api/v1/chats/%ff", 400),
        ("/api/v1/chats/?page=%ff", 400),
        ("/api/v1/chats/no-such-chat", 401),
        ("/api/v1/chats/..%2f..%2fetc", 404),
        ("/../../etc/passwd", 404),
        ("/%2e%2e/%2e%2e/etc/passwd", 404),
        ("/api/v1/nothing", 404),
    ],
)
def test_an_address_that_does_not_fit_is_refused(admin: Client, path: str, status: int) -> None:
    response = admin.get(path)
    assert response.status_int == status
    assert "detail" in response.json


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_a_method_that_an_address_does_not_have_is_refused(client: Client, method: str) -> None:
    response = client.app.request("/api/v1/auths/signin", method=method, status="*")
    assert response.status_int == 405
    assert response.headers["Allow"] == "POST"
    assert response.json == {"detail": "Method Not Allowed"}


def test_clients_of_openai_find_their_own_error_object(admin: Client) -> None:
    body = {"model": "none", "messages": [{"role": "user", "content": "hi"}]}
    response = admin.post("/api/chat/completions", body)
    assert response.status_int == 400
    assert response.json["detail"] == response.json["error"]["message"] == "Model not found"
    assert response.json["error"]["type"] == "invalid_request_error"
    anonymous = Client(admin.app).post("/api/v1/chat/completions", body)
    assert anonymous.status_int == 401
    assert anonymous.json["error"]["type"] == "authentication_error"


def test_a_failure_that_nobody_expected_tells_its_id_and_nothing_else(
    client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("webui.views.system.public_config", fail)
    with caplog.at_level(logging.ERROR, logger="webui"):
        response = client.get("/api/config", headers={"X-Request-Id": "my-id"})
    assert response.status_int == 500
    assert response.json == {"detail": "Internal Server Error (request my-id)"}
    assert "secret detail" not in response.text
    (record,) = caplog.records
    assert record.exc_info is not None


def test_every_request_has_one_line_in_the_log_with_its_id(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="webui.access"):
        response = client.get("/api/v1/chats/a%0Ab", headers={"X-Request-Id": "not\tsane"})
    (record,) = caplog.records
    assert record.request_id == response.headers["X-Request-Id"] != "not\tsane"
    assert record.status == 401
    assert "\n" not in record.getMessage()


def test_a_failed_request_stores_nothing(admin: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("webui.services.new_chats.read_chat", fail)
    assert admin.post("/api/v1/chats/new", conversation(message("q"))).status_int == 500
    monkeypatch.undo()
    assert admin.get("/api/v1/chats/").json == []


def test_another_site_gets_no_cors_headers(client: Client) -> None:
    headers = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    preflight = client.app.options("/api/v1/auths/signin", headers=headers, status="*")
    assert preflight.status_int == 400
    assert "Access-Control-Allow-Origin" not in preflight.headers


def test_an_allowed_origin_may_use_its_cookie(make_client) -> None:
    client = make_client(CORS_ALLOW_ORIGIN="https://app.example;http://localhost:5173")
    headers = {"Origin": "https://app.example", "Access-Control-Request-Method": "POST"}
    preflight = client.app.options("/api/v1/auths/signin", headers=headers)
    assert preflight.headers["Access-Control-Allow-Origin"] == "https://app.example"
    assert preflight.headers["Access-Control-Allow-Credentials"] == "true"
    failed = client.get("/api/v1/auths/", headers={"Origin": "https://app.example"})
    assert (failed.status_int, failed.headers["Access-Control-Allow-Origin"]) == (401, "https://app.example")


def test_any_origin_may_call_but_without_the_visitors_cookie(make_client) -> None:
    client = make_client(CORS_ALLOW_ORIGIN="*")
    response = client.get("/health", headers={"Origin": "https://any.example"})
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in response.headers


def test_every_answer_has_the_security_headers(client: Client) -> None:
    for path in ("/health", "/api/nothing", "/openapi.json", "/docs", "/", "/%ff"):
        headers = client.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src" in headers["Content-Security-Policy"]


def test_a_database_that_cannot_be_asked_means_no(admin: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from sqlalchemy.exc import OperationalError

    def fail(*_: object) -> None:
        raise OperationalError("SELECT", {}, Exception("gone"))

    def break_off(*_: object) -> None:
        raise admin.registry.database.engine.dialect.loaded_dbapi.OperationalError("gone")

    monkeypatch.setattr(admin.registry.database, "reader", fail)
    monkeypatch.setattr(lookup, "_first", break_off)
    for path in ("/api/v1/auths/", "/api/config", "/health/db", "/ready"):
        response = admin.get(path)
        assert response.status_int == 503
        assert response.headers["Retry-After"] == "2"
    assert admin.get("/health").json == {"status": True}


def test_a_password_is_in_no_log(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        client.post("/api/v1/auths/signup", {"name": "A", "email": "a@example.com", "password": PASSWORD})
        client.post("/api/v1/auths/signin", {"email": "a@example.com", "password": PASSWORD})
        TestApp(client.app.app).post("/api/v1/auths/signin", f'{{"password": "{PASSWORD}"', status="*")
    assert PASSWORD not in caplog.text


def test_a_body_of_millions_of_empty_lists_is_refused(admin: Client) -> None:
    nested = b'{"chat": {"messages": [' + b"[]," * api.MAX_CONTAINERS + b"[]]}}"
    assert admin.post_raw("/api/v1/chats/new", nested).status_int == 413


def test_an_address_with_a_line_feed_at_its_end_is_none(admin: Client) -> None:
    assert admin.delete("/api/v1/folders/%0A").status_int == 400

"""What an enemy tried, and what stays closed."""

from __future__ import annotations

import json
import logging

import pytest
import sqlalchemy as sa

from tests.support import PASSWORD, Client, conversation, message

FORM = {"name": "Eve", "email": "eve@example.com", "password": PASSWORD}


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "x://localhost:80", "http://"])
def test_a_foreign_page_cannot_make_the_first_account(client: Client, origin: str) -> None:
    headers = {"Origin": origin, "Content-Type": "text/plain"}
    response = client.app.post("/api/v1/auths/signup", json.dumps(FORM), headers=headers, status="*")
    assert response.status_int == 403
    assert client.get("/api/config").json["onboarding"] is True


def test_a_foreign_page_cannot_sign_a_visitor_in(admin: Client) -> None:
    form = json.dumps({"email": admin.user["email"], "password": PASSWORD})
    headers = {"Origin": "https://evil.example", "Content-Type": "text/plain"}
    assert admin.app.post("/api/v1/auths/signin", form, headers=headers, status="*").status_int == 403


def test_where_every_origin_may_call_a_plain_form_may_not(make_client) -> None:
    client = make_client(CORS_ALLOW_ORIGIN="*")
    for content_type, status in (("text/plain", 403), ("application/json", 200)):
        headers = {"Origin": "https://any.example", "Content-Type": content_type}
        answer = client.app.post("/api/v1/auths/signup", json.dumps(FORM), headers=headers, status="*")
        assert answer.status_int == status


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:8080", 200),
        ("app.localhost", 200),
        ("127.0.0.1:8080", 200),
        ("[::1]:8080", 200),
        ("chat.example", 200),
        ("evil.example:8080", 403),
        ("localhost.evil.example", 403),
    ],
)
def test_without_auth_a_strangers_name_for_this_machine_is_refused(make_client, host: str, status: int) -> None:
    client = make_client(WEBUI_AUTH="false", WEBUI_URL="https://chat.example")
    form = {"email": "x", "password": "x"}
    assert client.post("/api/v1/auths/signin", form, headers={"Host": host}).status_int == status


@pytest.mark.parametrize("path", ["/api/v1/auths/signin", "/api/v1/auths/signup"])
def test_a_stranger_sends_no_large_body(client: Client, path: str) -> None:
    response = client.post(path, {**FORM, "padding": "x" * (4 << 20)})
    assert response.status_int == 413
    assert "bytes" in response.json["detail"]


def test_a_body_with_many_mistakes_gets_a_short_answer(admin: Client) -> None:
    for messages in ([1] * 10_000, [{"role": "user", "content": [1] * 10_000}]):
        response = admin.post("/api/chat/completions", {"model": "x", "messages": messages})
        assert response.status_int == 422
        assert len(response.body) < 10_000


def test_a_number_that_is_too_large_is_stored_as_none(admin: Client) -> None:
    body = json.dumps(conversation(message("q"))).replace('"title"', '"a": 1e400, "title"')
    response = admin.post_raw("/api/v1/chats/new", body.encode())
    assert response.status_int == 200
    assert response.json["chat"]["a"] is None


def test_what_people_write_is_in_no_log(admin: Client, caplog: pytest.LogCaptureFixture) -> None:
    body = conversation(message("q", content="private words"))
    with caplog.at_level(logging.INFO):
        with admin.registry.database.begin() as db:
            db.execute(sa.text("ALTER TABLE messages RENAME TO gone"))
        failed = admin.post("/api/v1/chats/new", body)
        with admin.registry.database.begin() as db:
            db.execute(sa.text("ALTER TABLE gone RENAME TO messages"))
    assert failed.status_int in (500, 503)
    assert "private" not in caplog.text


@pytest.mark.parametrize("path", ["/static/..", "/.", "/app.js/"])
def test_the_page_sends_nobody_to_another_host(client: Client, path: str) -> None:
    response = client.get(path, headers={"Host": "evil.example"})
    assert "Location" not in response.headers


@pytest.mark.parametrize("image", ["javascript:alert(1)", "vbscript:x", "data:text/html,x"])
def test_a_picture_is_an_address_or_a_picture(client: Client, image: str) -> None:
    assert client.post("/api/v1/auths/signup", {**FORM, "profile_image_url": image}).status_int == 422

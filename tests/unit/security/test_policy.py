"""Tokens and the policy, on the real application: which requests come from whom."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
import sqlalchemy as sa

from tests.support import PASSWORD, Client, counted_statements
from webui.models import User, UserSession

ME = "/api/v1/auths/"


def claims_of(client: Client) -> dict[str, Any]:
    return jwt.decode(client.token or "", options={"verify_signature": False})


def signed(client: Client, claims: dict[str, Any]) -> str:
    return jwt.encode(claims, key(client), algorithm="HS256")


def key(client: Client) -> str:
    return str(client.registry.vault.keyring.current)


def status(client: Client, token: str) -> int:
    return client.get(ME, headers={"Authorization": f"Bearer {token}"}).status_int


def unsigned(claims: dict[str, Any], algorithm: str) -> str:
    parts = ({"alg": algorithm, "typ": "JWT"}, claims)
    encoded = (base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts)
    return f"{'.'.join(encoded)}."


def test_a_token_has_the_claims_of_the_contract(admin: Client) -> None:
    claims = claims_of(admin)
    assert set(claims) == {"id", "jti", "sid", "sub", "iat", "exp"}
    assert claims["id"] == claims["sub"] == admin.user["id"]
    assert claims["exp"] == admin.user["expires_at"]


def test_two_tokens_of_one_session_differ(admin: Client) -> None:
    tokens = admin.registry.tokens
    lifetime = timedelta(hours=1)
    assert tokens.create("u", "s", lifetime) != tokens.create("u", "s", lifetime)


def test_a_token_without_an_end_is_good_as_long_as_its_session(admin: Client) -> None:
    claims = {name: value for name, value in claims_of(admin).items() if name != "exp"}
    token = signed(admin, claims)
    assert status(admin, token) == 200
    admin.get("/api/v1/auths/signout")
    assert status(admin, token) == 401


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "HS256", "HS512", "RS256", "nonsense", ""])
def test_a_token_without_a_signature_is_refused(admin: Client, algorithm: str) -> None:
    assert status(admin, unsigned(claims_of(admin), algorithm)) == 401


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
def test_a_token_of_another_algorithm_is_refused(admin: Client, algorithm: str) -> None:
    assert status(admin, jwt.encode(claims_of(admin), key(admin) * 2, algorithm=algorithm)) == 401


def test_a_token_of_another_key_is_refused(admin: Client) -> None:
    assert status(admin, jwt.encode(claims_of(admin), "another key" * 4, algorithm="HS256")) == 401


def test_a_token_with_a_changed_claim_is_refused(admin: Client) -> None:
    header, _, signature = str(admin.token).split(".")
    changed = base64.urlsafe_b64encode(json.dumps({**claims_of(admin), "exp": 2**40}).encode()).rstrip(b"=").decode()
    assert status(admin, f"{header}.{changed}.{signature}") == 401


@pytest.mark.parametrize(
    "change",
    [
        {"exp": 1},
        {"exp": "soon"},
        {"exp": [1]},
        {"nbf": 2**40},
        {"iat": "x"},
        {"id": None},
        {"id": 1},
        {"id": ["u"]},
        {"id": {"": ""}},
        {"id": ""},
        {"sid": None},
        {"sid": True},
        {"sid": ""},
        {"sid": "no session"},
        {"sub": 1},
    ],
)
def test_a_token_with_claims_that_are_not_ours_is_refused(admin: Client, change: dict[str, Any]) -> None:
    assert status(admin, signed(admin, {**claims_of(admin), **change})) == 401


@pytest.mark.parametrize("token", ["", ".", "..", "é.é.é", "a" * 10_000, f"{'W' * 40_000}.e30.", "null.null.null"])
def test_nonsense_is_refused(admin: Client, token: str) -> None:
    assert status(admin, token.encode().decode("latin-1")) == 401


def test_a_session_of_somebody_else_is_refused(users: Client) -> None:
    bob, eve = users.sign_up(), users.sign_up()
    mixed = {**claims_of(eve), "id": bob.user["id"], "sub": bob.user["id"]}
    assert status(users, signed(users, mixed)) == 401


def test_a_deleted_user_has_no_session(users: Client) -> None:
    bob = users.sign_up()
    with users.registry.database.begin() as db:
        db.execute(sa.delete(User).where(User.id == bob.user["id"]))
    assert bob.get(ME).status_int == 401


def test_a_session_that_has_ended_is_refused_whatever_the_token_says(admin: Client) -> None:
    past = datetime.now(UTC) - timedelta(seconds=1)
    with admin.registry.database.begin() as db:
        db.execute(sa.update(UserSession).values(expires_at=past))
    assert admin.get(ME).status_int == 401


def test_a_changed_role_counts_at_once(users: Client) -> None:
    bob = users.sign_up()
    with users.registry.database.begin() as db:
        db.execute(sa.update(User).where(User.id == bob.user["id"]).values(role="pending"))
    assert bob.get("/api/v1/chats/").status_int == 401


def test_the_header_comes_before_the_cookie(users: Client) -> None:
    bob, eve = users.sign_up(), users.sign_up()
    cookie = {"Cookie": f"token={eve.token}"}
    assert bob.get(ME, headers=cookie).json["id"] == bob.user["id"]
    assert users.app.get(ME, headers=cookie).json["id"] == eve.user["id"]


def test_a_bad_header_is_not_saved_by_a_good_cookie(admin: Client) -> None:
    headers = {"Cookie": f"token={admin.token}", "Authorization": "Bearer sk-nonsense"}
    assert admin.app.get(ME, headers=headers, status="*").status_int == 401


def test_a_header_of_another_scheme_leaves_the_cookie(admin: Client) -> None:
    headers = {"Cookie": f"token={admin.token}", "Authorization": "Basic dTpw"}
    assert admin.app.get(ME, headers=headers).json["id"] == admin.user["id"]


def test_who_asks_costs_one_statement_a_request(admin: Client) -> None:
    admin.get(ME)
    with counted_statements(admin.registry.database.engine) as statements:
        admin.get(ME)
    assert len(statements) == 1


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        (None, 200),
        ("http://localhost:80", 200),
        ("https://chat.example", 200),
        ("http://localhost", 403),
        ("http://localhost:8080", 403),
        ("http://localhost:80.evil.example", 403),
        ("http://evil.example/localhost:80", 403),
        ("http://evil.example?://localhost:80", 403),
        ("https://chat.example.evil.example", 403),
        ("http://user@localhost:80", 403),
        ("null", 403),
        ("", 403),
        ("*", 403),
        ("http://[", 403),
    ],
)
def test_a_cookie_is_taken_from_our_own_pages_only(make_client, origin: str | None, expected: int) -> None:
    admin = make_client(CORS_ALLOW_ORIGIN="https://chat.example").sign_up()
    headers = {"Cookie": f"token={admin.token}", **({} if origin is None else {"Origin": origin})}
    form = {"password": PASSWORD, "new_password": "another one"}
    answer = admin.app.post_json("/api/v1/auths/update/password", form, headers=headers, status="*")
    assert answer.status_int == expected


def test_with_every_origin_allowed_a_cookie_is_still_ours_alone(make_client) -> None:
    admin = make_client(CORS_ALLOW_ORIGIN="*").sign_up()
    form = {"password": PASSWORD, "new_password": "another one"}
    headers = {"Cookie": f"token={admin.token}", "Origin": "http://evil.example"}
    answer = admin.app.post_json("/api/v1/auths/update/password", form, headers=headers, status="*")
    assert answer.status_int == 403


def test_a_header_needs_no_origin(admin: Client) -> None:
    form = {"password": PASSWORD, "new_password": "another one"}
    answer = admin.post("/api/v1/auths/update/password", form, headers={"Origin": "http://evil.example"})
    assert answer.status_int == 200

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.support import PASSWORD, Client
from webui.services import accounts
from webui.settings import SETTINGS


def test_the_first_account_is_the_administrators_and_closes_the_sign_up(client: Client) -> None:
    first = client.sign_up()
    assert first.user["role"] == "admin"
    second = client.post("/api/v1/auths/signup", {"name": "B", "email": "b@example.com", "password": PASSWORD})
    assert second.status_int == 403
    assert client.get("/api/config").json["features"]["enable_signup"] is False


def test_the_page_is_told_that_there_is_no_account_yet(client: Client) -> None:
    assert client.get("/api/config").json["onboarding"] is True
    client.sign_up()
    assert "onboarding" not in client.get("/api/config").json


def test_of_many_first_accounts_at_once_one_is_the_administrator(make_client) -> None:
    client = make_client(ENABLE_SIGNUP="true")
    with ThreadPoolExecutor(6) as pool:
        people = list(pool.map(lambda _: client.sign_up(), range(6)))
    assert sorted(person.user["role"] for person in people) == ["admin"] + ["pending"] * 5


def test_signing_up_answers_what_the_contract_says(client: Client) -> None:
    response = client.post("/api/v1/auths/signup", {"name": "Ada", "email": "Ada@Example.com", "password": PASSWORD})
    answer = response.json
    assert set(answer) == {
        *("token", "token_type", "expires_at", "id", "email", "name", "role", "profile_image_url", "permissions")
    }
    assert answer["email"] == "ada@example.com"
    assert set(answer["permissions"]) >= {"workspace", "sharing", "chat", "features"}
    cookie = response.headers["Set-Cookie"]
    assert cookie.startswith(f"token={answer['token']};")
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie.replace("Lax", "lax")


def test_the_session_user_has_the_profile_too(admin: Client) -> None:
    answer = admin.get("/api/v1/auths/").json
    assert answer["id"] == admin.user["id"]
    assert answer["expires_at"] == admin.user["expires_at"]
    assert {"bio", "gender", "date_of_birth", "status_emoji", "status_message", "status_expires_at"} <= set(answer)


def test_the_longest_durations_that_may_be_set_break_nothing(make_client) -> None:
    durations = [setting.env for setting in SETTINGS if setting.type.label == "duration"]
    admin = make_client(**dict.fromkeys(durations, "5200w")).sign_up()
    assert admin.post("/api/v1/auths/signin", {"email": admin.user["email"], "password": PASSWORD}, status=200)
    assert admin.get("/api/v1/auths/", status=200).json["expires_at"] > time.time() + 3e9


def test_a_cookie_is_as_good_as_a_header(admin: Client) -> None:
    response = admin.app.get("/api/v1/auths/", headers={"Cookie": f"token={admin.token}"})
    assert response.json["id"] == admin.user["id"]


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_scheme_is_read_in_any_case(admin: Client, scheme: str) -> None:
    headers = {"Authorization": f"{scheme} {admin.token}"}
    assert admin.app.get("/api/v1/auths/", headers=headers).status_int == 200


@pytest.mark.parametrize("header", ["Bearer nonsense", "Bearer a.b.c", "Bearer", "Bearer x y z"])
def test_a_token_that_is_none_is_refused(client: Client, header: str) -> None:
    response = client.get("/api/v1/auths/", headers={"Authorization": header})
    assert response.status_int == 401
    assert set(response.json) == {"detail"}


def test_signing_out_ends_the_session_at_once(admin: Client) -> None:
    response = admin.get("/api/v1/auths/signout")
    assert response.json == {"status": True}
    assert response.headers["Set-Cookie"].startswith("token=;")
    assert admin.get("/api/v1/auths/").status_int == 401


@pytest.mark.parametrize(("site", "purpose"), [("same-origin", "image"), ("cross-site", "document")])
def test_a_picture_or_a_link_elsewhere_signs_nobody_out(admin: Client, site: str, purpose: str) -> None:
    headers = {"Sec-Fetch-Site": site, "Sec-Fetch-Dest": purpose}
    assert admin.get("/api/v1/auths/signout", headers=headers).status_int == 403
    assert admin.get("/api/v1/auths/").status_int == 200
    assert admin.get("/api/v1/auths/signout", headers=headers | {"Sec-Fetch-Dest": "empty"}).status_int == 200


def test_signing_out_ends_one_session_and_leaves_the_others(admin: Client) -> None:
    form = {"email": admin.user["email"], "password": PASSWORD}
    other = Client(admin.app, admin.post("/api/v1/auths/signin", form).json["token"])
    admin.get("/api/v1/auths/signout")
    assert other.get("/api/v1/auths/").status_int == 200


def test_signing_out_without_a_session_is_no_error(client: Client) -> None:
    assert client.get("/api/v1/auths/signout").json == {"status": True}


def test_signing_in_needs_the_right_password(admin: Client) -> None:
    email = admin.user["email"]
    right = admin.post("/api/v1/auths/signin", {"email": email.upper(), "password": PASSWORD})
    wrong = admin.post("/api/v1/auths/signin", {"email": email, "password": "wrong"})
    nobody = admin.post("/api/v1/auths/signin", {"email": "nobody@example.com", "password": "wrong"})
    assert right.json["id"] == admin.user["id"]
    assert (wrong.status_int, wrong.json) == (nobody.status_int, nobody.json)
    assert wrong.status_int == 400


def test_too_many_attempts_are_refused_for_a_while(make_client) -> None:
    client = make_client(WEBUI_SIGNIN_RATE_LIMIT="3")
    form = {"email": "a@example.com", "password": "wrong"}
    statuses = [client.post("/api/v1/auths/signin", form).status_int for _ in range(4)]
    assert statuses == [400, 400, 400, 429]
    refused = client.post("/api/v1/auths/signin", form)
    assert refused.json == {"detail": "API rate limit exceeded"}
    assert int(refused.headers["Retry-After"]) > 0
    other = client.post("/api/v1/auths/signin", {**form, "email": "b@example.com"})
    assert other.status_int == 400


def sign_in_from(client: Client, address: str, email: str = "a@example.com", password: str = "wrong") -> int:
    form = {"email": email, "password": password}
    return client.post("/api/v1/auths/signin", form, extra_environ={"REMOTE_ADDR": address}).status_int


def test_an_email_is_counted_in_any_case(make_client) -> None:
    client = make_client(WEBUI_SIGNIN_RATE_LIMIT="2")
    emails = ("a@b.co", " A@B.CO ", "a@b.Co")
    assert [sign_in_from(client, "192.0.2.1", email) for email in emails] == [400, 400, 429]


def test_a_stranger_who_tries_a_password_too_often_does_not_lock_its_owner_out(make_client) -> None:
    admin = make_client(WEBUI_SIGNIN_RATE_LIMIT="2").sign_up()
    email = admin.user["email"]
    assert [sign_in_from(admin, "192.0.2.66", email) for _ in range(40)] == [400] * 2 + [429] * 38
    assert sign_in_from(admin, "192.0.2.1", email, PASSWORD) == 200


def test_from_all_addresses_together_an_email_may_be_tried_ten_times_as_often(make_client) -> None:
    client = make_client(WEBUI_SIGNIN_RATE_LIMIT="1")
    assert [sign_in_from(client, f"192.0.2.{number}") for number in range(11)] == [400] * 10 + [429]


def test_one_address_may_not_try_many_accounts(make_client) -> None:
    client = make_client(WEBUI_SIGNIN_RATE_ADDRESS_LIMIT="3")
    assert [sign_in_from(client, "192.0.2.1", f"{n}@example.com") for n in range(5)] == [400] * 3 + [429] * 2
    assert sign_in_from(client, "192.0.2.2", "0@example.com") == 400


def test_signing_up_counts_for_the_address_too(make_client) -> None:
    client = make_client(ENABLE_SIGNUP="true", WEBUI_SIGNIN_RATE_ADDRESS_LIMIT="2")
    client.sign_up()
    client.sign_up()
    form = {"name": "B", "email": "b@example.com", "password": PASSWORD}
    refused = client.post("/api/v1/auths/signup", form)
    assert (refused.status_int, refused.json) == (429, {"detail": "API rate limit exceeded"})
    elsewhere = client.post("/api/v1/auths/signup", form, extra_environ={"REMOTE_ADDR": "192.0.2.1"})
    assert elsewhere.status_int == 200


def test_the_limit_of_an_address_may_be_switched_off(make_client) -> None:
    client = make_client(WEBUI_SIGNIN_RATE_ADDRESS_LIMIT="0", WEBUI_SIGNIN_RATE_LIMIT="1")
    assert [sign_in_from(client, "192.0.2.1", f"{number}@example.com") for number in range(3)] == [400] * 3


def test_the_old_password_may_not_be_guessed_without_end(make_client) -> None:
    admin = make_client(WEBUI_SIGNIN_RATE_LIMIT="2").sign_up()
    form = {"password": "wrong", "new_password": "new password"}
    statuses = [admin.post("/api/v1/auths/update/password", form).status_int for _ in range(3)]
    assert statuses == [400, 400, 429]
    right = admin.post("/api/v1/auths/update/password", {**form, "password": PASSWORD})
    assert right.status_int == 429


def test_a_changed_password_ends_the_other_sessions(admin: Client) -> None:
    form = {"email": admin.user["email"], "password": PASSWORD}
    other = Client(admin.app, admin.post("/api/v1/auths/signin", form).json["token"])
    changed = admin.post("/api/v1/auths/update/password", {"password": PASSWORD, "new_password": "new password"})
    assert changed.json is True
    assert admin.get("/api/v1/auths/").status_int == 200
    assert other.get("/api/v1/auths/").status_int == 401
    assert admin.post("/api/v1/auths/signin", form).status_int == 400
    assert admin.post("/api/v1/auths/signin", {**form, "password": "new password"}).status_int == 200


def test_a_password_that_is_changed_while_it_is_checked_signs_nobody_in(
    admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    check = accounts.check_password

    def slow(*args: Any) -> Any:
        checked = check(*args)
        monkeypatch.setattr(accounts, "check_password", check)
        admin.post("/api/v1/auths/update/password", {"password": PASSWORD, "new_password": "another one"}, status=200)
        return checked

    monkeypatch.setattr(accounts, "check_password", slow)
    assert admin.user
    admin.post("/api/v1/auths/signin", {"email": admin.user["email"], "password": PASSWORD}, status=400)


def test_a_password_is_changed_only_with_the_old_one(admin: Client) -> None:
    response = admin.post("/api/v1/auths/update/password", {"password": "wrong", "new_password": "new password"})
    assert response.status_int == 400
    form = {"email": admin.user["email"], "password": PASSWORD}
    assert admin.post("/api/v1/auths/signin", form).status_int == 200


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"email": "no address"}, 400),
        ({"email": "a@b"}, 400),
        ({"email": "a\u0007@b.co"}, 400),
        ({"email": "a" * 300 + "@b.co"}, 422),
        ({"password": "x" * 73}, 400),
        ({"password": ""}, 400),
        ({"name": ""}, 422),
        ({"name": "line\nbreak"}, 422),
        ({"name": 7}, 422),
        ({"name": "nul\0"}, 422),
    ],
)
def test_what_cannot_be_an_account_is_refused_and_not_stored(client: Client, change: dict, status: int) -> None:
    form = {"name": "Ada", "email": "ada@example.com", "password": PASSWORD, **change}
    response = client.post("/api/v1/auths/signup", form)
    assert response.status_int == status
    assert client.get("/api/config").json["onboarding"] is True


def test_an_address_is_registered_once(users: Client) -> None:
    users.sign_up(email="bob@example.com")
    again = users.post("/api/v1/auths/signup", {"name": "B", "email": "BOB@example.com", "password": PASSWORD})
    assert again.status_int == 400


def test_a_password_may_have_to_match_a_pattern(make_client) -> None:
    client = make_client(ENABLE_PASSWORD_VALIDATION="true")
    form = {"name": "Ada", "email": "ada@example.com"}
    assert client.post("/api/v1/auths/signup", {**form, "password": "simple"}).status_int == 400
    assert client.post("/api/v1/auths/signup", {**form, "password": "C0mplex!pass"}).status_int == 200


def test_a_pending_user_gets_to_the_session_and_nothing_else(make_client) -> None:
    client = make_client(ENABLE_SIGNUP="true")
    client.sign_up()
    pending = client.sign_up()
    assert pending.get("/api/v1/auths/").json["role"] == "pending"
    assert pending.get("/api/v1/chats/").status_int == 401
    assert set(pending.get("/api/config").json["ui"]) == {"pending_user_overlay_title", "pending_user_overlay_content"}


def test_without_auth_anybody_is_the_one_user(make_client) -> None:
    client = make_client(WEBUI_AUTH="false")
    answers = [client.post("/api/v1/auths/signin", {"email": "", "password": ""}) for _ in range(2)]
    assert [answer.status_int for answer in answers] == [422, 422]
    answers = [client.post("/api/v1/auths/signin", {"email": "x", "password": "x"}).json for _ in range(2)]
    assert answers[0]["id"] == answers[1]["id"]
    assert answers[0]["email"] == "admin@localhost"


def test_auth_cannot_be_switched_off_once_there_are_accounts(make_client) -> None:
    make_client().sign_up()
    refused = make_client(WEBUI_AUTH="false").post("/api/v1/auths/signin", {"email": "x", "password": "x"})
    assert refused.status_int == 400


def test_a_cookie_does_not_work_for_another_site(admin: Client) -> None:
    body = {"password": PASSWORD, "new_password": "stolen"}
    headers = {"Cookie": f"token={admin.token}", "Origin": "https://evil.example"}
    response = admin.app.post_json("/api/v1/auths/update/password", body, headers=headers, status="*")
    assert response.status_int == 403
    own = {"Cookie": f"token={admin.token}", "Origin": "http://localhost:80"}
    assert admin.app.post_json("/api/v1/auths/update/password", body, headers=own, status="*").status_int == 200


def test_the_public_address_is_an_origin_of_ours(make_client) -> None:
    admin = make_client(WEBUI_URL="https://chat.example/webui").sign_up()
    body = {"password": PASSWORD, "new_password": "another one"}
    headers = {"Cookie": f"token={admin.token}", "Origin": "https://chat.example"}
    assert admin.app.post_json("/api/v1/auths/update/password", body, headers=headers, status="*").status_int == 200


def test_after_a_time_without_auth_the_first_account_is_the_administrators(make_client) -> None:
    make_client(WEBUI_AUTH="false").post("/api/v1/auths/signin", {"email": "x", "password": "x"}, status=200)
    client = make_client()
    assert client.get("/api/config").json["onboarding"] is True
    assert client.sign_up().user["role"] == "admin"


def test_the_sign_up_stays_closed_when_the_variable_that_opened_it_is_gone(make_client) -> None:
    make_client(ENABLE_SIGNUP="true").sign_up()
    form = {"name": "B", "email": "b@example.com", "password": PASSWORD}
    assert make_client().post("/api/v1/auths/signup", form).status_int == 403

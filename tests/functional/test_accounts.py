"""People with accounts: who there are, letting them in, changing and adding them, and what each keeps."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from tests.functional.chats.support import new_chat
from tests.support import Client, counted_statements
from webui.models import User, utcnow

PIXEL = "data:image/gif;base64,R0lGODlhAQABAAAAACw="


@pytest.fixture
def ada(make_client) -> Client:  # type: ignore[no-untyped-def]
    """The first administrator of a server on which everybody may sign up, and waits."""
    return make_client(ENABLE_SIGNUP="true", DEFAULT_USER_ROLE="pending").sign_up(name="Ada", email="ada@example.org")


def form(person: Client, **changes: Any) -> dict[str, Any]:
    assert person.user
    fields = {name: person.user[name] for name in ("role", "name", "email", "profile_image_url")}
    return fields | changes


def update(by: Client, person: Client, status: int = 200, **changes: Any) -> Any:
    assert person.user
    return by.post(f"/api/v1/users/{person.user['id']}/update", form(person, **changes), status=status).json


def names(by: Client, query: str = "") -> list[str]:
    return [user["name"] for user in by.get(f"/api/v1/users/{query}", status=200).json["users"]]


def test_who_waits_is_let_in(ada: Client) -> None:
    bob = ada.sign_up(name="Bob")
    bob.get("/api/v1/chats/", status=401)
    assert update(ada, bob, role="user")["role"] == "user"
    bob.get("/api/v1/chats/", status=200)
    update(ada, bob, role="pending")
    bob.get("/api/v1/chats/", status=401)


def test_the_list_is_searched_ordered_and_paged(ada: Client) -> None:
    for name in ("Bob", "Cleo", "50%", "Dan_"):
        ada.sign_up(name=name)
    everybody = ["Dan_", "50%", "Cleo", "Bob", "Ada"]
    assert names(ada) == names(ada, "?direction=desc") == everybody
    assert names(ada, "?order_by=name") == names(ada, "?order_by=name&direction=asc") == sorted(everybody)
    assert names(ada, "?query=cl") == ["Cleo"]
    assert names(ada, "?query=%25") == ["50%"]
    assert names(ada, "?query=_") == ["Dan_"]
    assert names(ada, "?query=ADA@example") == ["Ada"]
    assert names(ada, "?page=2") == []
    found = ada.get("/api/v1/users/?page=2", status=200).json
    assert (found["users"], found["total"]) == ([], 5)
    for number in range(28):
        ada.sign_up(name=f"P{number}")
    assert (len(names(ada)), len(names(ada, "?page=2"))) == (30, 3)
    assert ada.get("/api/v1/users/all", status=200).json["total"] == 33
    for wrong in ("page=0", "page=x", "order_by=password_hash", "direction=up"):
        ada.get(f"/api/v1/users/?{wrong}", status=422)


def test_an_item_has_everything_but_secrets(ada: Client) -> None:
    [item] = ada.get("/api/v1/users/", status=200).json["users"]
    assert ada.user
    assert (item["id"], item["role"], item["group_ids"]) == (ada.user["id"], "admin", [])
    assert item["created_at"] <= item["last_active_at"]
    assert not [name for name in item if "password" in name or "token" in name]


def test_the_list_takes_few_statements_however_many_people(ada: Client) -> None:
    for number in range(5):
        ada.sign_up(name=f"P{number}")
    with counted_statements(ada.registry.database.engine) as statements:
        ada.get("/api/v1/users/", status=200)
    assert len([text for text in statements if text.startswith("SELECT")]) == 3


def test_who_wrote_last_was_active_last(ada: Client) -> None:
    bob = ada.sign_up(name="Bob")
    update(ada, bob, role="user")
    long_ago = utcnow() - timedelta(days=1)
    with ada.registry.database.begin() as db:
        db.execute(sa.text("UPDATE sessions SET created_at = :then"), {"then": long_ago.replace(tzinfo=None)})
        db.execute(sa.update(User).values(created_at=long_ago))
    assert bob.user
    path = f"/api/v1/users/{bob.user['id']}"
    assert ada.get(f"{path}/active", status=200).json == {"active": False}
    new_chat(bob)
    assert ada.get(f"{path}/active", status=200).json == {"active": True}
    assert names(ada, "?order_by=last_active_at") == ["Bob", "Ada"]


def test_a_new_password_ends_the_sessions_and_no_others(ada: Client) -> None:
    bob = ada.sign_up(name="Bob", email="bob@example.org", password="long enough")
    update(ada, bob, role="user", password="")
    bob.get("/api/v1/chats/", status=200)
    update(ada, bob, role="user", password="another one")
    bob.get("/api/v1/auths/", status=401)
    sign_in = {"email": "bob@example.org", "password": "long enough"}
    ada.post("/api/v1/auths/signin", sign_in, status=400)
    ada.post("/api/v1/auths/signin", sign_in | {"password": "another one"}, status=200)
    update(ada, ada, password="my own new one")
    ada.get("/api/v1/chats/", status=200)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"email": "ada@example.org"}, 400),
        ({"email": "ADA@example.org "}, 400),
        ({"email": "nobody"}, 400),
        ({"password": "x" * 73}, 400),
        ({"role": "owner"}, 422),
        ({"name": ""}, 422),
        ({"name": "a\nb"}, 422),
        ({"profile_image_url": "javascript:alert(1)"}, 422),
    ],
)
def test_accounts_that_cannot_be(ada: Client, changes: dict[str, Any], status: int) -> None:
    bob = ada.sign_up(name="Bob", email="bob@example.org")
    update(ada, bob, status=status, **changes)
    assert sorted(names(ada)) == ["Ada", "Bob"]
    assert ada.get("/api/v1/users/?query=bob@", status=200).json["total"] == 1


def test_the_first_administrator_cannot_be_locked_out(ada: Client) -> None:
    bob = ada.sign_up(name="Bob")
    update(ada, bob, role="admin")
    for changes in ({"role": "user"}, {"password": "stolen it"}, {"name": "x"}):
        update(bob, ada, status=403, **changes)
    update(ada, ada, status=403, role="user")
    update(ada, ada, name="Ada L.")
    update(bob, bob, role="user", name="Bob again")
    bob.get("/api/v1/users/", status=401)


def test_an_account_is_made_for_somebody(ada: Client) -> None:
    made = {"name": "Cy", "email": "Cy@example.org", "password": "long enough", "role": "user"}
    answer = ada.post("/api/v1/auths/add", made, status=200)
    assert (answer.json["email"], answer.json["role"]) == ("cy@example.org", "user")
    assert "Set-Cookie" not in answer.headers
    headers = {"Authorization": f"Bearer {answer.json['token']}"}
    assert ada.app.get("/api/v1/auths/", headers=headers, status=200).json["name"] == "Cy"
    assert ada.post("/api/v1/auths/add", made, status=400).json["detail"].startswith("This email")
    ada.post("/api/v1/auths/add", made | {"email": "d@example.org", "password": ""}, status=400)
    assert ada.post("/api/v1/auths/add", made | {"email": "e@example.org"} | {"role": "king"}).status_int == 422


def test_what_others_see_of_somebody(ada: Client) -> None:
    bob = ada.sign_up(name="Bob", email="bob@example.org")
    update(ada, bob, role="user", profile_image_url=PIXEL)
    assert ada.user
    assert bob.user
    card = bob.get(f"/api/v1/users/{ada.user['id']}", status=200).json
    assert (card["name"], card["groups"], card["is_active"]) == ("Ada", [], True)
    assert "email" not in card
    found = bob.get("/api/v1/users/search?query=ada", status=200).json
    assert [user["id"] for user in found["users"]] == [ada.user["id"]]
    picture = ada.get(f"/api/v1/users/{bob.user['id']}/profile/image", status=200)
    assert (picture.content_type, picture.body[:3]) == ("image/gif", b"GIF")
    assert ada.get("/api/v1/users/nobody").status_int == 400
    assert ada.get("/api/v1/users/nobody/profile/image").status_int == 400


def test_a_shared_chat_names_its_owner_and_another_one_does_not(ada: Client) -> None:
    bob = ada.sign_up(name="Bob")
    update(ada, bob, role="user")
    shared, private = (new_chat(ada)["id"] for _ in range(2))
    ada.post(f"/api/v1/chats/{shared}/share", {}, status=200)
    assert bob.get(f"/api/v1/users/shared-{shared}", status=200).json["name"] == "Ada"
    bob.get(f"/api/v1/users/shared-{private}", status=400)


def test_what_one_says_of_oneself(ada: Client) -> None:
    profile = {"name": "Ada L.", "profile_image_url": "/user.png", "bio": "Sums", "date_of_birth": "1815-12-10"}
    assert ada.post("/api/v1/auths/update/profile", profile, status=200).json["name"] == "Ada L."
    session = ada.get("/api/v1/auths/", status=200).json
    assert (session["bio"], session["date_of_birth"]) == ("Sums", "1815-12-10")
    status = {"status_emoji": "🧮", "status_message": "counting", "status_expires_at": 2_000_000_000}
    assert ada.post("/api/v1/users/user/status/update", status, status=200).json["status_message"] == "counting"
    assert ada.get("/api/v1/users/user/status", status=200).json["status_emoji"] == "🧮"
    assert ada.post("/api/v1/users/user/status/update", {}, status=200).json["status_emoji"] is None
    assert ada.post("/api/v1/auths/update/profile", profile | {"date_of_birth": "x"}).status_int == 422


def test_what_the_page_keeps(ada: Client) -> None:
    assert ada.get("/api/v1/users/user/settings", status=200).json is None
    kept = {"ui": {"theme": "dark", "toolServers": [{"url": "x"}]}, "functions": {"valves": {}}}
    assert ada.post("/api/v1/users/user/settings/update", kept, status=200).json == kept
    assert ada.get("/api/v1/users/user/settings", status=200).json == kept
    bob = ada.sign_up(name="Bob")
    update(ada, bob, role="user")
    without = {"ui": {"theme": "dark"}, "functions": {"valves": {}}}
    assert bob.post("/api/v1/users/user/settings/update", kept, status=200).json == without
    assert bob.get("/api/v1/users/user/settings", status=200).json == without
    assert ada.get("/api/v1/users/user/settings", status=200).json == kept
    assert ada.post("/api/v1/users/user/settings/update", {"ui": "\0"}).status_int == 422


def test_what_clients_keep_key_by_key(ada: Client) -> None:
    assert ada.get("/api/v1/users/user/info", status=200).json is None
    ada.post("/api/v1/users/user/info/update", {"location": "London"}, status=200)
    ada.post("/api/v1/users/user/info/update", {"a": [1]}, status=200)
    assert ada.get("/api/v1/users/user/info", status=200).json == {"location": "London", "a": [1]}


def test_an_account_that_is_being_removed_is_not_there(ada: Client) -> None:
    bob = ada.sign_up(name="Bob")
    assert bob.user
    ada.delete(f"/api/v1/users/{bob.user['id']}", status=200)
    assert names(ada) == ["Ada"]
    update(ada, bob, status=400)


def test_accounts_are_the_administrators_alone(ada: Client) -> None:
    bob = ada.sign_up(name="Bob")
    update(ada, bob, role="user")
    assert ada.user
    for path in ("", "all"):
        bob.get(f"/api/v1/users/{path}", status=401)
    update(bob, bob, status=401, role="admin")
    update(bob, ada, status=401, role="user")
    bob.post("/api/v1/auths/add", {"name": "x", "email": "x@example.org", "password": "long enough"}, status=401)
    with ada.registry.database.begin(write=False) as db:
        assert db.scalar(sa.select(User.role).where(User.id == bob.user["id"])) == "user"  # type: ignore[index]

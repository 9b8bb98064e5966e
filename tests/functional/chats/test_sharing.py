from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa
from webtest import TestApp

from tests.functional.chats.support import act, new_chat, statements_of_get
from tests.support import Client, conversation, counted_statements, message
from webui.models import SharedChat

NOT_SHARED = (401, "This chat is not shared, or not any more.")


def share(person: Client, chat_id: str) -> dict[str, Any]:
    shared: dict[str, Any] = act(person, chat_id, "share")
    return shared


def read(person: Client, share_id: str, status: int = 200) -> Any:
    return person.get(f"/api/v1/chats/share/{share_id}", status=status).json


def count(person: Client) -> int:
    with person.registry.database.begin(write=False) as db:
        return db.scalar(sa.select(sa.func.count()).select_from(SharedChat)) or 0


def test_a_shared_chat_is_seen_by_others_as_it_was(users: Client) -> None:
    ada, bob = users.sign_up(), users.sign_up()
    chat = new_chat(ada, params={"x": 1})
    address = f"/api/v1/chats/{chat['id']}"
    ada.post(f"{address}/tags", {"name": "x"})
    ada.post(f"{address}/pin", {})
    shared = share(ada, chat["id"])
    assert shared == {
        **chat,
        "id": shared["id"],
        "user_id": f"shared-{chat['id']}",
        "meta": {"tags": ["x"]},
        "updated_at": shared["updated_at"],
    }
    assert ada.get(address).json["share_id"] == shared["id"] != chat["id"]
    ada.post(address, conversation(message("q", content="changed"), message("a", "q"), title="Renamed"))
    assert read(bob, shared["id"]) == read(ada, shared["id"]) == shared


def test_sharing_again_renews_what_is_seen_under_the_same_id(users: Client) -> None:
    ada, bob = users.sign_up(), users.sign_up()
    chat = new_chat(ada)
    first = share(ada, chat["id"])
    ada.post(f"/api/v1/chats/{chat['id']}", {"chat": {"title": "Renamed"}})
    second = share(ada, chat["id"])
    assert (second["id"], second["title"], second["chat"]["title"]) == (first["id"], "Renamed", "Renamed")
    assert read(bob, first["id"]) == second
    assert count(users) == 1


def test_sharing_twice_at_once_makes_one_address(admin: Client) -> None:
    chat = new_chat(admin)
    tabs = [Client(TestApp(admin.app.app), admin.token) for _ in range(4)]
    with ThreadPoolExecutor(4) as threads:
        found = set(threads.map(lambda tab: share(tab, chat["id"])["id"], tabs))
    assert found == {admin.get(f"/api/v1/chats/{chat['id']}").json["share_id"]}
    assert count(admin) == 1


def test_an_address_ends_when_the_owner_says_so(users: Client) -> None:
    ada, bob = users.sign_up(), users.sign_up()
    chat = new_chat(ada)
    address = f"/api/v1/chats/{chat['id']}"
    assert ada.delete(f"{address}/share", status=200).json is False
    old = share(ada, chat["id"])["id"]
    assert bob.delete(f"{address}/share").status_int == 401
    assert ada.delete(f"{address}/share", status=200).json is True
    assert ada.get(address).json["share_id"] is None
    answer = bob.get(f"/api/v1/chats/share/{old}")
    assert (answer.status_int, answer.json["detail"]) == NOT_SHARED
    assert share(ada, chat["id"])["id"] != old
    assert count(users) == 1


def test_an_address_leads_nowhere_once_the_chat_is_deleted(users: Client) -> None:
    ada, bob = users.sign_up(), users.sign_up()
    chat = new_chat(ada)
    shared = share(ada, chat["id"])
    ada.delete(f"/api/v1/chats/{chat['id']}", status=200)
    for person in (ada, bob, users):
        assert person.get(f"/api/v1/chats/share/{shared['id']}").status_int == 401
        assert person.post(f"/api/v1/chats/{shared['id']}/clone/shared", {}).status_int == 401


def test_a_copy_of_a_shared_chat_is_ones_own_and_not_filed_as_its_owner_had_it(users: Client) -> None:
    ada, bob = users.sign_up(), users.sign_up()
    chat = new_chat(ada, own={"x": 1})
    ada.post(f"/api/v1/chats/{chat['id']}/tags", {"name": "x"})
    ada.post(f"/api/v1/chats/{chat['id']}/pin", {})
    shared = share(ada, chat["id"])
    copy = bob.post(f"/api/v1/chats/{shared['id']}/clone/shared", {}, status=200).json
    assert bob.get(f"/api/v1/chats/{copy['id']}").json == copy
    assert (copy["user_id"], copy["title"], copy["share_id"]) == (bob.user["id"], "Clone of A chat", None)
    assert (copy["pinned"], copy["folder_id"], copy["meta"]) == (False, None, {})
    added = {"originalChatId": shared["id"], "branchPointMessageId": "a", "title": "Clone of A chat"}
    assert copy["chat"] == {**shared["chat"], **added}
    bob.post(f"/api/v1/chats/{copy['id']}/messages/q", {"content": "Bob's"}, status=200)
    assert read(bob, shared["id"]) == shared


def test_copying_a_long_shared_chat_takes_few_statements(admin: Client) -> None:
    chat = new_chat(admin, *(message(str(number), str(number - 1) if number else None) for number in range(2_000)))
    shared = share(admin, chat["id"])
    with counted_statements(admin.registry.database.engine) as statements:
        copy = admin.post(f"/api/v1/chats/{shared['id']}/clone/shared", {}, status=200).json
    assert copy["chat"]["history"]["messages"] == shared["chat"]["history"]["messages"]
    assert len(statements) < 15, statements


def test_only_what_is_shared_is_seen_by_its_shared_id(users: Client) -> None:
    ada, bob = users.sign_up(), users.sign_up()
    chat = new_chat(ada)
    share(ada, chat["id"])
    for share_id in (chat["id"], "missing", f"shared-{chat['id']}"):
        for answer in (
            bob.get(f"/api/v1/chats/share/{share_id}"),
            bob.post(f"/api/v1/chats/{share_id}/clone/shared", {}),
        ):
            assert (answer.status_int, answer.json["detail"]) == NOT_SHARED
    assert bob.post(f"/api/v1/chats/{chat['id']}/share", {}).status_int == 401


@pytest.mark.parametrize(("access", "status"), [("true", 200), ("false", 401)])
def test_administrators_read_and_copy_any_chat_if_they_may_see_all(make_client: Any, access: str, status: int) -> None:
    client = make_client(ENABLE_SIGNUP="true", DEFAULT_USER_ROLE="user", ENABLE_ADMIN_CHAT_ACCESS=access)
    admin, user = client.sign_up(), client.sign_up()
    chat = new_chat(user)
    answer = admin.get(f"/api/v1/chats/share/{chat['id']}")
    assert answer.status_int == status
    assert admin.post(f"/api/v1/chats/{chat['id']}/clone/shared", {}).status_int == status
    if status == 200:
        assert answer.json == chat
    assert admin.get("/api/v1/chats/share/missing").status_int == 401
    shared = share(user, chat["id"])
    assert read(admin, shared["id"]) == shared


def test_sharing_needs_a_permission_and_ending_it_does_not(make_client: Any) -> None:
    client = make_client(ENABLE_SIGNUP="true", DEFAULT_USER_ROLE="user", USER_PERMISSIONS_CHAT_SHARE="false")
    admin, user = client.sign_up(), client.sign_up()
    chat, own = new_chat(user), new_chat(admin)
    assert user.post(f"/api/v1/chats/{chat['id']}/share", {}).status_int == 401
    assert read(user, share(admin, own["id"])["id"])["title"] == "A chat"
    assert user.delete(f"/api/v1/chats/{chat['id']}/share", status=200).json is False


def test_a_shared_chat_is_read_with_one_statement(users: Client) -> None:
    ada = users.sign_up()
    shared = share(ada, new_chat(ada)["id"])
    statements = statements_of_get(ada, f"/api/v1/chats/share/{shared['id']}")
    assert len(statements) == 2, statements  # who are you; what did you ask

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa
from webtest import TestApp

from tests.functional.chats.support import statements_of_get
from tests.support import Client, conversation, message
from webui.models import ChatTag, Tag

ALL = "/api/v1/chats/all/tags"


def new_chat(person: Client, *tags: str) -> str:
    """The id of a chat with these tags."""
    chat_id: str = person.post("/api/v1/chats/new", conversation(message("q")), status=200).json["id"]
    for name in tags:
        tag(person, chat_id, name)
    return chat_id


def tag(person: Client, chat_id: str, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = person.post(f"/api/v1/chats/{chat_id}/tags", {"name": name}, status=200).json
    return found


def untag(person: Client, chat_id: str, name: str) -> list[str]:
    return ids(person.delete(f"/api/v1/chats/{chat_id}/tags", {"name": name}, status=200).json)


def on_chat(person: Client, chat_id: str) -> list[str]:
    """The ids of a chat's tags, after looking at whether the chat says the same."""
    found = ids(person.get(f"/api/v1/chats/{chat_id}/tags", status=200).json)
    assert person.get(f"/api/v1/chats/{chat_id}").json["meta"].get("tags", []) == found
    return found


def tagged(person: Client, name: str, **more: Any) -> list[str]:
    return ids(person.post("/api/v1/chats/tags", {"name": name, **more}, status=200).json)


def ids(rows: list[dict[str, Any]]) -> list[str]:
    return [row["id"] for row in rows]


def test_a_tag_has_the_name_in_lower_case_with_underscores_as_id(admin: Client) -> None:
    chat_id = new_chat(admin)
    assert admin.get(f"/api/v1/chats/{chat_id}/tags").json == []
    expected = {"id": "über_tag", "name": "Über Tag", "user_id": admin.user["id"], "meta": None}
    assert tag(admin, chat_id, "  Über Tag ") == [expected]
    assert admin.get(ALL).json == admin.get(f"/api/v1/chats/{chat_id}/tags").json == [expected]
    assert tagged(admin, "ÜBER tag") == [chat_id]


def test_tags_of_a_chat_stand_in_the_order_of_tagging_and_once(admin: Client) -> None:
    chat_id = new_chat(admin, "z", "a", "Z", "m")
    assert on_chat(admin, chat_id) == ["z", "a", "m"]
    assert ids(admin.get(ALL).json) == ["a", "m", "z"]


def test_a_tag_is_forgotten_with_its_last_chat(admin: Client) -> None:
    one, two = new_chat(admin, "x", "Of One"), new_chat(admin, "x")
    assert untag(admin, one, "X") == ["of_one"]
    assert ids(admin.get(ALL).json) == ["of_one", "x"]
    assert untag(admin, two, "x") == []
    assert ids(admin.get(ALL).json) == ["of_one"]
    assert untag(admin, one, "never seen") == ["of_one"]
    assert admin.delete(f"/api/v1/chats/{one}/tags/all", status=200).json is True
    assert admin.delete(f"/api/v1/chats/{one}/tags/all", status=200).json is True
    assert on_chat(admin, one) == []
    with admin.registry.database.begin(write=False) as db:
        assert db.scalars(sa.select(Tag.id)).all() == db.scalars(sa.select(ChatTag.tag_id)).all() == []


def test_tags_of_archived_chats_are_not_listed_and_come_back_with_their_names(admin: Client) -> None:
    chat_id = new_chat(admin, "Old Days")
    admin.post(f"/api/v1/chats/{chat_id}/archive", {}, status=200)
    assert admin.get(ALL).json == []
    assert on_chat(admin, chat_id) == ["old_days"]
    admin.post(f"/api/v1/chats/{chat_id}/archive", {}, status=200)
    assert [found["name"] for found in admin.get(ALL).json] == ["Old Days"]


def test_tags_of_deleted_chats_are_not_listed(admin: Client) -> None:
    chat_id = new_chat(admin, "gone")
    admin.delete(f"/api/v1/chats/{chat_id}", status=200)
    assert admin.get(ALL).json == tagged(admin, "gone") == []


def test_chats_with_a_tag_come_newest_first_and_in_pages(admin: Client) -> None:
    chats = [new_chat(admin, "x") for _ in range(5)]
    new_chat(admin, "y")
    assert tagged(admin, "x") == chats[::-1]
    assert tagged(admin, "x", skip=1, limit=2) == chats[::-1][1:3]
    assert tagged(admin, "x", skip=None, limit=None) == chats[::-1]
    assert tagged(admin, "x", skip=5) == tagged(admin, "x", limit=0) == tagged(admin, "nothing") == []
    line = admin.post("/api/v1/chats/tags", {"name": "x", "limit": 1}).json[0]
    assert set(line) == {"id", "title", "updated_at", "created_at"}


def test_no_tag_is_called_none(admin: Client) -> None:
    chat_id = new_chat(admin)
    for name in ("none", "None", " NONE"):
        answer = admin.post(f"/api/v1/chats/{chat_id}/tags", {"name": name})
        assert (answer.status_int, "without tags" in answer.json["detail"]) == (400, True)
    assert on_chat(admin, chat_id) == []


@pytest.mark.parametrize("name", ["", "   ", "x" * 256, "a\0b", "a\nb", None, 1, ["x"]])
def test_a_name_that_is_none_is_refused(admin: Client, name: Any) -> None:
    chat_id = new_chat(admin)
    address = f"/api/v1/chats/{chat_id}/tags"
    for answer in (admin.post(address, {"name": name}), admin.delete(address, {"name": name})):
        assert answer.status_int == 422
    assert admin.post("/api/v1/chats/tags", {"name": name}).status_int == 422
    assert admin.get(ALL).json == []


@pytest.mark.parametrize("name", ["a/b/../c", "50%_\\'\"", "x" * 255, "标签 🏷️", "İ", "tag:none"])
def test_any_other_line_is_a_name(admin: Client, name: str) -> None:
    chat_id = new_chat(admin)
    assert [found["name"] for found in tag(admin, chat_id, name)] == [name]
    assert tagged(admin, name) == [chat_id]
    assert untag(admin, chat_id, name) == []


def test_wrong_pages_are_refused(admin: Client) -> None:
    for wrong in ({"skip": -1}, {"limit": -1}, {"skip": 10**30}, {"limit": "x"}):
        assert admin.post("/api/v1/chats/tags", {"name": "x", **wrong}).status_int == 422


def test_nobody_gets_at_another_persons_tags(users: Client) -> None:
    ada, bob = users.sign_up(), users.sign_up()
    chat_id, his = new_chat(ada, "Private", "shared name"), new_chat(bob, "Shared Name")
    address = f"/api/v1/chats/{chat_id}/tags"
    for answer in (
        bob.get(address),
        bob.post(address, {"name": "x"}),
        bob.delete(address, {"name": "private"}),
        bob.delete(f"{address}/all"),
        bob.get("/api/v1/chats/missing/tags"),
    ):
        assert (answer.status_int, answer.json["detail"]) == (401, "This chat does not exist, or it is not yours.")
    assert [found["name"] for found in bob.get(ALL).json] == ["Shared Name"]
    assert tagged(bob, "private") == []
    assert tagged(bob, "shared name") == [his]
    untag(bob, his, "shared name")
    assert on_chat(ada, chat_id) == ["private", "shared_name"]


def test_tags_are_read_with_one_statement(admin: Client) -> None:
    chat_id = new_chat(admin, *"abcdef")
    for path in (ALL, f"/api/v1/chats/{chat_id}/tags"):
        statements = statements_of_get(admin, path)
        assert len(statements) == 2, statements  # who are you; what did you ask


def test_two_tabs_that_tag_at_once_lose_nothing(admin: Client) -> None:
    chat_id = new_chat(admin)
    names = [f"tag{number}" for number in range(12)]
    with ThreadPoolExecutor(4) as tabs:
        list(tabs.map(lambda name: tag(Client(TestApp(admin.app.app), admin.token), chat_id, name), names))
    assert sorted(on_chat(admin, chat_id)) == sorted(names)


def test_a_tag_that_leaves_one_chat_while_another_gets_it_is_on_that(admin: Client) -> None:
    one, two = new_chat(admin), new_chat(admin)

    def toggle(chat_id: str) -> None:
        tab = Client(TestApp(admin.app.app), admin.token)
        for _ in range(5):
            tag(tab, chat_id, "x")
            untag(tab, chat_id, "x")
        tag(tab, chat_id, "x")

    with ThreadPoolExecutor(2) as tabs:
        list(tabs.map(toggle, (one, two)))
    assert on_chat(admin, one) == on_chat(admin, two) == ["x"]
    assert ids(admin.get(ALL).json) == ["x"]

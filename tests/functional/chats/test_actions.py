from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from webtest import TestApp

from tests.functional.chats.support import act, generate, new_chat, statements_of_get
from tests.support import Client, conversation, counted_statements, message

MISSING = (401, "This chat does not exist, or it is not yours.")


def without(chat: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in chat.items() if key not in keys}


def test_pinning_toggles_and_changes_nothing_else(admin: Client) -> None:
    chat = new_chat(admin)
    address = f"/api/v1/chats/{chat['id']}/pinned"
    assert admin.get(address, status=200).json is False
    pinned = act(admin, chat["id"], "pin")
    assert pinned == {**chat, "pinned": True, "updated_at": pinned["updated_at"]}
    assert admin.get(address).json is True
    assert act(admin, chat["id"], "pin")["pinned"] is admin.get(address).json is False


def test_an_archived_chat_leaves_its_folder_and_keeps_its_pin(admin: Client) -> None:
    folder = admin.post("/api/v1/folders/", {"name": "Work"}, status=200).json["id"]
    chat = admin.post("/api/v1/chats/new", {**conversation(message("q")), "folder_id": folder}, status=200).json
    assert chat["folder_id"] == folder
    act(admin, chat["id"], "pin")
    archived = act(admin, chat["id"], "archive")
    assert (archived["archived"], archived["pinned"], archived["folder_id"]) == (True, True, None)
    back = act(admin, chat["id"], "archive")
    assert (back["archived"], back["pinned"], back["folder_id"]) == (False, True, None)


def test_two_tabs_that_pin_at_once_pin_twice(admin: Client) -> None:
    chat = new_chat(admin)
    tabs = [Client(TestApp(admin.app.app), admin.token) for _ in range(4)]
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda tab: act(tab, chat["id"], "pin")["pinned"], tabs))
    assert sorted(answers) == [False, False, True, True]


def test_a_copy_is_the_chat_with_new_ids_and_a_title_of_its_own(admin: Client) -> None:
    chat = new_chat(admin, message("q"), message("a", "q"), message("b", "q"), params={"x": 1}, own={"deep": [None]})
    admin.post(f"/api/v1/chats/{chat['id']}/tags", {"name": "Two Words"})
    act(admin, chat["id"], "pin")
    chat = act(admin, chat["id"], "share") and admin.get(f"/api/v1/chats/{chat['id']}").json
    copy = act(admin, chat["id"], "clone")
    assert admin.get(f"/api/v1/chats/{copy['id']}").json == copy
    assert (copy["title"], copy["share_id"], copy["archived"]) == ("Clone of A chat", None, False)
    own = ("id", "title", "share_id", "created_at", "updated_at", "chat")
    assert without(copy, *own) == without(chat, *own)
    added = {"originalChatId": chat["id"], "branchPointMessageId": "b", "title": "Clone of A chat"}
    assert copy["chat"] == {**chat["chat"], **added}
    tagged = admin.post("/api/v1/chats/tags", {"name": "Two Words"}).json
    assert {line["id"] for line in tagged} == {chat["id"], copy["id"]}


def test_a_copy_and_its_original_go_their_own_ways(admin: Client) -> None:
    chat = new_chat(admin)
    copy = act(admin, chat["id"], "clone", {"title": "Mine"})
    assert copy["title"] == copy["chat"]["title"] == "Mine"
    act(admin, copy["id"], "messages/q", {"content": "changed"})
    assert admin.get(f"/api/v1/chats/{chat['id']}").json["chat"]["history"] == chat["chat"]["history"]
    admin.delete(f"/api/v1/chats/{chat['id']}", status=200)
    assert admin.get(f"/api/v1/chats/{copy['id']}").json["chat"]["history"]["messages"]["q"]["content"] == "changed"


def test_titles_of_copies_stay_titles(admin: Client) -> None:
    chat = new_chat(admin, title="x" * 1000)
    assert act(admin, chat["id"], "clone", {"title": " "})["title"] == f"Clone of {'x' * 991}"
    assert act(admin, chat["id"], "clone", {"title": "y" * 2000})["title"] == "y" * 1000
    assert admin.post(f"/api/v1/chats/{chat['id']}/clone", {"title": 1}).status_int == 422
    assert admin.post(f"/api/v1/chats/{chat['id']}/clone", {"title": "a\0"}).status_int == 422


def test_deleted_messages_are_not_copied(admin: Client) -> None:
    chat = new_chat(admin)
    admin.post(f"/api/v1/chats/{chat['id']}", conversation(message("q")), status=200)
    assert list(act(admin, chat["id"], "clone")["chat"]["history"]["messages"]) == ["q"]


def test_copying_takes_as_many_statements_for_a_long_chat(admin: Client) -> None:
    def statements(count: int) -> int:
        messages = [message(str(number), str(number - 1) if number else None) for number in range(count)]
        chat = new_chat(admin, *messages)
        with counted_statements(admin.registry.database.engine) as found:
            copy = act(admin, chat["id"], "clone")
        assert len(copy["chat"]["history"]["messages"]) == count
        return len([text for text in found if not text.startswith(("PRAGMA", "BEGIN"))])

    assert statements(2_000) <= statements(1) + 2 <= 10  # a driver sends a thousand rows at a time


def test_a_copy_has_what_a_reply_has_said_so_far(admin: Client) -> None:
    chat = new_chat(admin)
    generate(admin, chat["id"], "a", "Half ", "a sentence")
    copied = act(admin, chat["id"], "clone")["chat"]["history"]["messages"]["a"]
    assert (copied["content"], copied["done"], copied["interrupted"]) == ("Half a sentence", True, True)
    original = admin.get(f"/api/v1/chats/{chat['id']}").json["chat"]["history"]["messages"]["a"]
    assert (original["content"], "done" in original) == ("Half a sentence", False)


def test_nobody_does_anything_to_another_persons_chat(users: Client) -> None:
    ada, bob = users.sign_up(), users.sign_up()
    chat = new_chat(ada)
    for chat_id in (chat["id"], "missing"):
        address = f"/api/v1/chats/{chat_id}"
        for answer in (
            bob.get(f"{address}/pinned"),
            bob.post(f"{address}/pin", {}),
            bob.post(f"{address}/archive", {}),
            bob.post(f"{address}/clone", {}),
        ):
            assert (answer.status_int, answer.json["detail"]) == MISSING
    assert ada.get(f"/api/v1/chats/{chat['id']}").json == chat


def test_whether_a_chat_is_pinned_takes_one_statement(admin: Client) -> None:
    chat = new_chat(admin)
    statements = statements_of_get(admin, f"/api/v1/chats/{chat['id']}/pinned")
    assert len(statements) == 2, statements  # who are you; what did you ask

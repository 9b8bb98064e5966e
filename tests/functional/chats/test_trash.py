from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

from tests.support import Client, conversation, counted_statements, message
from webui.models import Chat, Folder, Message, Run, RunDeltas, RunState, utcnow
from webui.runs import upkeep
from webui.services import chat_lists, trash

TRASH = "/api/v1/chats/trash"


def new_chat(person: Client, *messages: dict[str, Any]) -> str:
    chat_id: str = person.post("/api/v1/chats/new", conversation(*messages or [message("q")]), status=200).json["id"]
    return chat_id


def delete(person: Client, chat_id: str, days_ago: float = 0) -> None:
    assert person.delete(f"/api/v1/chats/{chat_id}", status=200).json is True
    if days_ago:
        change(person, chat_id, deleted_at=utcnow() - timedelta(days=days_ago))


def change(person: Client, chat_id: str, **columns: Any) -> None:
    with person.registry.database.begin() as db:
        db.execute(sa.update(Chat).where(Chat.id == chat_id).values(**columns))


def in_trash(person: Client, query: str = "") -> list[str]:
    return [line["id"] for line in person.get(TRASH + query, status=200).json]


def listed(person: Client) -> list[str]:
    return [line["id"] for line in person.get("/api/v1/chats/?include_pinned=true&include_folders=true").json]


def stored(person: Client, table: type[Chat] | type[Message]) -> int:
    with person.registry.database.reader() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def erase(person: Client) -> None:
    """What the server does from time to time."""
    person.registry.background.run(upkeep.erase_trash(person.registry.runs))


def test_a_deleted_chat_is_in_the_trash_until_it_is_restored(admin: Client) -> None:
    chat_id = new_chat(admin, message("q"), message("a", "q"))
    change(admin, chat_id, pinned=True)
    before = admin.get(f"/api/v1/chats/{chat_id}").json
    delete(admin, chat_id)
    assert listed(admin) == admin.get("/api/v1/chats/pinned").json == admin.get("/api/v1/chats/all").json == []
    assert admin.get(f"/api/v1/chats/{chat_id}").status_int == 401
    [line] = admin.get(TRASH).json
    assert line["deleted_at"] >= line["updated_at"]
    assert (line["id"], line["title"]) == (chat_id, "A chat")
    assert set(line) == {"id", "title", "updated_at", "created_at", "deleted_at"}
    assert admin.post(f"/api/v1/chats/{chat_id}/restore", {}, status=200).json == before
    assert in_trash(admin) == []
    assert listed(admin) == [chat_id]
    assert admin.get(f"/api/v1/chats/{chat_id}").json == before


def test_a_restored_chat_is_in_its_folder_if_that_is_still_there(admin: Client) -> None:
    folder = {"name": "F", "is_expanded": False, "user_id": admin.user["id"]}
    with admin.registry.database.begin() as db:
        db.execute(sa.insert(Folder).values(id="here", created_at=utcnow(), updated_at=utcnow(), **folder))
    chat_id = new_chat(admin)
    for folder_id, expected in (("here", "here"), ("gone", None)):
        change(admin, chat_id, folder_id=folder_id)
        delete(admin, chat_id)
        assert admin.post(f"/api/v1/chats/{chat_id}/restore", {}, status=200).json["folder_id"] == expected


def test_a_chat_is_restored_into_a_folder_that_takes_the_place_of_its_own(admin: Client) -> None:
    old, new = (admin.post("/api/v1/folders/", {"name": name}, status=200).json["id"] for name in ("Old", "New"))
    chat_id = new_chat(admin)
    admin.post(f"/api/v1/chats/{chat_id}/folder", {"folder_id": old}, status=200)
    before = admin.post(f"/api/v1/chats/{chat_id}/pin", {}, status=200).json
    lines = f"/api/v1/chats/folder/{old}/list"
    assert admin.get(lines, status=200).json == []
    assert [line["id"] for line in admin.get(f"{lines}?include_hidden=true", status=200).json] == [chat_id]
    admin.delete(f"/api/v1/folders/{old}", status=200)
    address = f"/api/v1/chats/{chat_id}/restore?folder_id="
    assert admin.post(f"{address}{new}", {}, status=200).json == before | {"folder_id": new}
    delete(admin, chat_id)
    assert admin.post(f"{address}{old}", {}, status=200).json["folder_id"] is None


def test_the_trash_has_what_was_deleted_last_first_by_the_page(admin: Client) -> None:
    found = [new_chat(admin) for _ in range(3)]
    for days, chat_id in enumerate(found, 1):
        delete(admin, chat_id, days_ago=days)
    assert in_trash(admin) == in_trash(admin, "?page=1") == found
    assert in_trash(admin, "?page=2") == []


def test_what_is_not_in_ones_trash_is_missing(users: Client) -> None:
    ada, bob = users.sign_up(), users.sign_up()
    deleted, kept = new_chat(ada), new_chat(bob)
    delete(ada, deleted)
    for chat_id in (deleted, kept, "nowhere"):
        restored, erased = bob.post(f"/api/v1/chats/{chat_id}/restore", {}), bob.delete(f"{TRASH}/{chat_id}")
        assert restored.status_int == erased.status_int == 401
        assert restored.json == erased.json == {"detail": "This chat is not in your trash."}
    assert bob.delete(TRASH).json is True
    assert in_trash(bob) == []
    assert in_trash(ada) == [deleted]
    assert listed(bob) == [kept]


def test_deleting_and_restoring_twice_is_told(admin: Client) -> None:
    chat_id = new_chat(admin)
    address = f"/api/v1/chats/{chat_id}"
    delete(admin, chat_id)
    assert admin.delete(address).status_int == 401
    assert admin.post(address, {"chat": {"title": "x"}}).status_int == 401
    admin.post(f"{address}/restore", {}, status=200)
    assert admin.post(f"{address}/restore", {}).status_int == 401
    delete(admin, chat_id)
    assert admin.delete(f"{TRASH}/{chat_id}", status=200).json is True
    assert admin.delete(f"{TRASH}/{chat_id}").status_int == 401
    assert admin.post(f"{address}/restore", {}).status_int == 401


def test_all_chats_are_deleted_and_the_trash_is_emptied(users: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chat_lists, "BATCH", 2)
    ada, bob = users.sign_up(), users.sign_up()
    found, other = [new_chat(ada) for _ in range(3)], new_chat(bob)
    change(ada, found[0], archived=True)
    assert ada.delete("/api/v1/chats/", status=200).json is True
    assert listed(ada) == ada.get("/api/v1/chats/archived").json == []
    assert sorted(in_trash(ada)) == sorted(found)
    assert ada.delete(TRASH, status=200).json is True
    assert in_trash(ada) == []
    erase(ada)
    assert stored(ada, Chat) == stored(ada, Message) == 1
    assert listed(bob) == [other]


def test_deleting_by_whatever_way_may_be_forbidden(make_client: Any) -> None:
    client = make_client(ENABLE_SIGNUP="true", DEFAULT_USER_ROLE="user", USER_PERMISSIONS_CHAT_DELETE="false")
    client.sign_up()
    user = client.sign_up()
    chat_id = new_chat(user)
    for path in ("/api/v1/chats/", TRASH, f"{TRASH}/{chat_id}"):
        assert user.delete(path).status_int == 401
    assert listed(user) == [chat_id]


def test_what_is_old_is_erased_and_nothing_else(admin: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trash, "CHATS", 2)
    monkeypatch.setattr(trash, "MESSAGES", 3)
    old = [new_chat(admin, *(message(str(number)) for number in range(4))) for _ in range(3)]
    young, kept = new_chat(admin), new_chat(admin)
    for chat_id in old:
        delete(admin, chat_id, days_ago=31)
    delete(admin, young, days_ago=29)
    erase(admin)
    assert in_trash(admin) == [young]
    assert listed(admin) == [kept]
    assert stored(admin, Chat) == stored(admin, Message) == 2


def test_erasing_goes_by_small_steps_and_nobody_gets_half_of_a_chat(
    admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trash, "MESSAGES", 3)
    chat_id = new_chat(admin, *(message(str(number)) for number in range(5)))
    delete(admin, chat_id, days_ago=31)
    left = []
    with admin.registry.database.begin() as db:
        assert trash.erase_some(db, trash_days=30) is True
    left.append(stored(admin, Message))
    assert admin.post(f"/api/v1/chats/{chat_id}/restore", {}).status_int == 401
    assert in_trash(admin) == []
    erase(admin)
    left.append(stored(admin, Message))
    assert left == [2, 0]
    assert stored(admin, Chat) == 0


def test_without_days_in_the_trash_a_deleted_chat_is_gone_at_once(make_client: Any) -> None:
    person = make_client(CHAT_TRASH_DAYS="0").sign_up()
    for path in (f"/api/v1/chats/{new_chat(person)}", "/api/v1/chats/"):
        new_chat(person)
        assert person.delete(path, status=200).json is True
        assert in_trash(person) == []
    erase(person)
    assert stored(person, Chat) == stored(person, Message) == 0


@pytest.mark.parametrize("path", ["/api/v1/chats/{}", "/api/v1/chats/"])
def test_a_reply_in_a_deleted_chat_is_asked_to_stop(admin: Client, path: str) -> None:
    deleted, kept = new_chat(admin), None
    run = {"user_id": admin.user["id"], "message_id": "a", "model": "m", "state": RunState.RUNNING, "seq": 0}
    runs = {chat_id: str(uuid4()) for chat_id in (deleted, kept)}  # the second is of a temporary chat
    rows = [
        {**run, "id": run_id, "chat_id": chat_id, "owner": "", "stop_requested": False}
        for chat_id, run_id in runs.items()
    ]
    with admin.registry.database.begin() as db:
        db.execute(sa.insert(Run), rows)
    admin.delete(path.format(deleted), status=200)
    with admin.registry.database.reader() as connection:
        stopped = set(connection.scalars(sa.select(Run.id).where(Run.stop_requested)))
    assert stopped == {runs[deleted]}


@pytest.mark.parametrize("way", ["one", "all", "folder"])
def test_the_users_pages_are_told_that_chats_are_deleted(admin: Client, way: str) -> None:
    chat_id = new_chat(admin)
    folder_id = admin.post("/api/v1/folders/", {"name": "F"}, status=200).json["id"]
    admin.post(f"/api/v1/chats/{chat_id}/folder", {"folder_id": folder_id}, status=200)
    paths = {"one": f"/api/v1/chats/{chat_id}", "all": "/api/v1/chats/", "folder": f"/api/v1/folders/{folder_id}"}
    admin.delete(paths[way], status=200)
    with admin.registry.database.begin() as db:
        [(owner, (told,))] = db.execute(sa.select(Run.user_id, RunDeltas.deltas).join(RunDeltas)).all()
    assert owner == admin.user["id"]
    assert told["event"] == {"type": "chats:deleted", "data": {"id": chat_id if way == "one" else None}}


def shrink(person: Client, chat_id: str, *messages: dict[str, Any]) -> None:
    """Leave these messages and no others."""
    person.post(f"/api/v1/chats/{chat_id}", conversation(*messages), status=200)


def test_deleted_messages_come_back_to_their_place(admin: Client) -> None:
    chat_id = new_chat(admin, message("q"), message("a", "q"), message("q2", "a"))
    address = f"/api/v1/chats/{chat_id}/trash"
    assert admin.get(address, status=200).json == []
    shrink(admin, chat_id, message("q"), message("q2", "q"))
    [gone] = admin.get(address, status=200).json
    assert gone.pop("deleted_at") > 1700000000
    assert gone == {"id": "a", "parent_id": "q", "role": "user", "content": "a"}
    history = admin.post(address, {"ids": ["a"]}, status=200).json["chat"]["history"]
    parents = {key: item["parentId"] for key, item in history["messages"].items()}
    assert parents == {"q": None, "a": "q", "q2": "q"}
    assert history["messages"]["q"]["childrenIds"] == ["a", "q2"]
    assert admin.get(address).json == []
    assert admin.post(address, {"ids": ["a", "q"]}, status=200).json["chat"]["history"] == history


def test_a_message_comes_back_under_its_nearest_ancestor_that_is_there(admin: Client) -> None:
    chat_id = new_chat(admin, message("1"), message("2", "1"), message("3", "2"), message("4", "3"))
    shrink(admin, chat_id, message("1"))
    messages = admin.post(f"/api/v1/chats/{chat_id}/trash", {"ids": ["4"]}, status=200).json["chat"]["history"][
        "messages"
    ]
    assert messages["4"]["parentId"] == "1"
    assert messages["1"]["childrenIds"] == ["4"]


def test_messages_that_are_each_others_ancestors_come_back_as_a_tree(admin: Client) -> None:
    chat_id = new_chat(admin, message("1"), message("2", "1"), message("3", "2"))
    shrink(admin, chat_id, message("1"))
    with admin.registry.database.begin() as db:
        db.execute(sa.update(Message).where(Message.id == "2").values(parent_id="3"))
    chat = admin.post(f"/api/v1/chats/{chat_id}/trash", {"ids": ["2", "3"]}, status=200).json["chat"]
    parents = {key: item["parentId"] for key, item in chat["history"]["messages"].items()}
    assert sorted(parents) == ["1", "2", "3"]
    assert sorted(parent for parent in parents.values() if parent) in (["2"], ["3"])


def test_messages_of_others_and_of_no_chat_are_missing(users: Client) -> None:
    ada, bob = users.sign_up(), users.sign_up()
    chat_id = new_chat(ada, message("q"), message("a", "q"))
    shrink(ada, chat_id, message("q"))
    for other in (chat_id, "nowhere"):
        address = f"/api/v1/chats/{other}/trash"
        assert bob.get(address).status_int == bob.post(address, {"ids": ["a"]}).status_int == 401
    address = f"/api/v1/chats/{chat_id}/trash"
    assert ada.post(address, {"ids": ["a", "nobody"]}).status_int == 404
    assert [item["id"] for item in ada.get(address).json] == ["a"]
    delete(ada, chat_id)
    assert ada.get(address).status_int == 401


@pytest.mark.parametrize("body", [{}, {"ids": []}, {"ids": "a"}, {"ids": [1]}, {"ids": [""]}, {"ids": ["x" * 256]}, []])
def test_ids_that_cannot_be_are_refused(admin: Client, body: object) -> None:
    assert admin.post(f"/api/v1/chats/{new_chat(admin)}/trash", body).status_int == 422


def test_old_messages_of_the_trash_are_erased(admin: Client) -> None:
    chat_id = new_chat(admin, message("q"), message("a", "q"), message("b", "q"))
    shrink(admin, chat_id, message("q"))
    with admin.registry.database.begin() as db:
        old = utcnow() - timedelta(days=31)
        db.execute(sa.update(Message).where(Message.id == "a").values(deleted_at=old))
    erase(admin)
    assert [item["id"] for item in admin.get(f"/api/v1/chats/{chat_id}/trash").json] == ["b"]


def test_the_trash_of_a_chat_takes_two_statements(admin: Client) -> None:
    chat_id = new_chat(admin)
    with counted_statements(admin.registry.database.engine) as statements:
        admin.get(f"/api/v1/chats/{chat_id}/trash", status=200)
    assert len([text for text in statements if not text.startswith(("PRAGMA", "BEGIN"))]) == 2

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from tests.support import Client, conversation, counted_statements, message
from webui.models import Chat, utcnow
from webui.services import chat_lists

NEWEST = utcnow()


def fill(person: Client, number: int, **columns: Any) -> list[str]:
    """Ids of new chats without messages, newest first."""
    rows = [
        {
            "id": f"{person.user['id'][:8]}-{index:04}",
            "user_id": person.user["id"],
            "title": f"Chat {index}",
            "archived": False,
            "pinned": False,
            "meta": {},
            "data": {},
            "created_at": NEWEST - timedelta(days=index),
            "updated_at": NEWEST - timedelta(minutes=index),
            **columns,
        }
        for index in range(number)
    ]
    with person.registry.database.begin() as db:
        db.execute(sa.insert(Chat), rows)
    return [row["id"] for row in rows]


def ids(person: Client, path: str) -> list[str]:
    return [line["id"] for line in person.get(f"/api/v1/chats/{path}", status=200).json]


def change(person: Client, chat_id: str, **columns: Any) -> None:
    with person.registry.database.begin() as db:
        db.execute(sa.update(Chat).where(Chat.id == chat_id).values(**columns))


def test_the_list_has_a_second_address(admin: Client) -> None:
    found = fill(admin, 3)
    assert ids(admin, "list") == ids(admin, "") == found


def test_what_is_pinned_or_in_a_folder_is_listed_on_request(admin: Client) -> None:
    loose, pinned, kept, archived = fill(admin, 4)
    change(admin, pinned, pinned=True)
    change(admin, kept, folder_id="f")
    change(admin, archived, archived=True)
    assert ids(admin, "?page=1") == [loose]
    assert ids(admin, "?page=1&include_pinned=true") == [loose, pinned]
    assert ids(admin, "?include_folders=true") == [loose, kept]
    assert ids(admin, "?include_pinned=true&include_folders=true") == [loose, pinned, kept]
    assert ids(admin, "pinned") == [pinned]
    assert ids(admin, "archived") == [archived]


def test_chats_of_the_same_moment_are_ordered_by_id(admin: Client) -> None:
    found = fill(admin, 5, updated_at=NEWEST)
    assert ids(admin, "?page=1") == sorted(found)
    change(admin, found[2], archived=True)
    assert ids(admin, f"list/user/{admin.user['id']}") == sorted(found)


@pytest.mark.parametrize("path", ["archived", "list/user/{}"])
def test_long_lists_come_by_the_page_in_any_order(admin: Client, path: str) -> None:
    found = fill(admin, 65, archived=True)
    path = path.format(admin.user["id"])
    assert ids(admin, path) == found[:60]
    assert ids(admin, f"{path}?page=2") == found[60:]
    assert ids(admin, f"{path}?page=3") == []
    assert ids(admin, f"{path}?order_by=updated_at&direction=asc") == found[::-1][:60]
    by_title = sorted(found, key=lambda chat_id: f"Chat {int(chat_id[-4:])}")
    assert ids(admin, f"{path}?order_by=title&direction=asc") == by_title[:60]
    assert ids(admin, f"{path}?order_by=title&direction=desc&page=2") == by_title[::-1][60:]
    assert ids(admin, f"{path}?order_by=data&direction=sideways") == found[:60]
    assert ids(admin, f"{path}?query=HAT 64") == found[64:]
    assert ids(admin, f"{path}?query=%25") == []


@pytest.mark.parametrize("query", ["page=0", "page=-1", "page=x", "page=", "page=10000001", "page=1.5"])
@pytest.mark.parametrize("path", ["", "list", "archived", "trash", "stats/usage", "list/user/x"])
def test_a_page_that_cannot_be_is_refused(admin: Client, path: str, query: str) -> None:
    assert admin.get(f"/api/v1/chats/{path}?{query}").status_int == 422


def test_the_last_possible_page_is_empty(admin: Client) -> None:
    fill(admin, 1)
    assert ids(admin, "?page=10000000") == ids(admin, "trash?page=10000000") == []


def test_another_users_chats_are_for_administrators_if_the_setting_lets_them(make_client: Any) -> None:
    client = make_client(ENABLE_SIGNUP="true", DEFAULT_USER_ROLE="user")
    admin, bob = client.sign_up(), client.sign_up()
    found = fill(bob, 2)
    path = f"/api/v1/chats/list/user/{bob.user['id']}"
    assert [line["id"] for line in admin.get(path).json] == found
    assert admin.get("/api/v1/chats/list/user/nobody").json == []
    assert bob.get(path).status_int == 401
    closed = make_client(ENABLE_ADMIN_CHAT_ACCESS="false", ENABLE_ADMIN_EXPORT="false")
    for refused in (path, "/api/v1/chats/all/db"):
        assert closed.get(refused, headers={"Authorization": f"Bearer {admin.token}"}).status_int == 401


def test_all_chats_are_archived_and_brought_back(users: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chat_lists, "BATCH", 2)  # more than one transaction
    ada, bob = users.sign_up(), users.sign_up()
    found, others = fill(ada, 5), fill(bob, 1)
    change(ada, found[0], pinned=True)
    assert ada.post("/api/v1/chats/archive/all", {}).json is True
    assert ids(ada, "") == ids(ada, "pinned") == []
    assert ids(ada, "archived") == found
    assert ids(bob, "") == others
    assert ada.post("/api/v1/chats/unarchive/all", {}).json is True
    assert ids(ada, "?include_pinned=true") == found
    assert ids(ada, "archived") == []


def test_whole_chats_are_as_they_are_read_one_by_one(users: Client) -> None:
    ada, bob = users.sign_up(), users.sign_up()
    stored = [ada.post("/api/v1/chats/new", conversation(message("q"), message(name, "q"))).json for name in "abc"]
    change(ada, stored[1]["id"], archived=True)
    stored = [ada.get(f"/api/v1/chats/{chat['id']}").json for chat in reversed(stored)]
    assert ada.get("/api/v1/chats/all", status=200).json == stored
    assert ada.get("/api/v1/chats/all/archived").json == [stored[1]]
    assert bob.get("/api/v1/chats/all").json == bob.get("/api/v1/chats/all/archived").json == []
    assert ada.get("/api/v1/chats/all/db").status_int == 401


def test_an_administrator_exports_everybodys_chats(make_client: Any) -> None:
    client = make_client(ENABLE_SIGNUP="true", DEFAULT_USER_ROLE="user")
    admin, bob = client.sign_up(), client.sign_up()
    found = [*fill(admin, 2), *fill(bob, 2)]
    assert [chat["id"] for chat in admin.get("/api/v1/chats/all/db", status=200).json] == found
    assert bob.get("/api/v1/chats/all/db").status_int == 401


def test_an_export_that_fails_on_the_way_is_broken_off(admin: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(admin, 3)
    read = chat_lists.read_chats

    def failing(*arguments: Any) -> Any:
        chats = read(*arguments)
        yield next(chats)
        raise ZeroDivisionError

    monkeypatch.setattr(chat_lists, "read_chats", failing)
    with pytest.raises(Exception, match="broke off"):
        admin.get("/api/v1/chats/all")


def test_an_export_that_fails_at_once_says_so(admin: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(admin, 1)
    monkeypatch.setattr(chat_lists, "read_chats", lambda *_: iter([None]))
    assert admin.get("/api/v1/chats/all").status_int == 500


def test_an_export_leaves_out_what_is_deleted_meanwhile(admin: Client) -> None:
    first, second, third = fill(admin, 3)
    chats = chat_lists.read_all(admin.registry.database, admin.user["id"])
    assert next(chats)["id"] == first
    admin.delete(f"/api/v1/chats/{second}", status=200)
    change(admin, third, updated_at=utcnow() + timedelta(days=1))
    assert [chat["id"] for chat in chats] == [third]


def test_usage_tells_what_each_chat_consists_of(admin: Client) -> None:
    question = message("q", content="four", timestamp=1700000000)
    answers = [
        message("a", "q", role="assistant", content="a" * 10, timestamp=1700000004, model="m"),
        message("b", "q", role="assistant", content="é" * 20, timestamp=1700000008, model="n"),
    ]
    chat = admin.post("/api/v1/chats/new", conversation(question, *answers)).json
    fill(admin, 2)
    usage = admin.get("/api/v1/chats/stats/usage", status=200).json
    assert usage["total"] == 3
    [found] = usage["items"]
    assert found == {
        "id": chat["id"],
        "models": {"n": 1},
        "message_count": 2,
        "history_models": {"m": 1, "n": 1},
        "history_message_count": 3,
        "history_user_message_count": 1,
        "history_assistant_message_count": 2,
        "average_response_time": 6.0,
        "average_user_message_content_length": 4.0,
        "average_assistant_message_content_length": 15.0,
        "tags": [],
        "last_message_at": 1700000008,
        "updated_at": chat["updated_at"],
        "created_at": chat["created_at"],
    }
    assert admin.get("/api/v1/chats/stats/usage?page=2&items_per_page=200").json == {"items": [], "total": 3}


@pytest.mark.parametrize("timestamp", ["soon", [1], {"a": 1}, None, -1, 1e300, True])
def test_usage_survives_what_clients_store_as_a_time_or_a_model(admin: Client, timestamp: object) -> None:
    odd = message("a", "q", role="assistant", timestamp=timestamp, model={"id": 5})
    admin.post("/api/v1/chats/new", conversation(message("q", timestamp=timestamp), odd), status=200)
    [found] = admin.get("/api/v1/chats/stats/usage", status=200).json["items"]
    assert found["last_message_at"] > 1700000000
    json.dumps(found, allow_nan=False)


@pytest.mark.parametrize(
    "path", ["?page=1", "pinned", "archived", "trash", "stats/usage", "list/user/x", "?include_folders=true"]
)
def test_a_list_takes_two_statements(admin: Client, path: str) -> None:
    for number in range(3):
        admin.post("/api/v1/chats/new", conversation(message("q"), message(str(number), "q")))
    with counted_statements(admin.registry.database.engine) as statements:
        admin.get(f"/api/v1/chats/{path}", status=200)
    assert len([text for text in statements if not text.startswith(("PRAGMA", "BEGIN"))]) == 2

from __future__ import annotations

import pytest

from tests.support import Client, conversation, counted_statements, message


def create(client: Client, *messages: dict, **fields: object) -> dict:
    return client.post("/api/v1/chats/new", conversation(*messages, **fields), status=200).json


def test_a_chat_comes_back_as_it_was_stored(admin: Client) -> None:
    question = message("q", timestamp=1700000000, models=["m"], files=[{"type": "image", "url": "x"}])
    answer = message("a", "q", role="assistant", done=True, usage={"total": 3}, unknown={"deep": [1, 2.5, None, "é"]})
    stored = create(admin, question, answer, params={"temperature": 0.5}, tags=["x"], somebody="else's key")
    read = admin.get(f"/api/v1/chats/{stored['id']}").json
    assert read == stored
    assert read["user_id"] == admin.user["id"]
    assert read["title"] == read["chat"]["title"] == "A chat"
    assert read["chat"]["params"] == {"temperature": 0.5}
    assert read["chat"]["somebody"] == "else's key"
    assert read["chat"]["history"] == {
        "messages": {"q": {**question, "childrenIds": ["a"]}, "a": answer},
        "currentId": "a",
    }
    assert [item["id"] for item in read["chat"]["messages"]] == ["q", "a"]


def test_a_chat_without_anything_is_a_chat(admin: Client) -> None:
    stored = admin.post("/api/v1/chats/new", {"chat": {}}).json
    assert stored["title"] == "New Chat"
    assert stored["chat"]["history"] == {"messages": {}, "currentId": None}


def test_flat_messages_without_a_history_come_back_unchanged(admin: Client) -> None:
    flat = [{"role": "user", "content": "hi"}]
    stored = admin.post("/api/v1/chats/new", {"chat": {"messages": flat}}).json
    assert stored["chat"]["messages"] == flat


def test_content_that_is_not_text_comes_back_unchanged(admin: Client) -> None:
    parts = [{"type": "text", "text": "hi"}]
    stored = create(admin, message("q", content=parts))
    assert stored["chat"]["history"]["messages"]["q"]["content"] == parts


def test_the_list_has_sixty_chats_a_page_the_newest_first(admin: Client) -> None:
    ids = [create(admin, message("q"), title=f"Chat {number}")["id"] for number in range(65)]
    first = admin.get("/api/v1/chats/?page=1").json
    second = admin.get("/api/v1/chats/?page=2").json
    assert [line["id"] for line in first + second] == ids[::-1]
    assert len(first) == 60
    assert set(first[0]) == {"id", "title", "updated_at", "created_at"}
    assert len(admin.get("/api/v1/chats/").json) == 65
    assert admin.get("/api/v1/chats/?page=3").json == []


def test_a_changed_chat_moves_to_the_top(admin: Client) -> None:
    old, new = create(admin, message("q")), create(admin, message("q"))
    admin.post(f"/api/v1/chats/{old['id']}", {"chat": {"title": "Changed"}})
    lines = admin.get("/api/v1/chats/?page=1").json
    assert [(line["id"], line["title"]) for line in lines] == [(old["id"], "Changed"), (new["id"], "A chat")]


def test_top_level_keys_are_merged_and_the_history_stays_when_it_is_not_sent(admin: Client) -> None:
    chat = create(admin, message("q"), params={"a": 1}, files=[1])
    changed = admin.post(f"/api/v1/chats/{chat['id']}", {"chat": {"params": {"b": 2}}}).json["chat"]
    assert changed == {**chat["chat"], "params": {"b": 2}}


def test_new_messages_are_added_and_known_ones_changed(admin: Client) -> None:
    chat = create(admin, message("q"), message("a", "q", content="", role="assistant"))
    body = conversation(message("q"), message("a", "q", content="done", role="assistant"), message("q2", "a"))
    changed = admin.post(f"/api/v1/chats/{chat['id']}", body).json["chat"]["history"]
    assert list(changed["messages"]) == ["q", "a", "q2"]
    assert changed["messages"]["a"]["content"] == "done"
    assert changed["messages"]["a"]["childrenIds"] == ["q2"]
    assert changed["currentId"] == "q2"


def test_a_stale_copy_that_brings_something_new_loses_nothing(admin: Client) -> None:
    chat = create(admin, message("q"))
    address = f"/api/v1/chats/{chat['id']}"
    admin.post(address, conversation(message("q"), message("one", "q")))
    other_tab = admin.post(address, conversation(message("q"), message("two", "q"))).json["chat"]["history"]
    assert other_tab["messages"]["q"]["childrenIds"] == ["one", "two"]


def test_a_stale_copy_that_goes_on_writing_loses_nothing(admin: Client) -> None:
    chat = create(admin, message("q"), message("a", "q", content="wri"))
    address = f"/api/v1/chats/{chat['id']}"
    admin.post(address, conversation(message("q"), message("a", "q", content="wri"), message("other tab", "q")))
    history = admin.post(address, conversation(message("q"), message("a", "q", content="written"))).json["chat"][
        "history"
    ]
    assert list(history["messages"]) == ["q", "a", "other tab"]


def test_a_deleted_message_leaves_its_children_to_its_parent(admin: Client) -> None:
    chat = create(admin, message("q"), message("a", "q"), message("q2", "a"))
    history = admin.post(f"/api/v1/chats/{chat['id']}", conversation(message("q"), message("q2", "q"))).json["chat"][
        "history"
    ]
    assert list(history["messages"]) == ["q", "q2"]
    assert history["messages"]["q2"]["parentId"] == "q"


def test_a_copy_that_only_lacks_messages_has_deleted_them(admin: Client) -> None:
    chat = create(admin, message("q"), message("a", "q"), message("q2", "a"))
    changed = admin.post(f"/api/v1/chats/{chat['id']}", conversation(message("q"), message("a", "q"))).json
    assert list(changed["chat"]["history"]["messages"]) == ["q", "a"]
    again = admin.post(f"/api/v1/chats/{chat['id']}", conversation(message("q"), message("a", "q"), message("q2", "a")))
    assert list(again.json["chat"]["history"]["messages"]) == ["q", "a", "q2"]


def test_a_deleted_chat_is_gone(admin: Client) -> None:
    chat = create(admin, message("q"))
    assert admin.delete(f"/api/v1/chats/{chat['id']}").json is True
    assert admin.get(f"/api/v1/chats/{chat['id']}").status_int == 401
    assert admin.delete(f"/api/v1/chats/{chat['id']}").status_int == 401


def test_nobody_gets_to_another_persons_chat(users: Client) -> None:
    ada, bob = users.sign_up(), users.sign_up()
    chat = create(ada, message("q"))
    address = f"/api/v1/chats/{chat['id']}"
    foreign = [bob.get(address), bob.post(address, conversation(message("q"))), bob.delete(address)]
    missing = bob.get("/api/v1/chats/no-such-chat")
    assert {(answer.status_int, answer.body) for answer in foreign} == {(missing.status_int, missing.body)}
    assert bob.get("/api/v1/chats/").json == []
    assert ada.get(address).json == chat


def test_deleting_may_be_forbidden_by_setting(make_client) -> None:
    client = make_client(ENABLE_SIGNUP="true", DEFAULT_USER_ROLE="user", USER_PERMISSIONS_CHAT_DELETE="false")
    admin, user = client.sign_up(), client.sign_up()
    for person, status in ((admin, 200), (user, 401)):
        chat = create(person, message("q"))
        assert person.delete(f"/api/v1/chats/{chat['id']}").status_int == status


@pytest.mark.parametrize(
    "history",
    [
        {"messages": {"a": message("a", "b"), "b": message("b", "a")}},
        {"messages": {"a": message("a", "a")}},
        {"messages": {"a": "text"}},
        {"messages": {"": message("")}},
        {"messages": {"x" * 256: message("x")}},
        {"messages": ["a"]},
        "text",
        [],
    ],
)
def test_what_is_not_a_tree_is_refused_and_nothing_is_stored(admin: Client, history: object) -> None:
    response = admin.post("/api/v1/chats/new", {"chat": {"title": "Bad", "history": history}})
    assert response.status_int == 422
    assert response.json["detail"][0]["loc"][:3] == ["body", "chat", "history"]
    assert admin.get("/api/v1/chats/").json == []


def test_a_parent_that_is_not_there_is_no_parent(admin: Client) -> None:
    history = create(admin, message("q", "nowhere"))["chat"]["history"]
    assert history["messages"]["q"]["parentId"] is None


def test_reading_takes_as_many_statements_for_many_messages_as_for_one(admin: Client) -> None:
    long = [message("0")] + [message(str(number), str(number - 1)) for number in range(1, 200)]
    counts = []
    for messages in ([message("q")], long):
        chat = create(admin, *messages)
        with counted_statements(admin.registry.database.engine) as statements:
            admin.get(f"/api/v1/chats/{chat['id']}", status=200)
        counts.append(len([text for text in statements if not text.startswith(("PRAGMA", "BEGIN"))]))
    assert counts == [2, 2]

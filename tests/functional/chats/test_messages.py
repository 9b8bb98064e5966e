from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.functional.chats.support import act, generate, new_chat
from tests.support import Client, conversation, counted_statements, message
from webui.runs import feeds
from webui.runs.engine import Runs


def test_a_message_gets_another_text_and_stays_where_it_is(admin: Client) -> None:
    chat = new_chat(admin, message("q", content=[{"type": "text", "text": "Hi"}], own=1), message("a", "q"))
    changed = act(admin, chat["id"], "messages/q", {"content": "Hello"})
    history = chat["chat"]["history"]
    expected = {**history["messages"], "q": {**history["messages"]["q"], "content": "Hello"}}
    assert changed["chat"]["history"] == {**history, "messages": expected}
    assert admin.get(f"/api/v1/chats/{chat['id']}").json == changed


def test_some_messages_are_stored_and_others_stay(admin: Client) -> None:
    chat = new_chat(admin)
    new = {
        "q2": message("q2", "a", content="More?"),
        "a2": message("a2", "q2", role="assistant"),
        "q": message("q", own=1),
    }
    act(admin, chat["id"], "messages", {"messages": new, "currentId": "a2"})
    history = admin.get(f"/api/v1/chats/{chat['id']}").json["chat"]["history"]
    assert list(history["messages"]) == ["q", "a", "q2", "a2"]
    assert history["currentId"] == "a2"
    assert history["messages"]["a"]["childrenIds"] == ["q2"]
    assert history["messages"]["q"]["own"] == 1


def test_messages_are_deleted_leaves_first_and_can_be_brought_back(admin: Client) -> None:
    chat = new_chat(admin, *(message(f"m{n}", f"m{n - 1}" if n else None) for n in range(5)))
    act(admin, chat["id"], "messages", {"deleted": ["m2", "m4", "m3", "unknown"], "currentId": "m1"})
    history = admin.get(f"/api/v1/chats/{chat['id']}").json["chat"]["history"]
    assert list(history["messages"]) == ["m0", "m1"]
    assert {line["id"] for line in admin.get(f"/api/v1/chats/{chat['id']}/trash").json} == {"m2", "m3", "m4"}


def test_a_message_that_was_answered_meanwhile_is_not_deleted(admin: Client) -> None:
    chat = new_chat(admin)
    act(admin, chat["id"], "messages", {"messages": {"q2": message("q2", "a")}, "currentId": "q2"})
    act(admin, chat["id"], "messages", {"deleted": ["a"], "currentId": "q"})
    assert "a" in admin.get(f"/api/v1/chats/{chat['id']}").json["chat"]["history"]["messages"]


def test_very_many_messages_are_stored_in_parts(admin: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webui.services.messages.PART", 300)
    monkeypatch.setattr("webui.services.chats.PAUSE_SECONDS", 0)
    chat = new_chat(admin)
    many = {f"m{n}": message(f"m{n}", f"m{n - 1}" if n else "a") for n in range(20)}
    act(admin, chat["id"], "messages", {"messages": many, "currentId": "m19"})
    assert len(admin.get(f"/api/v1/chats/{chat['id']}").json["chat"]["history"]["messages"]) == 22


def test_changing_messages_reads_no_text_of_the_others(admin: Client) -> None:
    chat = new_chat(admin)
    with counted_statements(admin.registry.database.engine) as statements:
        act(admin, chat["id"], "messages", {"messages": {"q2": message("q2", "a")}, "currentId": "q2"})
    reading = [text for text in statements if "messages.content" in text and text.startswith("SELECT")]
    assert all("IN (" in text for text in reading)


def test_messages_of_others_are_not_to_be_changed(users: Client) -> None:
    ada, bob = users.sign_up(), users.sign_up()
    chat = new_chat(ada)
    assert bob.post(f"/api/v1/chats/{chat['id']}/messages", {"currentId": None}).status_int == 401
    assert ada.get(f"/api/v1/chats/{chat['id']}").json == chat


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"messages": [], "currentId": None},
        {"messages": {"x": 1}, "currentId": None},
        {"messages": {"x": message("x", "x")}, "currentId": None},
        {"deleted": [1], "currentId": None},
        {"currentId": ""},
    ],
)
def test_changes_of_messages_have_a_form(admin: Client, body: Any) -> None:
    chat = new_chat(admin)
    assert admin.post(f"/api/v1/chats/{chat['id']}/messages", body).status_int == 422
    assert admin.get(f"/api/v1/chats/{chat['id']}").json == chat


def test_a_message_that_is_being_generated_is_not_to_be_edited(admin: Client) -> None:
    chat = new_chat(admin)
    generate(admin, chat["id"], "a", "Hel")
    address = f"/api/v1/chats/{chat['id']}/messages/a"
    answers = [admin.post(address, {"content": "x"})]
    answers += [
        admin.post(f"{address}/event", {"type": kind, "data": {"content": "x"}}) for kind in ("message", "replace")
    ]
    assert {answer.status_int for answer in answers} == {409}
    act(admin, chat["id"], "messages/q", {"content": "x"})
    act(admin, chat["id"], "messages/a/event", {"type": "status", "data": {"done": False}})


def test_unknown_messages_are_not_made(admin: Client) -> None:
    chat = new_chat(admin)
    admin.post(f"/api/v1/chats/{chat['id']}", conversation(message("q")), status=200)
    for unknown in ("x", "a"):  # "a" is in the trash
        address = f"/api/v1/chats/{chat['id']}/messages/{unknown}"
        for answer in (
            admin.post(address, {"content": "x"}),
            admin.post(f"{address}/event", {"type": "t", "data": {}}),
        ):
            assert (answer.status_int, answer.json["detail"]) == (404, "There is no such message in this chat.")


@pytest.mark.parametrize("body", [{}, {"content": None}, {"content": ["x"]}, {"content": "a\0b"}, [], "x"])
def test_a_message_must_be_text(admin: Client, body: Any) -> None:
    chat = new_chat(admin)
    assert admin.post(f"/api/v1/chats/{chat['id']}/messages/q", body).status_int == 422


@pytest.mark.parametrize(
    "body",
    [{"type": "t"}, {"data": {}}, {"type": "", "data": {}}, {"type": "t", "data": []}, {"type": "\0", "data": {}}],
)
def test_an_event_has_a_type_and_an_object(admin: Client, body: Any) -> None:
    chat = new_chat(admin)
    assert admin.post(f"/api/v1/chats/{chat['id']}/messages/q/event", body).status_int == 422


def test_what_the_contract_stores_of_events_is_stored(admin: Client) -> None:
    chat = new_chat(admin)
    for kind, data in (
        ("replace", {"content": "Hello"}),
        ("message", {"content": ", world"}),
        ("status", {"description": "one", "done": False}),
        ("status", {"description": "two", "done": True}),
        ("source", {"source": {"name": "s"}}),
        ("citation", {"source": {"name": "c"}}),
        ("files", {"files": [{"url": "f"}]}),
        ("embeds", {"embeds": ["<p>"]}),
        ("files", {"files": "none"}),
        ("message", {"content": 1}),
        ("notification", {"content": "told and forgotten"}),
    ):
        assert act(admin, chat["id"], "messages/a/event", {"type": kind, "data": data}) is True
    stored = admin.get(f"/api/v1/chats/{chat['id']}").json["chat"]["history"]["messages"]["a"]
    assert stored == {
        **chat["chat"]["history"]["messages"]["a"],
        "content": "Hello, world",
        "statusHistory": [{"description": "one", "done": False}, {"description": "two", "done": True}],
        "sources": [{"source": {"name": "s"}}, {"source": {"name": "c"}}],
        "files": [{"url": "f"}],
        "embeds": ["<p>"],
    }


@pytest.fixture
def follow() -> Iterator[Any]:
    """Opens a page of somebody's: ``next_of(type)`` waits for the next event of this type."""
    stops: list[Any] = []

    def open_page(person: Client) -> Any:
        runs: Runs = person.registry.runs
        stream = feeds.follow_user(runs, person.user["id"], 0.0)
        run = person.registry.background.run
        run(anext(stream))  # it is followed from now on
        stops.append(lambda: run(stream.aclose()))

        def next_of(kind: str) -> dict[str, Any]:
            while True:
                block = run(anext(stream)).decode()
                told: list[dict[str, Any]] = [
                    json.loads(line[6:]) for line in block.splitlines() if line.startswith("data: ")
                ]
                for event in told:
                    if event["data"]["type"] == kind:
                        return event

        return next_of

    yield open_page
    for stop in stops:
        stop()


def test_the_pages_of_the_chats_owner_are_told(users: Client, follow: Any) -> None:
    ada = users.sign_up()
    chat = new_chat(ada)
    page = follow(ada)
    act(ada, chat["id"], "messages/q", {"content": "Hello"})
    event = page("chat:message")
    assert (event["chat_id"], event["message_id"]) == (chat["id"], "q")
    assert event["data"]["data"] == {"chat_id": chat["id"], "message_id": "q", "content": "Hello"}
    act(ada, chat["id"], "messages/a/event", {"type": "custom:thing", "data": {"x": [1]}})
    assert page("custom:thing")["data"]["data"] == {"x": [1]}


def test_pages_at_another_process_are_told(make_client: Any, follow: Any) -> None:
    here = make_client().sign_up()
    there = Client(make_client().app, here.token, here.user)
    there.get("/api/v1/chats/", status=200)
    chat = new_chat(here)
    page = follow(there)
    act(here, chat["id"], "messages/a/event", {"type": "status", "data": {"description": "x"}})
    assert page("status")["message_id"] == "a"


def test_nobody_gets_at_messages_of_another_persons_chat(users: Client) -> None:
    ada, bob = users.sign_up(), users.sign_up()
    chat = new_chat(ada)
    for chat_id in (chat["id"], "missing"):
        address = f"/api/v1/chats/{chat_id}/messages"
        for answer in (
            bob.post(f"{address}/q", {"content": "x"}),
            bob.post(f"{address}/x/event", {"type": "status", "data": {}}),
        ):
            assert (answer.status_int, answer.json["detail"]) == (401, "This chat does not exist, or it is not yours.")
    assert ada.get(f"/api/v1/chats/{chat['id']}").json == chat


@pytest.mark.parametrize(("access", "status"), [("true", 200), ("false", 401)])
def test_administrators_edit_messages_of_chats_that_they_may_see(make_client: Any, access: str, status: int) -> None:
    client = make_client(ENABLE_SIGNUP="true", DEFAULT_USER_ROLE="user", ENABLE_ADMIN_CHAT_ACCESS=access)
    admin, user = client.sign_up(), client.sign_up()
    chat = new_chat(user)
    address = f"/api/v1/chats/{chat['id']}/messages/q"
    assert admin.post(address, {"content": "By an administrator"}).status_int == status
    assert admin.post(f"{address}/event", {"type": "status", "data": {}}).status_int == status
    assert admin.post("/api/v1/chats/missing/messages/q", {"content": "x"}).status_int == 401

"""The request for a reply: what it is answered with, and what it stores."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from tests.functional.runs.support import END, asking, chunk, follow, new_chat, parse, stored, text
from tests.support import Client, conversation, message
from tests.support_upstream import Answer, Upstream

QUESTION = message("q", content="Hi", models=["m"])
REPLY = message("a", "q", role="assistant", content="", done=False, modelName="M")


def new(chat_id: str, **fields: Any) -> dict[str, Any]:
    return {**conversation(QUESTION, REPLY), "id": chat_id, **fields}


def ask(person: Client, chat_id: str, status: int = 200, **more: Any) -> Any:
    return person.post("/api/chat/completions", asking(chat_id, **more), status=status).json


def test_events_can_be_the_answer_and_are_those_that_one_follows(person: Client, upstream: Upstream) -> None:
    upstream.chat(Answer.events(chunk("Hel"), chunk("lo"), *END))
    chat_id = new_chat(person)
    headers = {"Accept": "text/event-stream"}
    answer = person.post("/api/chat/completions", asking(chat_id), headers=headers, status=200)
    assert answer.content_type == "text/event-stream"
    events = parse(answer.body)
    assert (text(events), events[-1].data["done"]) == ("Hello", True)
    assert text(follow(person, answer.headers["X-Task-Id"])) == text(events)
    assert stored(person, chat_id)["content"] == "Hello"


@pytest.mark.parametrize("accept", ["*/*", "application/json", "application/json, text/event-stream;q=0.5"])
def test_who_takes_anything_gets_the_answer_of_the_contract(person: Client, upstream: Upstream, accept: str) -> None:
    upstream.chat(Answer.events(chunk("Hello"), *END))
    chat_id = new_chat(person)
    answer = person.post("/api/chat/completions", asking(chat_id), headers={"Accept": accept}, status=200)
    assert answer.json.keys() == {"status", "task_id"}


def test_a_new_chat_comes_along_with_the_request(person: Client, upstream: Upstream) -> None:
    upstream.chat(Answer.events(chunk("Hello"), *END))
    folder = person.post("/api/v1/folders/", {"name": "F"}, status=200).json
    chat_id = str(uuid4())
    follow(person, ask(person, chat_id, new_chat=new(chat_id, folder_id=folder["id"]))["task_id"])
    chat = person.get(f"/api/v1/chats/{chat_id}").json
    assert chat["folder_id"] == folder["id"]
    assert chat["chat"]["history"]["messages"]["q"]["models"] == ["m"]
    reply = stored(person, chat_id)
    assert (reply["content"], reply["modelName"], reply["parentId"]) == ("Hello", "M", "q")
    assert "new_chat" not in upstream.payload


def test_changes_come_along_with_the_request(person: Client, upstream: Upstream) -> None:
    upstream.chat(Answer.events(chunk("Once more."), *END))
    chat_id = new_chat(person)
    more = {"q2": message("q2", "a", content="More?", own=1), "a2": message("a2", "q2", role="assistant", content="")}
    changes = {"messages": more, "currentId": "a2"}
    follow(person, ask(person, chat_id, id="a2", changes=changes)["task_id"])
    history = person.get(f"/api/v1/chats/{chat_id}").json["chat"]["history"]
    assert (history["messages"]["q2"]["own"], history["messages"]["a2"]["content"]) == (1, "Once more.")
    assert history["currentId"] == "a2"
    assert "changes" not in upstream.payload


def test_what_comes_along_is_stored_although_the_reply_is_refused(person: Client) -> None:
    chat_id = str(uuid4())
    ask(person, chat_id, status=400, model="no such model", new_chat=new(chat_id))
    assert person.get(f"/api/v1/chats/{chat_id}").json["chat"]["history"]["messages"]["q"]["content"] == "Hi"


def test_a_chat_that_is_sent_twice_is_stored_once(person: Client) -> None:
    chat_id = str(uuid4())
    assert person.post("/api/v1/chats/new", new(chat_id), status=200).json["id"] == chat_id
    person.post("/api/v1/chats/new", new(chat_id), status=409)
    ask(person, chat_id, status=409, new_chat=new(chat_id))
    assert [chat["id"] for chat in person.get("/api/v1/chats/").json] == [chat_id]


def test_a_chat_of_others_is_neither_replaced_nor_changed(make_person: Any) -> None:
    owner, other = make_person(), make_person().sign_up()
    chat_id = owner.post("/api/v1/chats/new", conversation(QUESTION), status=200).json["id"]
    before = owner.get(f"/api/v1/chats/{chat_id}").json
    ask(other, chat_id, status=409, new_chat=new(chat_id))
    ask(other, chat_id, status=401, changes={"messages": {"x": message("x")}, "currentId": "x"})
    assert owner.get(f"/api/v1/chats/{chat_id}").json == before


@pytest.mark.parametrize(
    "wrong",
    [
        {"new_chat": new(str(uuid4()))},  # of another id than chat_id
        {"new_chat": {"chat": {}}},
        {"new_chat": new("not a uuid"), "chat_id": "not a uuid"},
        {"new_chat": {}},
        {"changes": {"messages": {}, "currentId": None}, "session_id": None},
        {"changes": {"messages": []}},
    ],
)
def test_what_cannot_come_along_is_refused_and_nothing_is_stored(person: Client, wrong: dict[str, Any]) -> None:
    ask(person, **{"chat_id": str(uuid4()), "status": 422, **wrong})
    assert person.get("/api/v1/chats/").json == []

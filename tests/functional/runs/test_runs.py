"""A reply in a chat, from the request to what is stored."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from tests.functional.runs.support import (
    END,
    HELLO,
    PATIENCE,
    USAGE,
    chunk,
    eventually,
    follow,
    new_chat,
    start,
    stored,
    text,
)
from tests.support import Client, conversation, message
from tests.support_upstream import Answer, Upstream
from webui.models import Role, Run, User, utcnow
from webui.runs import feeds, upkeep


def test_a_reply_goes_into_its_message(person: Client, upstream: Upstream) -> None:
    upstream.chat(Answer.events(chunk("Hel"), chunk("lo"), *END))
    chat_id = new_chat(person)
    events = follow(person, start(person, chat_id))
    assert text(events) == "Hello"
    last = events[-1]
    assert (last.data["done"], last.data["content"], last.data["title"]) == (True, "Hello", "A chat")
    reply = stored(person, chat_id)
    assert (reply["content"], reply["done"], reply["model"], reply["usage"]) == ("Hello", True, "m", USAGE)
    assert reply["timing"]["duration_ms"] >= reply["timing"]["first_token_ms"] >= 0


def test_the_model_server_is_asked_without_the_pages_fields(person: Client, upstream: Upstream) -> None:
    upstream.chat(Answer.events(chunk("x"), *END))
    follow(person, start(person, new_chat(person), background_tasks={}, params={"temperature": 0.5}))
    asked = upstream.payload
    assert asked == {
        "model": "m",
        "messages": HELLO,
        "stream": True,
        "stream_options": {"include_usage": True},
        "temperature": 0.5,
    }


def test_a_reply_that_is_not_streamed_is_a_run_as_well(person: Client, upstream: Upstream) -> None:
    said = {"choices": [{"index": 0, "message": {"role": "assistant", "content": "Whole"}, "finish_reason": "stop"}]}
    upstream.chat(Answer.json(said))
    chat_id = new_chat(person)
    follow(person, start(person, chat_id, stream=False))
    assert "stream" not in upstream.payload or upstream.payload["stream"] is False
    assert stored(person, chat_id)["content"] == "Whole"


def test_a_viewer_that_comes_back_goes_on_where_it_was(person: Client, upstream: Upstream) -> None:
    pieces = [f"{number} " for number in range(50)]
    upstream.chat(Answer.events(*map(chunk, pieces), *END))
    task_id = start(person, new_chat(person))
    seen = follow(person, task_id)
    assert text(seen) == "".join(pieces)
    for after in (1, 7, 49, 50):
        assert text(follow(person, task_id, after)) == "".join(pieces[after:])
    for number, event in enumerate(seen, 1):
        assert text(seen[:number]) + text(follow(person, task_id, event.id)) == "".join(pieces)


def test_two_viewers_see_the_same(person: Client, upstream: Upstream) -> None:
    upstream.chat(Answer.events(*[chunk(f"{number} ") for number in range(30)], *END))
    task_id = start(person, new_chat(person))
    seen: list[str] = []
    viewers = [threading.Thread(target=lambda: seen.append(text(follow(person, task_id)))) for _ in range(2)]
    for viewer in viewers:
        viewer.start()
    for viewer in viewers:
        viewer.join()
    assert seen[0] == seen[1] == "".join(f"{number} " for number in range(30))


def test_reasoning_is_told_apart_and_stored_as_a_block(person: Client, upstream: Upstream) -> None:
    upstream.chat(Answer.events(chunk(reasoning_content="Hm."), chunk("Yes."), *END))
    chat_id = new_chat(person)
    events = follow(person, start(person, chat_id))
    assert (text(events, "reasoning_content"), text(events)) == ("Hm.", "Yes.")
    content = stored(person, chat_id)["content"]
    assert content.startswith('<details type="reasoning" done="true" duration="')
    assert "> Hm.\n" in content
    assert content.endswith("Yes.")


def test_an_error_of_the_model_server_is_told_and_stored(person: Client, upstream: Upstream) -> None:
    upstream.chat(Answer.json({"error": {"message": "No such luck"}}, 503))
    chat_id = new_chat(person)
    events = follow(person, start(person, chat_id))
    assert [event.data["error"]["content"] for event in events if event.type == "chat:message:error"] == [
        "No such luck"
    ]
    reply = stored(person, chat_id)
    assert (reply["error"], reply["done"], reply["content"]) == ({"content": "No such luck"}, True, "")


def test_an_error_tells_how_long_to_wait(person: Client, upstream: Upstream) -> None:
    upstream.chat(Answer.json({"error": {"message": "Too many"}}, 429, headers=(("Retry-After", "7"),)))
    chat_id = new_chat(person)
    events = follow(person, start(person, chat_id))
    error = {"content": "Too many", "retry_after": 7}
    assert [event.data["error"] for event in events if event.type == "chat:message:error"] == [error]
    assert stored(person, chat_id)["error"] == error


def test_what_was_said_before_an_error_stays(person: Client, upstream: Upstream) -> None:
    upstream.chat(Answer.events(chunk("Half a"), cut=True))
    chat_id = new_chat(person)
    follow(person, start(person, chat_id))
    reply = stored(person, chat_id)
    assert reply["content"] == "Half a"
    assert "broke off" in reply["error"]["content"]


def test_an_interrupted_reply_can_be_continued(person: Client, upstream: Upstream) -> None:
    upstream.chat(Answer.events(chunk("Half a"), cut=True))
    chat_id = new_chat(person)
    follow(person, start(person, chat_id))
    upstream.chat(Answer.events(chunk(" sentence."), *END))
    continued = [*HELLO, {"role": "assistant", "content": "Half a"}]
    events = follow(person, start(person, chat_id, messages=continued))
    assert text(events) == "Half a sentence."
    reply = stored(person, chat_id)
    assert reply["content"] == "Half a sentence."
    assert "error" not in reply


def test_an_attempt_that_says_nothing_leaves_what_an_earlier_one_said(person: Client, upstream: Upstream) -> None:
    upstream.chat(Answer.events(chunk("Hello"), *END))
    chat_id = new_chat(person)
    follow(person, start(person, chat_id))
    upstream.chat(Answer.json({"error": {"message": "busy"}}, 500))
    follow(person, start(person, chat_id))
    reply = stored(person, chat_id)
    assert (reply["content"], reply["error"]) == ("Hello", {"content": "busy"})


def test_a_reply_does_not_take_the_place_of_a_question(person: Client) -> None:
    chat_id = new_chat(person)
    body = {"model": "m", "messages": HELLO, "chat_id": chat_id, "id": "q", "session_id": "s"}
    assert person.post("/api/chat/completions", body).status_int == 409
    assert stored(person, chat_id, "q")["role"] == "user"


@pytest.mark.parametrize(
    "wrong", [{"id": "y" * 256}, {"id": ""}, {"chat_id": 5}, {"session_id": {}}, {"parent_id": [1]}]
)
def test_ids_that_are_none_are_refused(person: Client, wrong: dict[str, Any]) -> None:
    body = {"model": "m", "messages": HELLO, "chat_id": new_chat(person), "id": "b", "session_id": "s", **wrong}
    assert person.post("/api/chat/completions", body).status_int == 422


def test_a_client_may_leave_storing_the_question_to_the_server(person: Client, upstream: Upstream) -> None:
    upstream.chat(Answer.events(chunk("Hello"), *END))
    chat_id = person.post("/api/v1/chats/new", {"chat": {}}).json["id"]
    follow(person, start(person, chat_id, parent_id="q", messages=[{"role": "user", "content": "Hi"}]))
    question, reply = stored(person, chat_id, "q"), stored(person, chat_id)
    assert (question["role"], question["content"], question["childrenIds"]) == ("user", "Hi", ["a"])
    assert (reply["parentId"], reply["content"]) == ("q", "Hello")


@pytest.fixture
def held(upstream: Upstream) -> Any:
    """A reply that says ``Hello`` and does not end before the event is set."""
    release = threading.Event()
    upstream.chat(Answer.events(chunk("Hel"), chunk("lo"), *END, before_end=release))
    upstream.chat(Answer([chunk("Hel"), chunk("lo")], content_type="text/event-stream", before_end=release, cut=True))
    yield release
    release.set()


def test_stopping_keeps_what_was_said(person: Client, held: threading.Event) -> None:
    chat_id = new_chat(person)
    task_id = start(person, chat_id)
    eventually(lambda: stored(person, chat_id)["content"] == "Hello")
    assert person.get("/api/tasks").json == {"tasks": [task_id]}
    assert person.get(f"/api/tasks/chat/{chat_id}").json == {"task_ids": [task_id]}
    assert person.post(f"/api/tasks/stop/{task_id}", {}).json["status"] is True
    events = follow(person, task_id)
    assert [event.type for event in events[-2:]] == ["chat:tasks:cancel", "chat:completion"]
    reply = stored(person, chat_id)
    assert (reply["content"], reply["done"]) == ("Hello", True)
    assert "error" not in reply
    assert person.get("/api/tasks").json == {"tasks": []}
    assert person.post(f"/api/tasks/stop/{task_id}", {}, status=200).json["status"] is False


def test_a_stop_reaches_another_process(make_person: Any, held: threading.Event) -> None:
    here, there = make_person(), make_person()
    chat_id = new_chat(here)
    task_id = start(here, chat_id)
    assert there.post(f"/api/tasks/stop/{task_id}", {}).json["status"] is True
    eventually(lambda: there.get("/api/tasks").json == {"tasks": []})
    assert stored(there, chat_id)["done"] is True


def test_a_viewer_at_another_process_sees_the_whole_text(make_person: Any, upstream: Upstream) -> None:
    here, there = make_person(), make_person()
    upstream.chat(Answer.events(*[chunk(f"{number} ") for number in range(20)], *END))
    task_id = start(here, new_chat(here))
    assert text(follow(there, task_id)) == "".join(f"{number} " for number in range(20))


def test_nobody_else_sees_or_stops_a_reply(person: Client, held: threading.Event) -> None:
    chat_id = new_chat(person)
    task_id = start(person, chat_id)
    other = Client(person.app).sign_up()
    assert other.get("/api/tasks").json == {"tasks": []}
    assert other.get(f"/api/tasks/chat/{chat_id}").json == {"task_ids": []}
    assert other.get(f"/api/tasks/{task_id}/events").status_int == 404
    assert other.post(f"/api/tasks/stop/{task_id}", {}).json["status"] is False
    body = {"model": "m", "messages": HELLO, "chat_id": chat_id, "id": "b", "session_id": "s"}
    assert other.post("/api/chat/completions", body).status_int == 400
    assert person.get("/api/tasks").json == {"tasks": [task_id]}


def test_a_message_is_generated_once_at_a_time(person: Client, held: threading.Event) -> None:
    chat_id = new_chat(person)
    start(person, chat_id)
    body = {"model": "m", "messages": HELLO, "chat_id": chat_id, "id": "a", "session_id": "s"}
    assert person.post("/api/chat/completions", body).status_int == 409


def test_saving_the_chat_meanwhile_changes_nothing_of_the_reply(person: Client, held: threading.Event) -> None:
    chat_id = new_chat(person)
    task_id = start(person, chat_id)
    eventually(lambda: stored(person, chat_id)["content"] == "Hello")
    stale = conversation(message("q", content="Hi"), message("a", "q", role="assistant", content="He"))
    without = conversation(message("q", content="Hi"))
    for copy in (stale, without):
        person.post(f"/api/v1/chats/{chat_id}", copy, status=200)
        assert stored(person, chat_id)["content"] == "Hello"
    person.post(f"/api/tasks/stop/{task_id}", {})
    follow(person, task_id)
    person.post(f"/api/v1/chats/{chat_id}", stale, status=200)  # a copy from the time before
    assert stored(person, chat_id)["content"] == "Hello"


def test_deleting_the_chat_ends_the_reply(person: Client, held: threading.Event) -> None:
    chat_id = new_chat(person)
    task_id = start(person, chat_id)
    person.delete(f"/api/v1/chats/{chat_id}", status=200)
    eventually(lambda: task_id not in person.registry.runs.active)
    restored = person.post(f"/api/v1/chats/{chat_id}/restore", None, status=200).json
    assert "Hello".startswith(restored["chat"]["history"]["messages"]["a"]["content"])


def test_a_temporary_chat_leaves_no_message(person: Client, upstream: Upstream) -> None:
    upstream.chat(Answer.events(chunk("Hello"), *END))
    task_id = start(person, "local:socket")
    events = follow(person, task_id)
    assert text(events) == "Hello"
    assert events[-1].data["content"] == "Hello"
    assert person.get("/api/v1/chats/").json == []


def test_an_unknown_model_is_400_and_nothing_is_stored(person: Client) -> None:
    chat_id = new_chat(person)
    body = {"model": "none", "messages": HELLO, "chat_id": chat_id, "id": "a", "session_id": "s"}
    answer = person.post("/api/chat/completions", body)
    assert (answer.status_int, answer.json["detail"]) == (400, "Model not found")
    assert person.get("/api/tasks").json == {"tasks": []}
    assert "model" not in stored(person, chat_id)


def test_the_page_gets_back_what_it_says_of_a_complete_reply(person: Client) -> None:
    body = {"model": "m", "messages": [{"id": "a", "role": "assistant", "content": "x"}], "chat_id": "c", "id": "a"}
    assert person.post("/api/chat/completed", body, status=200).json == body
    assert person.post("/api/chat/completed", {**body, "model": "none"}).status_int == 400


@pytest.mark.parametrize("end", ["sign-out", "pending"])
def test_what_an_open_page_follows_ends_with_the_right_to_it(
    person: Client, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    monkeypatch.setattr(feeds, "PING_SECONDS", 0.05)
    monkeypatch.setattr(feeds, "CHECK_SECONDS", 0.05)
    bodies: list[bytes] = []
    page = threading.Thread(target=lambda: bodies.append(person.get("/api/v1/events").body))
    page.start()
    if end == "sign-out":
        person.get("/api/v1/auths/signout", status=200)
    else:
        with person.registry.database.begin() as db:
            db.execute(sa.update(User).values(role=Role.PENDING))
    page.join(PATIENCE)
    assert bodies, "the stream goes on"


def test_a_process_does_not_take_its_own_reply_for_lost(person: Client, held: threading.Event) -> None:
    task_id = start(person, new_chat(person))
    registry = person.registry
    eventually(lambda: task_id in registry.runs.active)
    with registry.database.begin() as db:  # as after a night in which the machine slept
        db.execute(sa.update(Run).values(heartbeat_at=utcnow() - timedelta(hours=8)))
    registry.background.run(upkeep.recover_lost(registry.runs))
    assert person.get("/api/tasks").json == {"tasks": [task_id]}

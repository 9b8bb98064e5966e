"""The small tasks: asked for by clients, and done by the server after a reply."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from queue import Queue
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

from tests.support import Client, conversation, message
from tests.support_upstream import Answer, Upstream, events, scripted_upstream, text
from webui.jobs import queue
from webui.models import Job, Model, utcnow
from webui.runs.after import plan

WAIT = 20.0  # seconds; the bound of every wait
TASKS = "/api/v1/tasks"
SAID = [{"role": "user", "content": "How do I make tea?"}, {"role": "assistant", "content": "Boil water."}]
ALL = {"title_generation": True, "tags_generation": True, "follow_up_generation": True}


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    """Has ``m`` and ``small`` as an OpenAI-compatible API, and ``o`` as Ollama."""
    with scripted_upstream() as running:
        running.offer("m", "small").answers["/api/tags"] = Answer.json({"models": [{"model": "o"}]})
        yield running


@pytest.fixture
def make_person(make_client, upstream: Upstream):  # type: ignore[no-untyped-def]
    urls = {"OPENAI_API_BASE_URLS": f"{upstream.url}/v1", "OLLAMA_BASE_URLS": upstream.url}

    def make(**environ: str) -> Client:
        return make_client(ENABLE_OLLAMA_API="true", MODELS_CACHE_TTL="1h", **urls, **environ).sign_up()

    return make


@pytest.fixture
def person(make_person) -> Client:  # type: ignore[no-untyped-def]
    """An administrator with both connections."""
    return make_person()


def saying(words: str) -> Answer:
    said = {"role": "assistant", "content": words}
    return Answer.json({"id": "1", "choices": [{"message": said, "finish_reason": "stop"}], "message": said})


def task(person: Client, name: str, **more: Any) -> Any:
    return person.post(f"{TASKS}/{name}/completions", {"model": "m", "messages": SAID} | more)


def prompt(upstream: Upstream) -> str:
    """What the model was told last."""
    [told] = upstream.payload["messages"]
    assert told["role"] == "user"
    return str(told["content"])


# The endpoints.


@pytest.mark.parametrize("name", ["title", "tags", "follow_up", "queries", "image_prompt"])
def test_a_task_is_a_completion_about_the_conversation(person: Client, upstream: Upstream, name: str) -> None:
    upstream.chat(saying('{"x": 1}'))
    answer = task(person, name)
    assert answer.status_int == 200
    assert answer.json["choices"][0]["message"]["content"] == '{"x": 1}'
    assert "USER: How do I make tea?\nASSISTANT: Boil water." in prompt(upstream)
    assert upstream.payload["model"] == "m"
    assert upstream.payload["stream"] is False
    assert upstream.payload["max_completion_tokens"] == 1000


def test_ollama_is_asked_in_its_own_words(person: Client, upstream: Upstream) -> None:
    upstream.chat(saying("{}"))
    assert task(person, "title", model="o").status_int == 200
    assert upstream.asked[-1].path == "/api/chat"
    assert upstream.payload["options"]["num_predict"] == 1000


def test_reasoning_and_pictures_are_not_repeated_to_the_model(person: Client, upstream: Upstream) -> None:
    upstream.chat(saying("{}"))
    thought = '<details type="reasoning" done="true" duration="2">\n<summary>Thought</summary>\n> secret\n</details>\n'
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    parts = {"role": "user", "content": [{"type": "text", "text": "Look"}, picture]}
    task(person, "title", messages=[parts, {"role": "assistant", "content": f"{thought}Tea."}])
    told = prompt(upstream)
    assert "USER: Look\nASSISTANT: Tea." in told
    assert "secret" not in told
    assert "AAAA" not in told


def test_a_template_of_the_administrator_replaces_the_built_in_one(make_person, upstream: Upstream) -> None:  # type: ignore[no-untyped-def]
    template = "{{prompt:start:3}}|{{MESSAGES:START:1}}|{{USER_NAME}}|{{USER_LOCATION}}|{{CURRENT_DATE}}|{{x}}"
    person = make_person(TITLE_GENERATION_PROMPT_TEMPLATE=template)
    upstream.chat(saying("{}"))
    task(person, "title", messages=[{"role": "user", "content": "How {{USER_NAME}}"}])
    told = prompt(upstream).split("|")
    assert told == ["How", "USER: How {{USER_NAME}}", "Somebody", "Unknown", f"{utcnow():%Y-%m-%d}", "{{x}}"]


@pytest.mark.parametrize(
    ("model", "environ", "answers"),
    [
        ("m", {"TASK_MODEL_EXTERNAL": "small"}, "small"),
        ("m", {"TASK_MODEL": "small"}, "m"),
        ("o", {"TASK_MODEL": "small"}, "small"),
        ("o", {"TASK_MODEL_EXTERNAL": "small"}, "o"),
        ("m", {"TASK_MODEL_EXTERNAL": "gone"}, "m"),
    ],
)
def test_the_task_model_fits_the_kind_of_the_chats_model(  # type: ignore[no-untyped-def]
    make_person, upstream: Upstream, model: str, environ: dict[str, str], answers: str
) -> None:
    person = make_person(**environ)
    upstream.chat(saying("{}"))
    assert task(person, "title", model=model).status_int == 200
    assert upstream.payload["model"] == answers


def test_a_task_needs_access_to_the_chats_model_alone(make_person, upstream: Upstream) -> None:  # type: ignore[no-untyped-def]
    admin = make_person(TASK_MODEL_EXTERNAL="small", ENABLE_SIGNUP="true", DEFAULT_USER_ROLE="user")
    user = Client(admin.app).sign_up()
    upstream.chat(saying("{}"))
    refused = task(user, "title")
    assert (refused.status_int, refused.json["detail"]) == (400, "Model not found")
    with admin.registry.database.begin() as db:
        db.add(Model(id="m", name="m", meta={}, params={}, access_control=None, is_active=True))
    assert task(user, "title").status_int == 200
    assert upstream.payload["model"] == "small"


@pytest.mark.parametrize("name", ["title", "tags", "follow_up"])
def test_a_task_that_is_switched_off_says_so(make_person, upstream: Upstream, name: str) -> None:  # type: ignore[no-untyped-def]
    person = make_person(**{f"ENABLE_{name.upper()}_GENERATION": "false"})
    answer = task(person, name)
    assert answer.status_int == 200
    assert answer.json["detail"].endswith("generation is disabled")
    assert not [asked for asked in upstream.asked if asked.body]


def test_queries_can_be_switched_off_by_their_purpose(make_person, upstream: Upstream) -> None:  # type: ignore[no-untyped-def]
    person = make_person(ENABLE_SEARCH_QUERY_GENERATION="false")
    upstream.chat(saying("{}"))
    assert task(person, "queries", type="web_search").status_int == 400
    assert task(person, "queries", type="retrieval").status_int == 200


def test_autocompletion_is_off_until_it_is_wanted_and_short_inputs_alone_are_completed(  # type: ignore[no-untyped-def]
    make_person, upstream: Upstream
) -> None:
    upstream.chat(saying('{"text": "tea"}'))
    assert task(make_person(), "auto", prompt="How").status_int == 400


def test_autocompletion_is_told_what_was_typed_and_what_for(make_person, upstream: Upstream) -> None:  # type: ignore[no-untyped-def]
    limits = {"ENABLE_AUTOCOMPLETE_GENERATION": "true", "AUTOCOMPLETE_GENERATION_INPUT_MAX_LENGTH": "9"}
    person = make_person(**limits)
    upstream.chat(saying('{"text": "tea"}'))
    too_long = task(person, "auto", prompt="0123456789")
    assert too_long.status_int == 400
    assert "9" in too_long.json["detail"]
    answer = person.post(f"{TASKS}/auto/completions", {"model": "m", "prompt": "How do I", "type": "search query"})
    assert answer.status_int == 200
    assert "search query" in prompt(upstream)
    assert prompt(upstream).endswith("The text: How do I")


def test_an_emoji_fits_a_text(person: Client, upstream: Upstream) -> None:
    upstream.chat(saying("🍵"))
    answer = person.post(f"{TASKS}/emoji/completions", {"model": "m", "prompt": "Tea is nice"})
    assert answer.json["choices"][0]["message"]["content"] == "🍵"
    assert "Tea is nice" in prompt(upstream)


@pytest.mark.parametrize("stream", [True, False])
def test_answers_are_merged(person: Client, upstream: Upstream, stream: bool) -> None:
    chunk = {"choices": [{"delta": {"content": "Both."}, "finish_reason": "stop"}]}
    whole = saying("Both.")
    streamed = Answer.events(b"data: %s\n\n" % json.dumps(chunk).encode(), b"data: [DONE]\n\n")
    upstream.chat(streamed if stream else whole)
    body = {"model": "m", "prompt": "Tea?", "responses": ["Green.", "{{prompt}}"], "stream": stream}
    answer = person.post(f"{TASKS}/moa/completions", body)
    assert upstream.payload["stream"] is stream
    assert '"""Green."""\n\n"""{{prompt}}"""' in prompt(upstream)
    assert "Tea?" in prompt(upstream)
    if stream:
        assert text(events(answer.body)) == "Both."
    else:
        assert answer.json["choices"][0]["message"]["content"] == "Both."


def test_an_error_of_the_model_server_keeps_its_status(person: Client, upstream: Upstream) -> None:
    upstream.chat(Answer.json({"error": {"message": "Slow down"}}, 429, headers=(("Retry-After", "7"),)))
    answer = task(person, "title")
    assert answer.status_int == 429
    assert answer.headers["Retry-After"] == "7"


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("title", {"model": None}),
        ("title", {"messages": "x"}),
        ("title", {"messages": [1]}),
        ("emoji", {"prompt": 1}),
        ("moa", {"responses": "x"}),
        ("moa", {"stream": "yes"}),
        ("auto", {"type": 1}),
    ],
)
def test_a_request_of_wrong_types_is_refused(person: Client, name: str, wrong: dict[str, Any]) -> None:
    assert task(person, name, **wrong).status_int == 422


# Their settings.


def test_the_settings_are_shown_and_changed(person: Client, upstream: Upstream) -> None:
    before = person.get(f"{TASKS}/config", status=200).json
    assert before["ENABLE_TITLE_GENERATION"] is True
    assert before["ENABLE_AUTOCOMPLETE_GENERATION"] is False
    assert before["AUTOCOMPLETE_GENERATION_INPUT_MAX_LENGTH"] == -1
    assert before["TITLE_GENERATION_PROMPT_TEMPLATE"] == ""
    assert len(before) == 16
    changed = before | {"TITLE_GENERATION_PROMPT_TEMPLATE": "Name it: {{prompt}}", "TASK_MODEL_EXTERNAL": "small"}
    changed |= {"TASK_MODEL": None, "VOICE_MODE_PROMPT_TEMPLATE": None}
    answer = person.post(f"{TASKS}/config/update", changed, status=200).json
    assert answer == changed | {"TASK_MODEL": "", "VOICE_MODE_PROMPT_TEMPLATE": ""}
    assert person.get(f"{TASKS}/config").json == answer
    upstream.chat(saying("{}"))
    task(person, "title")
    assert prompt(upstream) == "Name it: How do I make tea?"
    assert upstream.payload["model"] == "small"


def test_settings_that_cannot_be_are_refused(make_person) -> None:  # type: ignore[no-untyped-def]
    person = make_person(TASK_MODEL="m")
    config = person.get(f"{TASKS}/config").json
    wrong = config | {"AUTOCOMPLETE_GENERATION_INPUT_MAX_LENGTH": -2}
    assert person.post(f"{TASKS}/config/update", wrong).status_int == 422
    assert person.post(f"{TASKS}/config/update", config | {"TASK_MODEL": "other"}).status_int == 409
    assert person.post(f"{TASKS}/config/update", config).status_int == 200


def test_users_see_the_settings_and_administrators_change_them(users: Client) -> None:
    user = users.sign_up()
    config = user.get(f"{TASKS}/config", status=200).json
    assert user.post(f"{TASKS}/config/update", config).status_int == 401


# After a reply.


@dataclass
class Announced:
    """Stands for the runs, and keeps what their viewers are told."""

    events: Queue[tuple[str, dict[str, Any]]] = field(default_factory=Queue)

    async def announce(self, run_id: str, event: dict[str, Any]) -> None:
        self.events.put((run_id, event))

    def start(self) -> None:
        """There are none to look after."""

    def next(self) -> dict[str, Any]:
        run_id, event = self.events.get(timeout=WAIT)
        assert run_id == "r"
        return event


@pytest.fixture
def announced(person: Client) -> Announced:
    person.registry.runs = Announced()
    return person.registry.runs  # type: ignore[no-any-return]


def new_chat(person: Client, *more: dict[str, Any], title: str = "New Chat") -> str:
    said = message("u", content="How do I make tea?"), message("a", "u", role="assistant", content="Boil water.")
    body = conversation(*said, *more)
    body["chat"]["title"] = title
    return str(person.post("/api/v1/chats/new", body, status=200).json["id"])


def follow(person: Client, chat_id: str, tasks: dict[str, bool], *, message_id: str = "a", model: str = "m") -> None:
    """What happens when a reply has been stored."""
    names = {"run_id": "r", "user_id": person.user["id"], "chat_id": chat_id, "message_id": message_id, "model": model}
    with person.registry.database.begin() as db:
        plan(db, person.registry.jobs, **names, background_tasks=tasks)
    person.registry.jobs.wake()


def read(person: Client, chat_id: str) -> dict[str, Any]:
    found: dict[str, Any] = person.get(f"/api/v1/chats/{chat_id}", status=200).json
    return found


def jobs(person: Client) -> list[Job]:
    with person.registry.database.begin(write=False) as db:
        return list(db.scalars(sa.select(Job)))


def await_jobs(person: Client, *, failed: int | None = None) -> None:
    """Wait until no job is left, or each has failed so many times."""
    pause = threading.Event()
    for _ in range(int(WAIT / 0.02)):
        left = jobs(person)
        if not left if failed is None else left and all(job.error and job.attempts == failed for job in left):
            return
        pause.wait(0.02)
    raise AssertionError(f"jobs are left: {[vars(job) for job in left]}")


def test_a_title_tags_and_follow_ups_are_stored_and_announced(
    person: Client, upstream: Upstream, announced: Announced
) -> None:
    upstream.chat(saying('```json\n{"title": "🍵 Tea", "tags": ["Hot Drinks"], "follow_ups": ["Which tea?"]}\n```'))
    chat_id = new_chat(person)
    follow(person, chat_id, ALL)
    told = {event["type"]: event["data"] for event in (announced.next() for _ in range(3))}
    assert told == {
        "chat:title": "🍵 Tea",
        "chat:tags": ["hot_drinks"],
        "chat:message:follow_ups": {"follow_ups": ["Which tea?"]},
    }
    await_jobs(person)
    chat = read(person, chat_id)
    assert (chat["title"], chat["chat"]["title"]) == ("🍵 Tea", "🍵 Tea")
    assert chat["meta"]["tags"] == ["hot_drinks"]
    assert chat["chat"]["history"]["messages"]["a"]["followUps"] == ["Which tea?"]
    assert "USER: How do I make tea?\nASSISTANT: Boil water." in prompt(upstream)


def test_nothing_is_done_that_is_not_wanted(person: Client, announced: Announced) -> None:
    chat_id = new_chat(person)
    for tasks in ({}, {"follow_up_generation": False, "tags_generation": False, "other": True}):
        follow(person, chat_id, tasks)
        assert jobs(person) == []


GARBAGE = [saying("I am a very small model."), saying("{'title': 7}"), Answer.json({"detail": 1})]
REFUSALS = [Answer.json({"error": "no"}, 400), Answer.json({"error": "too long"}, 413)]


@pytest.mark.parametrize("answer", GARBAGE + REFUSALS)
def test_a_model_that_answers_nonsense_is_no_error(
    person: Client, upstream: Upstream, announced: Announced, answer: Answer
) -> None:
    upstream.chat(answer)
    chat_id = new_chat(person)
    follow(person, chat_id, ALL)
    assert announced.next() == {"type": "chat:title", "data": "How do I make tea?"}
    await_jobs(person)
    assert announced.events.empty()
    chat = read(person, chat_id)
    assert chat["title"] == "How do I make tea?"
    assert "tags" not in chat["meta"]
    assert "followUps" not in chat["chat"]["history"]["messages"]["a"]


def test_a_title_that_is_not_wanted_is_the_first_words(
    person: Client, upstream: Upstream, announced: Announced
) -> None:
    chat_id = new_chat(person)
    follow(person, chat_id, {"title_generation": False})
    assert announced.next()["data"] == "How do I make tea?"
    assert not [asked for asked in upstream.asked if asked.body]


def test_a_server_that_fails_is_asked_again(person: Client, upstream: Upstream, announced: Announced) -> None:
    upstream.chat(Answer.json({"error": "busy"}, 500))
    chat_id = new_chat(person)
    follow(person, chat_id, ALL)
    assert announced.next() == {"type": "chat:title", "data": "How do I make tea?"}  # until there is a better one
    await_jobs(person, failed=1)
    upstream.chat(saying('{"title": "Tea", "tags": ["tea"], "follow_ups": ["Why?"]}'))
    with person.registry.database.begin() as db:
        db.execute(sa.update(Job).values(due_at=utcnow()))
    person.registry.jobs.wake()
    told = {event["type"]: event["data"] for event in (announced.next() for _ in range(3))}
    assert told["chat:title"] == "Tea"
    await_jobs(person)


def test_a_chat_that_was_renamed_keeps_its_name(person: Client, upstream: Upstream, announced: Announced) -> None:
    asked = threading.Event()
    upstream.chat(Answer.json(json.loads(saying('{"title": "Tea"}').pieces[0]), after=asked))
    chat_id = new_chat(person)
    follow(person, chat_id, {"title_generation": True})
    person.post(f"/api/v1/chats/{chat_id}", {"chat": {"title": "Mine"}}, status=200)
    asked.set()
    await_jobs(person)
    assert read(person, chat_id)["title"] == "Mine"
    assert announced.events.empty()


def test_later_in_a_named_chat_nonsense_changes_no_name(
    person: Client, upstream: Upstream, announced: Announced
) -> None:
    upstream.chat(saying("Hm."))
    more = message("u2", "a", content="And coffee?"), message("a2", "u2", role="assistant", content="Grind.")
    chat_id = new_chat(person, *more, title="Mine")
    follow(person, chat_id, ALL, message_id="a2")
    await_jobs(person)
    assert read(person, chat_id)["title"] == "Mine"
    assert announced.events.empty()


def test_tags_are_added_to_those_there_are(person: Client, upstream: Upstream, announced: Announced) -> None:
    upstream.chat(saying('{"tags": ["Tea", "Water"]}'))
    chat_id = new_chat(person)
    for _ in range(2):  # a job may be done twice
        follow(person, chat_id, {"tags_generation": True})
        assert announced.next()["data"] == ["tea", "water"]
        await_jobs(person)
    upstream.chat(saying('{"tags": ["Water", "Fire"]}'))
    follow(person, chat_id, {"tags_generation": True})
    assert announced.next()["data"] == ["tea", "water", "fire"]


def test_the_conversation_is_the_branch_of_the_reply(person: Client, upstream: Upstream, announced: Announced) -> None:
    upstream.chat(saying('{"follow_ups": ["Why?"]}'))
    other = message("b", "u", role="assistant", content="Ask your aunt.")
    chat_id = new_chat(person, other)
    follow(person, chat_id, {"follow_up_generation": True}, message_id="a")
    announced.next()
    assert "Boil water." in prompt(upstream)
    assert "aunt" not in prompt(upstream)


def test_what_is_gone_by_then_is_left_alone(person: Client, upstream: Upstream, announced: Announced) -> None:
    asked = threading.Event()
    upstream.chat(Answer.json(json.loads(saying('{"title": "T", "tags": ["t"]}').pieces[0]), after=asked))
    chat_id = new_chat(person)
    follow(person, chat_id, ALL)
    person.delete(f"/api/v1/chats/{chat_id}", status=200)
    asked.set()
    await_jobs(person)
    for chat, reply in ((chat_id, "a"), (new_chat(person), "gone"), (str(uuid4()), "a")):
        follow(person, chat, ALL, message_id=reply)
        await_jobs(person)
    assert announced.events.empty()


def test_a_model_that_is_gone_is_no_error(person: Client, upstream: Upstream, announced: Announced) -> None:
    chat_id = new_chat(person)
    follow(person, chat_id, ALL, model="gone")
    assert announced.next() == {"type": "chat:title", "data": "How do I make tea?"}
    await_jobs(person)


def test_a_model_that_hangs_does_not_hold_up_the_stop(person: Client, upstream: Upstream, announced: Announced) -> None:
    never, here = threading.Event(), threading.Event()
    upstream.chat(Answer([b" "], after=never))
    chat_id = new_chat(person)
    follow(person, chat_id, {"title_generation": True})
    while not [asked for asked in upstream.asked if asked.body]:
        assert not here.wait(0.01)
    person.registry.background.stop()
    [job] = jobs(person)
    assert job.attempts == 0
    assert job.due_at <= utcnow()
    assert queue.take(person.registry.database) is not None
    never.set()


def test_a_switched_off_task_is_not_done(make_person, upstream: Upstream) -> None:  # type: ignore[no-untyped-def]
    names = "TITLE", "TAGS", "FOLLOW_UP"
    person = make_person(**{f"ENABLE_{name}_GENERATION": "false" for name in names})
    person.registry.runs = Announced()
    chat_id = new_chat(person)
    follow(person, chat_id, ALL)
    assert person.registry.runs.next() == {"type": "chat:title", "data": "How do I make tea?"}
    await_jobs(person)
    assert not [asked for asked in upstream.asked if asked.body]


def test_a_run_is_followed_by_its_tasks(person: Client, upstream: Upstream) -> None:
    words = {"choices": [{"delta": {"content": '{"title": "Tea"}'}, "finish_reason": "stop"}]}
    upstream.chat(Answer.events(b"data: %s\n\n" % json.dumps(words).encode(), b"data: [DONE]\n\n"))
    chat_id = new_chat(person)
    more = {"chat_id": chat_id, "id": "b", "parent_id": "u", "session_id": "s", "stream": True}
    form = {"model": "m", "messages": SAID[:1], "background_tasks": {"title_generation": False}, **more}
    person.post("/api/chat/completions", form, status=200)
    pause = threading.Event()
    for _ in range(int(WAIT / 0.02)):
        if read(person, chat_id)["title"] == "How do I make tea?":
            return
        pause.wait(0.02)
    raise AssertionError("the chat got no title")

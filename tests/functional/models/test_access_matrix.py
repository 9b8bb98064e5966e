"""Who may use which model, the same by every way in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support import Client
from tests.support_models import arena, granted, listed, server, store_model
from tests.support_upstream import Answer, Upstream

HELLO = [{"role": "user", "content": "Hi"}]
NOBODY: set[str] = set()
EVERYBODY = {"admin", "owner", "guest", "other"}
# The owner's are the custom models, the guest is the one whom "granted" ones name.
ALLOWED = {
    "base-bare": {"admin"},
    "base-public": EVERYBODY,
    "base-private": {"admin"},
    "base-granted": {"admin", "guest"},
    "base-inactive": NOBODY,
    "custom-public": EVERYBODY,
    "custom-private": {"admin", "owner"},
    "custom-granted": {"admin", "owner", "guest"},
    "custom-writable": {"admin", "owner", "guest"},
    "custom-malformed": {"admin", "owner"},
    "custom-inactive": NOBODY,
    "custom-orphan": NOBODY,
    "custom-on-custom": NOBODY,
    "base-shadowed": {"admin"},
    "custom-on-inactive": NOBODY,
    "arena-public": {"admin", "owner", "guest"},
    "arena-private": {"admin"},
    "arena-empty": NOBODY,
    "unknown": NOBODY,
}
ARENAS = (
    arena("arena-public", model_ids=["base-bare", "custom-granted"]),
    arena("arena-private", access_control={}),
    arena("arena-empty", model_ids=["base-inactive", "custom-orphan"]),
)

REPLY = {
    **{"id": "x", "object": "chat.completion", "created": 1, "model": "m"},
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
}


def chat(model: str) -> dict[str, Any]:
    return {"model": model, "messages": HELLO}


# Each way in: its address, and the body that names a model. The upstream answers all of them.
WAYS: dict[str, tuple[str, Callable[[str], dict[str, Any]]]] = {
    "chat completions": ("/api/chat/completions", chat),
    "chat completions of OpenAI clients": ("/api/v1/chat/completions", chat),
    "streamed": ("/api/chat/completions", lambda model: {**chat(model), "stream": True}),
    "chat completions of the OpenAI connections": ("/openai/chat/completions", chat),
    "Messages": ("/api/v1/messages", lambda model: {**chat(model), "max_tokens": 9}),
    "Responses": ("/api/v1/responses", lambda model: {"model": model, "input": "Hi"}),
    "small tasks": ("/api/v1/tasks/emoji/completions", lambda model: {"model": model, "prompt": "Hi"}),
    "the end of a reply": ("/api/chat/completed", lambda model: {**chat(model), "chat_id": "c", "id": "i"}),
    "in the background": (
        "/api/chat/completions",
        lambda model: {**chat(model), "chat_id": "local:s", "id": "i", "session_id": "s"},
    ),
    "embeddings": ("/api/embeddings", lambda model: {"model": model, "input": "text"}),
    "embeddings of OpenAI clients": ("/api/v1/embeddings", lambda model: {"model": model, "input": "text"}),
}


@pytest.fixture
def people(make_client, upstream: Upstream) -> dict[str, Client]:
    bases = [name for name in ALLOWED if name.startswith("base-")]
    upstream.offer(*bases).chat(Answer.json(REPLY))
    upstream.answers["/v1/embeddings"] = Answer.json({"data": []})
    client = make_client(**server(upstream, *ARENAS))
    people = {who: client.sign_up(name=who) for who in ("admin", "owner", "guest", "other")}
    rules = granted(people["guest"])
    for model_id, fields in {
        "base-public": {},
        "base-private": {"access_control": {}},
        "base-granted": {"access_control": rules},
        "base-inactive": {"is_active": False},
    }.items():
        store_model(client, model_id, user_id=people["admin"].user["id"], **fields)
    for model_id, base, fields in (
        ("custom-public", "base-bare", {}),
        ("custom-private", "base-public", {"access_control": {"read": None, "write": {}}}),
        ("custom-granted", "base-private", {"access_control": rules}),
        ("custom-on-inactive", "base-inactive", {}),
        ("custom-writable", "base-bare", {"access_control": granted(people["guest"], kind="write")}),
        ("custom-malformed", "base-bare", {"access_control": {"read": {"user_ids": None, "group_ids": [None, {}]}}}),
        ("custom-inactive", "base-public", {"is_active": False}),
        ("custom-orphan", "gone", {}),
        ("custom-on-custom", "custom-public", {}),
        ("base-shadowed", "base-public", {"access_control": {}}),
    ):
        store_model(client, model_id, base, user_id=people["owner"].user["id"], **fields)
    return people


@pytest.mark.parametrize("way", WAYS)
def test_a_model_answers_those_who_may_use_it(people: dict[str, Client], way: str) -> None:
    path, body = WAYS[way]
    for model_id, allowed in ALLOWED.items():
        answers = {who: person.post(path, body(model_id)) for who, person in people.items()}
        assert {who for who, answer in answers.items() if answer.status_int == 200} == allowed, model_id
        for answer in answers.values():
            assert answer.status_int == 200 or (answer.status_int, answer.json["detail"]) == (400, "Model not found")


def test_the_list_has_what_answers(people: dict[str, Client]) -> None:
    for who, person in people.items():
        assert set(listed(person)) == {model_id for model_id, allowed in ALLOWED.items() if who in allowed}, who


def test_a_custom_model_is_asked_under_the_name_of_its_base(people: dict[str, Client], upstream: Upstream) -> None:
    # Nothing is asked at the end of a reply, and in the background it is asked later.
    for path, body in (WAYS[way] for way in WAYS if way not in {"the end of a reply", "in the background"}):
        people["other"].post(path, body("custom-public"), status=200)
        assert upstream.payload["model"] == "base-bare"
        people["admin"].post(path, body("base-shadowed"), status=200)  # not what somebody else has put in front of it
        assert upstream.payload["model"] == "base-shadowed"


def test_what_is_refused_never_reaches_the_connection(people: dict[str, Client], upstream: Upstream) -> None:
    people["admin"].get("/api/models")
    before = len(upstream.asked)
    people["other"].post("/api/chat/completions", chat("base-private"), status=400)
    assert len(upstream.asked) == before


def test_when_all_may_use_every_model_what_is_switched_off_stays_off(make_client, upstream: Upstream) -> None:
    client = make_client(**server(upstream, BYPASS_MODEL_ACCESS_CONTROL="true"))
    client.sign_up()
    store_model(client, "private", "m", access_control={})
    store_model(client, "off", "m", is_active=False)
    other = client.sign_up()
    assert listed(other) == ["m", "n", "private"]
    other.post("/api/chat/completions", chat("private"), status=200)
    other.post("/api/chat/completions", chat("off"), status=400)


@pytest.mark.parametrize(("bypass", "seen"), [("true", {"m", "n", "hers"}), ("false", {"m", "n"})])
def test_administrators_need_grants_for_what_is_stored_if_the_setting_says_so(
    make_client, upstream: Upstream, bypass: str, seen: set[str]
) -> None:
    client = make_client(**server(upstream, BYPASS_ADMIN_ACCESS_CONTROL=bypass))
    admin, author = client.sign_up(), client.sign_up()
    store_model(client, "hers", "m", access_control={}, user_id=author.user["id"])
    assert set(listed(admin)) == seen
    assert admin.post("/api/chat/completions", chat("hers")).status_int == (200 if bypass == "true" else 400)
    assert admin.get("/api/v1/models/model?id=hers").status_int == (200 if bypass == "true" else 401)

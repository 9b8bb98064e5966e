from __future__ import annotations

from tests.support import Client
from tests.support_models import arena, granted, listed, server, store_model
from tests.support_upstream import Answer, Upstream, ask, events

CONFIG = "/api/v1/evaluations/config"
ON = {"ENABLE_EVALUATION_ARENA_MODELS": "true"}


def test_the_default_arena_is_there_when_there_is_something_to_choose(make_client, upstream: Upstream) -> None:
    client = make_client(**server(upstream, **ON))
    admin, user = client.sign_up(), client.sign_up()
    found = admin.get("/api/models").json["data"][0]
    assert {**found, "info": None} == {
        **{"id": "arena-model", "name": "Arena Model", "object": "model", "created": 0, "owned_by": "arena"},
        **{"arena": True, "tags": [], "actions": [], "filters": [], "info": None},
    }
    assert listed(user) == []
    assert ask(user, model="arena-model").status_int == 400
    store_model(client, "c", "n")
    assert listed(user) == ["arena-model", "c"]
    for _ in range(8):  # never one that the user may not use
        ask(user, model="arena-model", status=200)
        assert upstream.payload["model"] == "n"


def test_own_arenas_replace_the_default_one(make_client, upstream: Upstream) -> None:
    arenas = (
        arena("some", model_ids=["m"]),
        arena("but", model_ids=["m"], filter_mode="exclude", profile_image_url="x", description="d"),
    )
    admin = make_client(**server(upstream, *arenas)).sign_up()
    assert listed(admin) == ["but", "m", "n", "some"]
    assert admin.get("/api/models").json["data"][0]["info"]["meta"] == {
        **{"model_ids": ["m"], "filter_mode": "exclude", "description": "d", "access_control": None},
    }
    for model, chosen in (("some", "m"), ("but", "n")):
        assert ask(admin, model=model).json["selected_model_id"] == chosen
        assert upstream.payload["model"] == chosen


def test_an_arena_applies_what_is_stored_about_the_model_it_chose(make_client, upstream: Upstream) -> None:
    client = make_client(**server(upstream, arena("a", model_ids=["c"])))
    admin, user = client.sign_up(), client.sign_up()
    store_model(client, "c", "m", params={"seed": 7}, access_control=granted(user))
    assert ask(user, model="a").json == {"choices": [], "selected_model_id": "c"}
    assert (upstream.payload["model"], upstream.payload["seed"]) == ("m", 7)
    assert ask(admin, model="a").status_int == 200


def test_a_stream_says_first_who_answers(make_client, upstream: Upstream) -> None:
    admin = make_client(**server(upstream, arena("a", model_ids=["m"]))).sign_up()
    upstream.chat(Answer.events(b'data: {"choices": []}\n\n', b"data: [DONE]\n\n"))
    answer = ask(admin, model="a", stream=True)
    assert answer.headers["Content-Type"].startswith("text/event-stream")
    assert events(answer.body) == [{"selected_model_id": "m"}, {"choices": []}, "[DONE]"]


def test_what_is_no_reply_stays_as_it_is(make_client, upstream: Upstream) -> None:
    admin = make_client(**server(upstream, arena("a", model_ids=["m"]))).sign_up()
    for body in (b"[1]", b'"text"'):
        upstream.chat(Answer([body]))
        assert ask(admin, model="a").body == body
    upstream.chat(Answer.json({"error": "busy"}, 429))
    reply = ask(admin, model="a")
    assert (reply.status_int, reply.json["error"]) == (429, "busy")
    assert "selected_model_id" not in reply.json


def test_an_arena_that_is_switched_off_is_no_model(make_client, upstream: Upstream) -> None:
    environ = {**server(upstream, arena("a")), "ENABLE_EVALUATION_ARENA_MODELS": "false"}
    admin = make_client(**environ).sign_up()
    assert listed(admin) == ["m", "n"]
    assert ask(admin, model="a").status_int == 400


def test_administrators_make_arenas(make_client, upstream: Upstream) -> None:
    admin: Client = make_client(**server(upstream, ENABLE_EVALUATION_ARENA_MODELS="")).sign_up()
    assert admin.get(CONFIG).json == {"ENABLE_EVALUATION_ARENA_MODELS": True, "EVALUATION_ARENA_MODELS": []}
    own = [arena("a", model_ids=["n"])]
    wanted = {"ENABLE_EVALUATION_ARENA_MODELS": True, "EVALUATION_ARENA_MODELS": own}
    assert admin.post(CONFIG, {"EVALUATION_ARENA_MODELS": own}, status=200).json == wanted
    assert admin.get(CONFIG).json == wanted
    assert listed(admin) == ["a", "m", "n"]
    admin.post(CONFIG, {"ENABLE_EVALUATION_ARENA_MODELS": False}, status=200)
    assert listed(admin) == ["m", "n"]
    assert admin.get(CONFIG).json["EVALUATION_ARENA_MODELS"] == own


def test_what_is_no_arena_is_refused(make_client) -> None:
    admin = make_client(ENABLE_EVALUATION_ARENA_MODELS="").sign_up()
    metas = (
        *({"model_ids": "m"}, {"model_ids": [1]}, {"filter_mode": "perhaps"}),
        *({"access_control": []}, {"access_control": "all"}),
    )
    nameless = ({}, {"id": "", "name": "a", "meta": {}}, {"id": "a", "name": "a"}, {"id": 1, "name": "a", "meta": {}})
    for wrong in (*nameless, *({"id": "a", "name": "a", "meta": meta} for meta in metas)):
        answer = admin.post(CONFIG, {"EVALUATION_ARENA_MODELS": [wrong]})
        assert answer.status_int == 422, wrong
        assert "EVALUATION_ARENA_MODELS must be" in answer.json["detail"][0]["msg"]
    assert admin.get(CONFIG).json["EVALUATION_ARENA_MODELS"] == []

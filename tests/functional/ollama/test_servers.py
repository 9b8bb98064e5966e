from __future__ import annotations

from typing import Any

import pytest

from tests.support import Client
from tests.support_upstream import Answer, Upstream, scripted_upstream


def names(answer: Any) -> list[str]:
    return sorted(model["model"] for model in answer.json["models"])


def version(text: Any) -> Answer:
    return Answer.json({"version": text})


@pytest.mark.parametrize("path", ["/ollama/", "/ollama/api/version"])
def test_there_is_something_to_say_to_strangers(person: Client, upstream: Upstream, path: str) -> None:
    upstream.answers["/api/version"] = version("0.5.7")
    stranger = Client(person.app)
    assert stranger.get(path, status=200).json in ({"status": True}, {"version": "0.5.7"})
    assert person.app.head(path, status=200).body == b""


def test_models_are_listed_in_ollamas_form_with_where_they_are(person: Client) -> None:
    found = {model["model"]: model for model in person.get("/ollama/api/tags", status=200).json["models"]}
    assert {name: model["urls"] for name, model in found.items()} == {"o": [0], "p": [1], "shared": [0, 1]}
    assert found["o"]["name"] == "o"


def test_the_models_of_one_server(person: Client) -> None:
    assert names(person.get("/ollama/api/tags/1", status=200)) == ["p", "shared"]
    assert names(person.get("/ollama/api/tags?url_idx=0", status=200)) == ["o", "shared"]
    assert person.get("/ollama/api/tags/2").status_int == 404
    assert person.get("/ollama/api/tags?url_idx=-1").status_int == 422
    assert person.get("/ollama/api/tags/x").status_int == 422


def test_models_in_openais_form(person: Client) -> None:
    found = person.get("/ollama/v1/models", status=200).json
    assert found["object"] == "list"
    assert sorted(model["id"] for model in found["data"]) == ["o", "p", "shared"]
    assert {model["object"] for model in found["data"]} == {"model"}
    assert [model["id"] for model in person.get("/ollama/v1/models/1").json["data"]] == ["p", "shared"]


def test_a_model_that_is_not_open_to_somebody_is_not_listed(user: Client) -> None:
    assert user.get("/ollama/api/tags", status=200).json == {"models": []}
    assert user.get("/ollama/v1/models", status=200).json["data"] == []


def test_the_lowest_version_counts_as_numbers_do(person: Client, upstream: Upstream, second: Upstream) -> None:
    upstream.answers["/api/version"], second.answers["/api/version"] = version("0.10.0"), version("0.9.6-rc1")
    assert person.get("/ollama/api/version", status=200).json == {"version": "0.9.6-rc1"}
    assert person.get("/ollama/api/version/0", status=200).json == {"version": "0.10.0"}


def test_many_who_ask_for_the_version_make_one_question(person: Client, upstream: Upstream) -> None:
    upstream.answers["/api/version"] = version("0.5.7")
    for _ in range(5):
        assert person.get("/ollama/api/version").json == {"version": "0.5.7"}
    assert [asked.path for asked in upstream.asked].count("/api/version") == 1


@pytest.mark.parametrize("said", [version(7), Answer.json([]), Answer([b"{"]), Answer([], 500)])
def test_strangers_are_not_told_which_server_fails(person: Client, upstream: Upstream, said: Answer) -> None:
    upstream.answers["/api/version"] = said
    answer = Client(person.app).get("/ollama/api/version")
    assert (answer.status_int, answer.json["error"]) == (502, "Ollama cannot be reached.")


def test_what_is_loaded_is_told_by_all_that_answer(person: Client, upstream: Upstream, second: Upstream) -> None:
    upstream.answers["/api/ps"] = Answer.json({"models": [{"model": "shared", "size": 3}, {"model": "o"}, "x", {}]})
    assert names(person.get("/ollama/api/ps", status=200)) == ["o", "shared"]
    second.answers["/api/ps"] = Answer.json({"models": [{"model": "shared"}]})
    found = {model["model"]: model for model in person.get("/ollama/api/ps").json["models"]}
    assert found["shared"] == {"model": "shared", "size": 3, "urls": [0, 1]}


def test_that_nobody_tells_what_is_loaded_is_an_error(person: Client, user: Client) -> None:
    assert person.get("/ollama/api/ps").status_int == 404  # what the servers said
    assert user.get("/ollama/api/ps").status_int == 401


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("get", "/ollama/api/tags", None),
        ("get", "/ollama/api/ps", None),
        ("post", "/ollama/api/chat", {"model": "o", "messages": []}),
        ("post", "/ollama/v1/completions", {"model": "o", "prompt": "x"}),
        ("post", "/ollama/api/pull", {"model": "o"}),
        ("delete", "/ollama/api/delete", {"model": "o"}),
    ],
)
def test_an_api_that_is_switched_off_says_so(make_client, method: str, path: str, body: Any) -> None:
    person = make_client(ENABLE_OLLAMA_API="false").sign_up()
    answer = person.get(path) if body is None else getattr(person, method)(path, body)
    assert answer.status_int == 503
    assert "switched off" in answer.json["detail"]
    assert person.get("/ollama/api/version").json == {"version": False}


def test_models_behind_a_prefix_have_it_everywhere(make_client) -> None:
    with scripted_upstream() as upstream:
        upstream.offer("o").answers["/api/show"] = Answer.json({"details": {}})
        upstream.answers["/api/ps"] = Answer.json({"models": [{"model": "o"}]})
        configs = '{"0": {"prefix_id": "home"}}'
        urls = {"OLLAMA_BASE_URLS": upstream.url, "OLLAMA_API_CONFIGS": configs}
        person = make_client(ENABLE_OLLAMA_API="true", **urls).sign_up()
        assert names(person.get("/ollama/api/tags")) == ["home.o"]
        assert names(person.get("/ollama/api/ps")) == ["home.o"]
        person.post("/ollama/api/show", {"model": "home.o"}, status=200)
        assert upstream.payload == {"model": "o"}
        assert person.post("/ollama/api/show", {"model": "o"}).status_int == 400

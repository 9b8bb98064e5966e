from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from tests.support import Client
from tests.support_upstream import Answer, Upstream, scripted_upstream
from webui.models import Usage

PATHS = ("/api/embeddings", "/api/v1/embeddings")
VECTOR = {"object": "embedding", "index": 0, "embedding": [0.1, 0.2]}
VECTORS = {"object": "list", "data": [VECTOR], "model": "m", "usage": {"prompt_tokens": 1, "total_tokens": 1}}


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    """Has the model ``m`` as an OpenAI-compatible API, and ``o`` as Ollama."""
    with scripted_upstream() as running:
        running.offer("m").answers["/api/tags"] = Answer.json({"models": [{"model": "o"}]})
        running.answers["/v1/embeddings"] = Answer.json(VECTORS)
        running.answers["/api/embed"] = Answer.json(
            {"model": "o", "embeddings": [[0.1, 0.2]], "prompt_eval_count": 1, "total_duration": 1}
        )
        yield running


@pytest.fixture
def person(make_client, upstream: Upstream) -> Client:
    urls = {"OPENAI_API_BASE_URLS": f"{upstream.url}/v1", "OLLAMA_BASE_URLS": upstream.url}
    return make_client(ENABLE_OLLAMA_API="true", MODELS_CACHE_TTL="1h", **urls).sign_up()


def embed(person: Client, **fields: Any) -> Any:
    return person.post(PATHS[0], {"model": "m", "input": "Hi", **fields})


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("given", ["Hi", ["Hi", "Ho"], [1, 2], [[1, 2], [3]]])
def test_a_request_and_its_answer_are_passed_on(person: Client, upstream: Upstream, path: str, given: Any) -> None:
    body = {"model": "m", "input": given, "encoding_format": "float", "dimensions": 2, "user": "u"}
    answer = person.post(path, body)
    assert (answer.status_int, answer.json) == (200, VECTORS)
    assert upstream.payload == body


def test_ollama_is_asked_in_its_own_form(person: Client, upstream: Upstream) -> None:
    answer = embed(person, model="o", input=["Hi"])
    assert answer.status_int == 200
    assert answer.json["data"][0] == VECTOR
    assert answer.json["usage"]["prompt_tokens"] == 1
    assert upstream.payload["input"] == ["Hi"]


@pytest.mark.parametrize("given", [None, 1, {}, "", [], [""], [None], ["Hi", 1], [[]], [-1], ["Hi"] * 2049])
def test_an_input_that_is_none_is_refused(person: Client, upstream: Upstream, given: Any) -> None:
    answer = embed(person, input=given)
    assert answer.status_int == 422
    assert answer.json["error"]["type"] == "invalid_request_error"
    assert not [asked for asked in upstream.asked if asked.body]


def test_a_list_of_the_greatest_length_is_accepted(person: Client) -> None:
    assert embed(person, input=["Hi"] * 2048).status_int == 200


def test_an_unknown_model_is_a_bad_request(person: Client) -> None:
    answer = embed(person, model="nope")
    assert (answer.status_int, answer.json["detail"]) == (400, "Model not found")


def test_an_error_of_the_model_server_keeps_its_status(person: Client, upstream: Upstream) -> None:
    error = {"message": "No embeddings here", "type": "invalid_request_error"}
    upstream.answers["/v1/embeddings"] = Answer.json({"error": error}, 429, headers=(("Retry-After", "7"),))
    answer = embed(person)
    assert (answer.status_int, answer.json["error"], answer.headers["Retry-After"]) == (429, error, "7")


def test_nobody_embeds_for_strangers(person: Client) -> None:
    assert embed(Client(person.app)).status_int == 401


def test_what_embeddings_took_is_written_down(person: Client) -> None:
    embed(person)
    person.registry.usage.flush()
    with person.registry.database.begin(write=False) as db:
        [row] = db.scalars(sa.select(Usage))
    assert (row.api, row.model, row.prompt_tokens, row.completion_tokens) == ("embeddings", "m", 1, 0)

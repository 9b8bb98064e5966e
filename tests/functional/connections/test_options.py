"""What an administrator can set about one connection."""

from __future__ import annotations

from typing import Any

import pytest

from tests.functional.connections.conftest import Connect
from tests.support import Client
from tests.support_upstream import Answer, Upstream, ask

REPLY = Answer.json({"choices": [{"message": {"role": "assistant", "content": "Hi"}}]})


def models(person: Client) -> list[dict[str, Any]]:
    return person.get("/api/models", status=200).json["data"]


def test_a_prefix_is_seen_outside_and_not_by_the_server(connect: Connect, upstream: Upstream) -> None:
    upstream.offer("m").chat(REPLY)
    person = connect(f"{upstream.url}/v1", configs={"0": {"prefix_id": "acme"}})
    (model,) = models(person)
    assert (model["id"], model["name"], model["openai"]) == ("acme.m", "m", {"id": "m"})
    assert ask(person, model="acme.m").status_int == 200
    assert upstream.payload["model"] == "m"
    assert ask(person, model="m").status_int == 400


def test_a_prefix_of_an_ollama_server(connect: Connect, upstream: Upstream) -> None:
    upstream.offer("m").chat(Answer.json({"message": {"content": "Hi"}, "done": True}))
    person = connect(ollama=(upstream.url,), ollama_configs={"0": {"prefix_id": "home"}})
    assert [model["id"] for model in models(person)] == ["home.m"]
    assert ask(person, model="home.m").json["choices"][0]["message"]["content"] == "Hi"
    assert upstream.payload["model"] == "m"


def test_one_model_under_two_prefixes_is_two_models(connect: Connect, upstream: Upstream, other: Upstream) -> None:
    upstream.offer("m").chat(REPLY)
    other.offer("m").chat(REPLY)
    configs = {"0": {"prefix_id": "a"}, "1": {"prefix_id": "b"}}
    person = connect(f"{upstream.url}/v1", f"{other.url}/v1", configs=configs)
    assert sorted(model["id"] for model in models(person)) == ["a.m", "b.m"]
    ask(person, model="b.m")
    assert [asked.path for asked in upstream.asked] == ["/v1/models"]


def test_tags_and_kind_of_connection_stand_on_each_model(connect: Connect, upstream: Upstream) -> None:
    upstream.offer("m", "n")
    config = {"tags": [{"name": "work"}, {"name": "fast"}], "connection_type": "local"}
    found = models(connect(f"{upstream.url}/v1", configs={"0": config}))
    assert [model["tags"] for model in found] == [[{"name": "work"}, {"name": "fast"}]] * 2
    assert [model["connection_type"] for model in found] == ["local"] * 2


def test_allowed_models_are_listed_without_asking(connect: Connect, upstream: Upstream) -> None:
    upstream.chat(REPLY)
    person = connect(f"{upstream.url}/v1", configs={"0": {"model_ids": ["m"]}})
    (model,) = models(person)
    assert {key: model[key] for key in ("id", "name", "owned_by", "openai", "urlIdx")} == {
        **{"id": "m", "name": "m", "owned_by": "openai", "urlIdx": 0},
        "openai": {"id": "m"},
    }
    assert upstream.asked == []
    assert ask(person).status_int == 200


def test_of_an_ollama_server_only_allowed_models_are_offered(connect: Connect, upstream: Upstream) -> None:
    upstream.offer("m", "n")
    person = connect(ollama=(upstream.url,), ollama_configs={"0": {"model_ids": ["n", "gone"], "prefix_id": "p"}})
    assert [model["id"] for model in models(person)] == ["p.n"]


def test_a_connection_that_is_switched_off_is_left_out_and_keeps_its_number(
    connect: Connect, upstream: Upstream, other: Upstream
) -> None:
    other.offer("m")
    person = connect(f"{upstream.url}/v1", f"{other.url}/v1", configs={"0": {"enable": False}})
    assert [(model["id"], model["urlIdx"]) for model in models(person)] == [("m", 1)]
    assert upstream.asked == []


def test_headers_go_with_every_request(connect: Connect, upstream: Upstream) -> None:
    upstream.offer("m").chat(REPLY)
    config = {"headers": {"X-Team": "blue", "authorization": "Basic abc"}}
    person = connect(f"{upstream.url}/v1", configs={"0": config}, OPENAI_API_KEYS="sk-1")
    ask(person)
    for asked in upstream.asked:
        sent = {name.lower(): value for name, value in asked.headers.items()}
        assert (sent["x-team"], sent["authorization"]) == ("blue", "Basic abc")


def test_without_authentication_the_key_is_not_sent(connect: Connect, upstream: Upstream) -> None:
    upstream.offer("m")
    person = connect(f"{upstream.url}/v1", configs={"0": {"auth_type": "none"}}, OPENAI_API_KEYS="sk-1")
    assert models(person)
    assert "Authorization" not in upstream.asked[0].headers


def test_an_ollama_server_may_want_a_key(connect: Connect, upstream: Upstream) -> None:
    upstream.offer("m")
    assert models(connect(ollama=(upstream.url,), ollama_configs={"0": {"key": "ok-1"}}))
    assert upstream.asked[0].headers["Authorization"] == "Bearer ok-1"


def test_older_databases_name_a_connection_by_its_address(connect: Connect, upstream: Upstream) -> None:
    upstream.offer("m")
    url = f"{upstream.url}/v1"
    assert [model["id"] for model in models(connect(url, configs={url: {"prefix_id": "old"}}))] == ["old.m"]


def test_what_is_wrong_in_the_environment_is_logged_and_left_out(connect: Connect, upstream: Upstream, caplog) -> None:
    upstream.offer("m")
    config = {"prefix_id": "p", "tags": "none", "headers": {"X": "secret\n"}, "unknown": [1]}
    assert [model["id"] for model in models(connect(f"{upstream.url}/v1", configs={"0": config}))] == ["p.m"]
    assert "is used only in part" in caplog.text
    assert "secret" not in caplog.text


@pytest.mark.parametrize("config", [{"azure": True}, {"provider": "azure"}])
def test_azure_has_an_address_for_each_deployment(connect: Connect, upstream: Upstream, config: Any) -> None:
    path = "/openai/deployments/a%2F..%2Fb%3F/chat/completions?api-version=2024-06-01"
    upstream.answers[path] = REPLY
    config = {**config, "model_ids": ["a/../b?", ".."], "api_version": "2024-06-01"}
    person = connect(upstream.url, configs={"0": config}, OPENAI_API_KEYS="az-1")
    assert ask(person, model="a/../b?").status_int == 200
    (asked,) = upstream.asked
    assert asked.path == path
    assert asked.headers["api-key"] == "az-1"
    assert "Authorization" not in asked.headers
    assert ask(person, model="..").status_int == 400
    assert len(upstream.asked) == 1


def test_azure_without_named_deployments_says_what_to_do(connect: Connect, upstream: Upstream, caplog) -> None:
    person = connect(upstream.url, configs={"0": {"azure": True}})
    assert models(person) == []
    assert "cannot list its deployments. Name them" in caplog.text


def test_azures_newer_api_is_openais(connect: Connect, upstream: Upstream) -> None:
    upstream.answers["/openai/v1/models"] = Answer.json({"data": [{"id": "m"}]})
    person = connect(f"{upstream.url}/openai/v1", configs={"0": {"azure": True}}, OPENAI_API_KEYS="az-1")
    assert [model["id"] for model in models(person)] == ["m"]
    assert upstream.asked[0].headers["api-key"] == "az-1"


def test_anthropics_api_is_spoken_when_the_connection_says_so(connect: Connect, upstream: Upstream) -> None:
    upstream.answers["/v1/models?limit=1000"] = Answer.json({"data": [{"id": "claude", "display_name": "Claude"}]})
    person = connect(f"{upstream.url}/v1", configs={"0": {"provider": "anthropic"}}, OPENAI_API_KEYS="ak-1")
    assert [(model["id"], model["name"]) for model in models(person)] == [("claude", "Claude")]
    assert upstream.asked[0].headers["x-api-key"] == "ak-1"


def test_the_same_model_of_two_ollama_servers_names_both(connect: Connect, upstream: Upstream, other: Upstream) -> None:
    upstream.offer("same", "one")
    other.offer("same", "two")
    found = {model["id"]: model["ollama"]["urls"] for model in models(connect(ollama=(upstream.url, other.url)))}
    assert found == {"same": [0, 1], "one": [0], "two": [1]}

"""Connections as administrators set them while the server runs."""

from __future__ import annotations

from typing import Any

import pytest

from tests.functional.connections.conftest import Connect
from tests.support import Client
from tests.support_upstream import Answer, Upstream, ask

OPENAI = "/openai/config/update"
OLLAMA = "/ollama/config/update"
ADMIN_CALLS = [
    ("get", "/openai/config"),
    ("get", "/ollama/config"),
    ("get", "/api/v1/connections"),
    ("post", OPENAI),
    ("post", OLLAMA),
    ("post", "/openai/verify"),
    ("post", "/ollama/verify"),
]


def openai(*urls: str, keys: tuple[str, ...] = (), configs: Any = None, **more: Any) -> dict[str, Any]:
    return {
        "OPENAI_API_BASE_URLS": urls,
        "OPENAI_API_KEYS": keys,
        "OPENAI_API_CONFIGS": {} if configs is None else configs,
        **more,
    }


def ollama(*urls: str, configs: Any = None, **more: Any) -> dict[str, Any]:
    return {"OLLAMA_BASE_URLS": urls, "OLLAMA_API_CONFIGS": configs or {}, **more}


def mask(person: Client, text: str) -> str:
    return person.registry.vault.mask(text)


def models(person: Client) -> list[str]:
    return [model["id"] for model in person.get("/api/models", status=200).json["data"]]


def test_what_is_set_by_default(plain: Client) -> None:
    assert plain.get("/openai/config").json == {
        "ENABLE_OPENAI_API": True,
        "OPENAI_API_BASE_URLS": ["https://api.openai.com/v1"],
        "OPENAI_API_KEYS": [""],
        "OPENAI_API_CONFIGS": {},
    }
    assert plain.get("/ollama/config").json == {
        "ENABLE_OLLAMA_API": True,
        "OLLAMA_BASE_URLS": ["http://localhost:11434"],
        "OLLAMA_API_CONFIGS": {},
    }


def test_a_change_is_in_force_with_the_next_request(plain: Client, upstream: Upstream, other: Upstream) -> None:
    upstream.offer("m").chat(Answer.json({"ok": True}))
    other.offer("o")
    answer = plain.post(OPENAI, openai(f"{upstream.url}/v1/", keys=("sk-1",), configs={"0": {"prefix_id": "p"}}))
    assert answer.json == {
        "ENABLE_OPENAI_API": True,
        "OPENAI_API_BASE_URLS": [f"{upstream.url}/v1"],
        "OPENAI_API_KEYS": [mask(plain, "sk-1")],
        "OPENAI_API_CONFIGS": {"0": {"prefix_id": "p"}},
    }
    assert plain.get("/openai/config").json == answer.json
    answer = plain.post(OLLAMA, ollama(other.url))
    assert answer.json == plain.get("/ollama/config").json
    assert models(plain) == ["p.m", "o"]
    assert ask(plain, model="p.m").json == {"ok": True}
    plain.post(OPENAI, openai(f"{upstream.url}/v1", ENABLE_OPENAI_API=False), status=200)
    plain.post(OLLAMA, ollama(ENABLE_OLLAMA_API=False), status=200)
    assert models(plain) == []


def test_there_is_a_key_for_each_address_and_no_configuration_of_others(plain: Client) -> None:
    urls = ("http://127.0.0.1:9/a", "", "http://127.0.0.1:9/c")
    configs = {"0": {"enable": False, "note": "kept"}, "http://127.0.0.1:9/c": {"prefix_id": "c"}, "3": {"enable": 5}}
    answer = plain.post(OPENAI, openai(*urls, keys=("a",), configs=configs), status=200).json
    assert answer["OPENAI_API_KEYS"] == [mask(plain, "a"), "", ""]
    assert answer["OPENAI_API_BASE_URLS"][1] == "https://api.openai.com/v1"
    assert answer["OPENAI_API_CONFIGS"] == {"0": {"enable": False, "note": "kept"}, "2": {"prefix_id": "c"}}
    assert plain.post(OPENAI, openai(keys=("a", "b")), status=200).json["OPENAI_API_KEYS"] == []


@pytest.mark.parametrize(
    ("config", "where"),
    [
        ({"enable": "yes"}, "enable"),
        ({"prefix_id": 7}, "prefix_id"),
        ({"tags": ["a"]}, "tags"),
        ({"model_ids": [""]}, "model_ids"),
        ({"connection_type": "remote"}, "connection_type"),
        ({"headers": {"X": 1}}, "headers"),
        ({"headers": {"X-A": "a\r\nX-B: b"}}, "headers"),
        ({"headers": {"X A": "a"}}, "headers"),
        ({"headers": {"Transfer-Encoding": "chunked"}}, "headers"),
        ({"auth_type": "session"}, "auth_type"),
        ({"auth_type": "system_oauth"}, "auth_type"),
        ({"auth_type": "microsoft_entra_id"}, "auth_type"),
        ({"azure": "x"}, "azure"),
    ],
    ids=str,
)
def test_what_cannot_be_followed_is_refused(plain: Client, config: dict[str, Any], where: str) -> None:
    for path, body in (
        (OPENAI, openai("http://127.0.0.1:9", configs={"0": config})),
        (OLLAMA, ollama("http://127.0.0.1:9", configs={"0": config})),
    ):
        answer = plain.post(path, body)
        assert answer.status_int == 422
        assert answer.json["detail"][0]["loc"][2:4] == ["0", where]
    assert plain.get("/openai/config").json["OPENAI_API_BASE_URLS"] == ["https://api.openai.com/v1"]


@pytest.mark.parametrize("config", [7, "x", [1], None])
def test_a_configuration_that_is_no_object_is_refused(plain: Client, config: Any) -> None:
    assert plain.post(OPENAI, openai("http://127.0.0.1:9", configs={"0": config})).status_int == 422


@pytest.mark.parametrize("url", ["ftp://x", "http://", "localhost", "http://a b", "http://[::1"])
def test_an_address_that_is_none_is_refused(plain: Client, url: str) -> None:
    assert plain.post(OPENAI, openai(url)).status_int == 422
    assert plain.post(OLLAMA, ollama(url)).status_int == 422


@pytest.mark.parametrize("key", ["sk-1\r\nX-A: b", "sk-1\n", "sk\x1b", "sk\x7f"])
def test_a_key_that_cannot_be_sent_is_refused_and_its_place_named(plain: Client, key: str) -> None:
    url = "http://127.0.0.1:9"
    for path, body, where in (
        (OPENAI, openai(url, url, keys=("sk-0", key)), ["OPENAI_API_KEYS", 1]),
        (OLLAMA, ollama(url, configs={"0": {"key": key}}), ["OLLAMA_API_CONFIGS", "0", "key"]),
        ("/openai/verify", {"url": url, "key": key}, ["key"]),
        ("/ollama/verify", {"url": url, "key": key}, ["key"]),
    ):
        (error,) = plain.post(path, body, status=422).json["detail"]
        assert error["loc"] == ["body", *where]
        assert "control characters" in error["msg"]


def test_a_key_beside_a_password_in_the_address_is_refused(plain: Client) -> None:
    url = "http://ada:hunter2@127.0.0.1:9"
    for path, body in (
        (OPENAI, openai(url, keys=("sk-1",))),
        (OPENAI, openai(url, configs={"0": {"headers": {"authorization": "x"}}})),
        (OLLAMA, ollama(url, configs={"0": {"key": "sk-1"}})),
        ("/openai/verify", {"url": url, "key": "sk-1"}),
    ):
        answer = plain.post(path, body, status=422)
        assert "Remove one of them" in answer.json["detail"][0]["msg"]
        assert "hunter2" not in answer.text
    plain.post(OPENAI, openai(url, keys=("sk-1",), configs={"0": {"auth_type": "none"}}), status=200)
    plain.post(OLLAMA, ollama(url), status=200)


def test_an_ollama_server_without_address_is_refused(plain: Client) -> None:
    assert plain.post(OLLAMA, ollama("")).status_int == 422


def test_unset_options_may_be_null(plain: Client) -> None:
    config = {"enable": True, "prefix_id": None, "tags": None, "headers": None, "auth_type": "bearer"}
    plain.post(OPENAI, openai("http://127.0.0.1:9", configs={"0": config}), status=200)


def test_pinned_settings_are_not_changed_in_part(connect: Connect, upstream: Upstream) -> None:
    person = connect(f"{upstream.url}/v1", OPENAI_API_KEYS="sk-1")
    before = person.get("/openai/config").json
    assert person.post(OPENAI, before, status=200).json == before
    answer = person.post(OPENAI, openai("http://127.0.0.1:9", keys=("sk-1",)))
    assert answer.status_int == 409
    assert "OPENAI_API_BASE_URLS is set by environment" in answer.json["detail"]
    assert person.get("/openai/config").json == before


def test_a_change_needs_only_what_is_not_pinned(make_client, upstream: Upstream) -> None:
    upstream.offer("m")
    urls = f"{upstream.url}/v1;{upstream.url}/v2"
    person = make_client(OPENAI_API_BASE_URLS=urls, OPENAI_API_KEYS="sk-1").sign_up()
    shown = person.get("/openai/config").json
    assert shown["OPENAI_API_KEYS"] == [mask(person, "sk-1"), ""]
    person.post(OPENAI, {**shown, "OPENAI_API_CONFIGS": {"1": {"enable": False}}}, status=200)
    assert models(person) == ["m"]


def test_a_connection_that_stays_keeps_its_list_and_its_health(
    plain: Client, upstream: Upstream, other: Upstream
) -> None:
    upstream.offer("m")
    other.answers["/v1/models"] = Answer.json({}, 500)
    plain.post(OLLAMA, ollama(), status=200)
    urls = (f"{upstream.url}/v1", f"{other.url}/v1")
    plain.post(OPENAI, openai(*urls), status=200)
    models(plain)
    upstream.answers["/v1/models"] = Answer.json({}, 500)
    plain.post(OPENAI, openai(*urls, configs={"1": {"prefix_id": "p"}}), status=200)
    assert models(plain) == ["m"]
    listed = plain.get("/api/v1/connections").json
    assert [(item["failures"], item["models"]) for item in listed] == [(1, 1), (1, 0)]


def test_the_state_of_each_connection_is_told_without_asking(
    connect: Connect, upstream: Upstream, other: Upstream, dead: str
) -> None:
    upstream.offer("m", "n")
    address = dead.replace("//", "//ada:hunter2@")
    person = connect(
        f"{upstream.url}/v1", f"{address}/v1?key=k", ollama=(other.url,), ollama_configs={"0": {"enable": False}}
    )
    fresh = person.get("/api/v1/connections", status=200).json
    assert [item["state"] for item in fresh] == ["unknown"] * 3
    assert upstream.asked == []
    models(person)
    answer = person.get("/api/v1/connections")
    good, bad, off = answer.json
    assert good["listed_at"] > 0
    assert good["latency_ms"] > 0
    assert {key: good[key] for key in good if key not in ("listed_at", "latency_ms")} == {
        **{"kind": "openai", "index": 0, "name": upstream.url[7:], "url": f"{upstream.url}/v1", "enabled": True},
        **{"state": "closed", "error": None, "failures": 0, "retry_at": None, "models": 2},
    }
    assert (bad["url"], bad["failures"], bad["listed_at"]) == (f"{dead}/v1", 1, None)
    assert bad["error"].endswith("cannot be used: the connection was refused.")
    assert (off["kind"], off["enabled"], off["state"]) == ("ollama", False, "unknown")
    assert "hunter2" not in answer.text


def test_an_open_circuit_says_when_it_is_tried_again(connect: Connect, upstream: Upstream) -> None:
    upstream.offer("m").chat(Answer.json({"error": "x"}, 500))
    person = connect(f"{upstream.url}/v1")
    for _ in range(3):
        ask(person)
    (state,) = (item for item in person.get("/api/v1/connections").json if item["enabled"])
    assert (state["state"], state["failures"]) == ("open", 3)
    assert state["error"].endswith("answered with status 500.")
    assert state["retry_at"] > state["listed_at"]


@pytest.mark.parametrize(("method", "path"), ADMIN_CALLS)
def test_connections_are_the_administrators(users: Client, method: str, path: str) -> None:
    for person in (users, users.sign_up()):
        answer = person.get(path) if method == "get" else person.post(path, {})
        assert answer.status_int == 401


def test_secrets_are_shown_as_masks_and_kept_when_the_masks_come_back(plain: Client, upstream: Upstream) -> None:
    upstream.offer("m")
    url = upstream.url
    configs = {
        "0": {"headers": {"X-Team": "blue", "Cookie": "c"}, "prefix_id": "p", "key": "k"},
        "1": {"enable": False},
    }
    private = url.replace("//", "//ada:hunter2@")
    answer = plain.post(OPENAI, openai(f"{url}/v1", url, private, keys=("sk-1", "sk-2"), configs=configs), status=200)
    shown = answer.json
    assert shown["OPENAI_API_KEYS"] == [mask(plain, "sk-1"), mask(plain, "sk-2"), ""]
    assert shown["OPENAI_API_CONFIGS"]["0"] == {
        "headers": {"X-Team": mask(plain, "blue"), "Cookie": mask(plain, "c")},
        "prefix_id": "p",
        "key": mask(plain, "k"),
    }
    assert shown["OPENAI_API_BASE_URLS"][2] == url.replace("//", f"//{mask(plain, 'ada:hunter2')}@")
    for text in ("sk-", "blue", "hunter2"):
        assert text not in answer.text
    for _ in range(2):  # shortened, reordered, and sent back as it is
        shown["OPENAI_API_BASE_URLS"] = shown["OPENAI_API_BASE_URLS"][::-1][-2:]
        shown["OPENAI_API_KEYS"] = shown["OPENAI_API_KEYS"][::-1][-2:]
        shown = plain.post(OPENAI, shown, status=200).json
    assert plain.registry.runtime.settings["openai.api_keys"] == ["sk-1", "sk-2"]
    assert plain.registry.runtime.settings["openai.api_configs"]["0"] == configs["0"]
    models(plain)
    sent = next(asked for asked in upstream.asked if asked.path == "/v1/models")
    assert (sent.headers["Authorization"], sent.headers["X-Team"]) == ("Bearer sk-1", "blue")


def test_a_mask_of_a_secret_that_is_gone_is_refused(plain: Client) -> None:
    url = "http://127.0.0.1:9"
    plain.post(OPENAI, openai(url, keys=("sk-1",)), status=200)
    for body, where in (
        (openai(url, keys=(mask(plain, "sk-0"),)), ["OPENAI_API_KEYS", 0]),
        (openai(url, configs={"0": {"headers": {"X": mask(plain, "x")}}}), ["OPENAI_API_CONFIGS", "0"]),
    ):
        (error,) = plain.post(OPENAI, body, status=422).json["detail"]
        assert error["loc"] == ["body", *where]
        assert "enter the secret again" in error["msg"]
    assert plain.registry.runtime.settings["openai.api_keys"] == ["sk-1"]


def test_a_connection_is_verified_with_the_secret_that_its_mask_stands_for(plain: Client, upstream: Upstream) -> None:
    upstream.offer("m")
    upstream.answers["/api/version"] = Answer.json({"version": "0.5.1"})
    plain.post(OPENAI, openai(f"{upstream.url}/v1", keys=("sk-1",)), status=200)
    plain.post(OLLAMA, ollama(upstream.url, configs={"0": {"key": "ok-1"}}), status=200)
    plain.post("/openai/verify", {"url": f"{upstream.url}/v1", "key": mask(plain, "sk-1")}, status=200)
    plain.post("/ollama/verify", {"url": upstream.url, "key": mask(plain, "ok-1")}, status=200)
    assert [asked.headers["Authorization"] for asked in upstream.asked] == ["Bearer sk-1", "Bearer ok-1", "Bearer ok-1"]
    plain.post("/openai/verify", {"url": upstream.url, "key": mask(plain, "sk-0")}, status=422)

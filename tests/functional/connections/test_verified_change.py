"""Connections that are asked before they are stored."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.support import Client
from tests.support_upstream import Answer, Upstream
from webui.providers import connections

OPENAI, OLLAMA = "/openai/config/update?verify=true", "/ollama/config/update?verify=true"


def openai(*urls: str, keys: tuple[str, ...] = (), configs: Any = None, **more: Any) -> dict[str, Any]:
    return {"OPENAI_API_BASE_URLS": urls, "OPENAI_API_KEYS": keys, "OPENAI_API_CONFIGS": configs or {}, **more}


def ollama(*urls: str) -> dict[str, Any]:
    return {"OLLAMA_BASE_URLS": urls, "OLLAMA_API_CONFIGS": {}}


def urls(person: Client) -> list[str]:
    return person.get("/openai/config").json["OPENAI_API_BASE_URLS"]  # type: ignore[no-any-return]


def test_connections_that_answer_are_stored(plain: Client, upstream: Upstream, other: Upstream) -> None:
    upstream.offer("m")
    other.offer("n").answers["/api/version"] = Answer.json({"version": "0.5.1"})
    assert plain.post(OPENAI, openai(f"{upstream.url}/v1", keys=("sk-1",)), status=200)
    assert plain.post(OLLAMA, ollama(other.url), status=200).json["OLLAMA_BASE_URLS"] == [other.url]
    assert upstream.asked[0].headers["Authorization"] == "Bearer sk-1"
    assert urls(plain) == [f"{upstream.url}/v1"]


def test_one_that_does_not_answer_is_named_and_nothing_is_stored(plain: Client, upstream: Upstream, dead: str) -> None:
    upstream.offer("m")
    before = urls(plain)
    answer = plain.post(OPENAI, openai(f"{upstream.url}/v1", f"{dead}/v1"), status=502)
    assert dead.removeprefix("http://") in answer.json["detail"]
    assert "Nothing was stored" in answer.json["detail"]
    assert upstream.url.removeprefix("http://") not in answer.json["detail"]
    assert urls(plain) == before
    assert plain.post(OLLAMA, ollama(dead)).status_int == 502


def test_one_check_at_a_time_and_not_for_long(
    make_client, upstream: Upstream, other: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each holds a worker thread: servers that hang must not take all of them."""
    monkeypatch.setattr(connections, "VERIFY_SECONDS", 2.0)
    plain = make_client(ENABLE_OLLAMA_API="", AIOHTTP_CLIENT_TIMEOUT_MODEL_LIST="1h").sign_up()
    upstream.answers["/v1/models"] = Answer.json({"data": []}, after=threading.Event())  # in the end it says so
    other.offer("m")
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(plain.post, OPENAI, openai(f"{upstream.url}/v1"))
        while not upstream.asked:
            assert not first.done()
        second = plain.post(OLLAMA, ollama(other.url), status=409)
        assert not first.done()
        assert first.result().status_int == 504
    assert "Another check" in second.json["detail"]
    assert other.asked == []
    assert plain.post(OPENAI, openai(f"{other.url}/v1"), status=200)


def test_a_key_that_is_refused_is_told(plain: Client, upstream: Upstream) -> None:
    upstream.answers["/v1/models"] = Answer.json({"error": "no"}, status=401)
    answer = plain.post(OPENAI, openai(f"{upstream.url}/v1", keys=("sk-12345678",)), status=400)
    assert "refused the key" in answer.json["detail"]
    assert "sk-12345678" not in answer.text


@pytest.mark.parametrize("body", [{"configs": {"0": {"enable": False}}}, {"ENABLE_OPENAI_API": False}])
def test_one_that_is_switched_off_is_not_asked(plain: Client, dead: str, body: dict[str, Any]) -> None:
    assert plain.post(OPENAI, openai(f"{dead}/v1", **body), status=200)
    assert urls(plain) == [f"{dead}/v1"]


def test_those_that_stay_as_they_were_are_not_asked_again(plain: Client, upstream: Upstream, dead: str) -> None:
    upstream.offer("m")
    plain.post("/openai/config/update", openai(f"{dead}/v1", f"{dead}/v2"), status=200)
    assert plain.post(OPENAI, openai(f"{dead}/v2", f"{upstream.url}/v1"), status=200)
    configs = {"0": {"prefix_id": "p"}}
    assert plain.post(OPENAI, openai(f"{dead}/v2", f"{upstream.url}/v1", configs=configs)).status_int == 502


def test_without_being_asked_for_nobody_is_asked(plain: Client, dead: str) -> None:
    assert plain.post("/openai/config/update?verify=false", openai(f"{dead}/v1"), status=200)
    assert plain.post("/openai/config/update?verify=perhaps", openai(f"{dead}/v1")).status_int == 422

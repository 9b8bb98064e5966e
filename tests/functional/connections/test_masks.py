"""Secrets of connections are never told, nor sent to another server than the one that they are stored for."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support import Client
from tests.support_upstream import Upstream

OPENAI, OLLAMA = "/openai/config/update", "/ollama/config/update"
URL, ELSEWHERE = "http://127.0.0.1:9/v1", "http://127.0.0.1:10/v1"


def openai(*urls: str, keys: tuple[str, ...] = (), configs: Any = None) -> dict[str, Any]:
    return {"OPENAI_API_BASE_URLS": urls, "OPENAI_API_KEYS": keys, "OPENAI_API_CONFIGS": configs or {}}


def ollama(url: str, **config: Any) -> dict[str, Any]:
    return {"OLLAMA_BASE_URLS": [url], "OLLAMA_API_CONFIGS": {"0": config}}


@pytest.fixture
def admin(plain: Client) -> Client:
    """Whose connections to the server at URL have secrets of every kind."""
    configs = {"0": {"headers": {"X-Team": "SECRET blue"}}}
    private = URL.replace("//", "//ada:SECRETpw@")
    plain.post(OPENAI, openai(URL, private, keys=("SECRET/sk",), configs=configs), status=200)
    plain.post(OLLAMA, ollama(URL, key="SECRET?ollama"), status=200)
    return plain


def test_a_mask_within_an_address_does_not_show_its_secret(admin: Client) -> None:
    mask = admin.registry.vault.mask("SECRET/sk")
    address = URL.replace("//", f"//{mask}@")
    for path, body in (
        (OPENAI, openai(address)),
        (OPENAI, openai(URL, configs={"0": {"note": f"//{mask}@"}})),
        ("/openai/verify", {"url": address, "key": ""}),
        ("/openai/verify", {"url": URL, "key": "", "config": {"note": f"//{mask}@"}}),
    ):
        answer = admin.post(path, body, status=422)
        assert "enter the secret again" in answer.text
        assert "SECRET" not in answer.text


@pytest.mark.parametrize("url", [ELSEWHERE, "https://127.0.0.1:9/v1", "http://localhost:9/v1", "http://127.0.0.1/v1"])
def test_a_mask_stands_for_nothing_at_the_address_of_another_server(admin: Client, url: str) -> None:
    key, header, password, ollama_key = (
        admin.registry.vault.mask(text) for text in ("SECRET/sk", "SECRET blue", "ada:SECRETpw", "SECRET?ollama")
    )
    before = admin.get("/openai/config").json, admin.get("/ollama/config").json
    for path, body in (
        (OPENAI, openai(url, keys=(key,))),
        (OPENAI, openai(URL, url, keys=(key, key))),
        (OPENAI, openai(url, configs={"0": {"headers": {"X-Team": header}}})),
        (OPENAI, openai(url.replace("//", f"//{password}@"))),
        (OLLAMA, ollama(url, key=ollama_key)),
        ("/openai/verify", {"url": url, "key": key}),
        ("/openai/verify", {"url": url, "key": "", "config": {"headers": {"X-Team": header}}}),
        ("/openai/verify", {"url": url.replace("//", f"//{password}@"), "key": ""}),
        ("/ollama/verify", {"url": url, "key": ollama_key}),
    ):
        assert "after each change of an address" in admin.post(path, body, status=422).text
    assert (admin.get("/openai/config").json, admin.get("/ollama/config").json) == before


def test_another_path_of_the_same_server_keeps_the_secrets(admin: Client, upstream: Upstream) -> None:
    shown = admin.get("/openai/config").json
    urls = [url.replace("/v1", "/v2") for url in reversed(shown["OPENAI_API_BASE_URLS"])]
    keys = shown["OPENAI_API_KEYS"][::-1]
    configs = {"1": shown["OPENAI_API_CONFIGS"]["0"]}
    upstream.offer("m")
    added = openai(f"{upstream.url}/v1", *urls, keys=("sk-new", *keys), configs={"2": configs["1"]})
    admin.post(OPENAI, added, status=200)
    settings = admin.registry.runtime.settings
    assert settings["openai.api_keys"] == ["sk-new", "", "SECRET/sk"]
    assert settings["openai.api_base_urls"][1:] == ["http://ada:SECRETpw@127.0.0.1:9/v2", "http://127.0.0.1:9/v2"]
    assert settings["openai.api_configs"] == {"2": {"headers": {"X-Team": "SECRET blue"}}}

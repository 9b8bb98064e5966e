from __future__ import annotations

import hashlib
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest

from tests.support import Client
from tests.support_tls import contexts
from tests.support_upstream import Answer, Upstream, events, scripted_upstream
from webui.providers import public

FILE = b"GGUF" * 3_000_000
BLOB = f"sha256:{hashlib.sha256(FILE).hexdigest()}"
HUB = "https://huggingface.co/o/m/resolve/main/m.gguf?download=true"
PATH = HUB.removeprefix("https://huggingface.co")


class Loopback(aiohttp.ThreadedResolver):
    """Finds every name at the same port of this machine."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.port = urlsplit(url).port or 0

    async def resolve(self, host: str, port: int = 0, family: int = socket.AF_INET) -> Any:
        return [{**item, "hostname": host} for item in await super().resolve("127.0.0.1", self.port)]


@pytest.fixture
def web(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Upstream]:
    """The web, as far as it is known here."""
    server, client = contexts(tmp_path, "huggingface.co", "cdn.example.com")

    def session() -> aiohttp.ClientSession:
        return aiohttp.ClientSession(connector=aiohttp.TCPConnector(resolver=Loopback(running.url), ssl=client))

    with scripted_upstream(server) as running:
        monkeypatch.setattr(public, "public_session", session)
        yield running


def download(person: Client, url: str = HUB) -> Any:
    return person.post("/ollama/models/download", {"url": url})


def kept(folder: Path) -> list[Path]:
    return list((folder / "uploads").iterdir())


def leads_to(url: str) -> Answer:
    return Answer([], 302, headers=(("Location", url),))


def test_a_file_is_fetched_where_its_address_leads(
    person: Client, upstream: Upstream, web: Upstream, tmp_path: Path
) -> None:
    web.answers[PATH] = leads_to("https://cdn.example.com/x")
    web.answers["/x"] = leads_to("/y")
    web.answers["/y"] = Answer([FILE[:99], FILE[99:]])
    upstream.answers[f"POST /api/blobs/{BLOB}"] = Answer([], 201)
    found = events(download(person).body)
    assert found[0] == {"progress": None, "completed": 0, "total": None}
    assert found[-2] == {"progress": 100.0, "completed": len(FILE), "total": len(FILE)}
    assert found[-1] == {"done": True, "blob": BLOB, "name": "m.gguf"}
    assert upstream.payload == FILE
    assert [asked.headers["Host"] for asked in web.asked] == ["huggingface.co", "cdn.example.com", "cdn.example.com"]
    assert all({"Cookie", "Authorization"}.isdisjoint(asked.headers) for asked in web.asked)
    assert kept(tmp_path) == []


@pytest.mark.parametrize(
    "url",
    [
        *("http://cdn.example.com/x", "https://127.0.0.1/x", "https://[::1]/x", "https://2130706433/x"),
        *("https://localhost/x", "https://a:b@cdn.example.com/x", "ftp://cdn.example.com/x", "file:///etc/passwd"),
        *("https://0x7f000001/x", "https://127.1/x", "https://cdn.example.com.0x7f/x"),
    ],
)
def test_an_address_must_not_lead_where_nobody_may_go(person: Client, web: Upstream, url: str) -> None:
    web.answers[PATH] = leads_to(url)
    answer = download(person)
    assert answer.status_int == 400
    assert "only https and public names" in answer.json["detail"]
    assert len(web.asked) == 1


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (Answer([b"x"], 404), 404),
        (Answer([b"x"], 204), 502),
        (Answer([], 302), 502),
        (leads_to(HUB), 502),
        (Answer([b"x"], headers=(("Content-Encoding", "gzip"),)), 502),
    ],
)
def test_a_file_that_cannot_be_had_is_an_error(person: Client, web: Upstream, said: Answer, status: int) -> None:
    web.answers[PATH] = said
    answer = download(person)
    assert answer.status_int == status
    assert "huggingface.co" in answer.json["detail"]


def test_a_file_that_breaks_off_is_an_error_and_leaves_nothing(
    person: Client, upstream: Upstream, web: Upstream, tmp_path: Path
) -> None:
    web.answers[PATH] = Answer([FILE], cut=True)
    found = events(download(person).body)
    assert "broke off" in found[-1]["error"]
    assert {asked.path for asked in upstream.asked} <= {"/api/tags"}
    assert kept(tmp_path) == []

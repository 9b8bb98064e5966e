from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack

import pytest

from scripts.bench.harness import Upstream as FakeUpstream
from scripts.bench.harness import running_upstream
from tests.support import Client
from tests.support_upstream import Answer, Upstream, ask, scripted_upstream
from webui.providers import catalog, http

DEAD = "http://127.0.0.1:9"  # the discard port, where nobody listens


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with scripted_upstream() as running:
        yield running


@pytest.fixture
def other() -> Iterator[Upstream]:
    with scripted_upstream() as running:
        yield running


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeUpstream]:
    with running_upstream(["fake-7x0ms"]) as running:
        yield running


def openai(*upstreams: Upstream | FakeUpstream, **more: str) -> dict[str, str]:
    return {"OPENAI_API_BASE_URLS": ";".join(f"{item.url}/v1" for item in upstreams), **more}


def ollama(*upstreams: Upstream | FakeUpstream, **more: str) -> dict[str, str]:
    urls = ";".join(item.url for item in upstreams)
    return {"ENABLE_OPENAI_API": "false", "ENABLE_OLLAMA_API": "true", "OLLAMA_BASE_URLS": urls, **more}


def names(person: Client, path: str = "/api/models") -> list[str]:
    return [model["id"] for model in person.get(path, status=200).json["data"]]


def test_a_model_of_an_openai_api_has_the_contracts_shape(make_client, upstream: Upstream) -> None:
    raw = {"id": "gpt-x", "object": "model", "created": 12, "owned_by": "acme"}
    upstream.answers["/v1/models"] = Answer.json({"object": "list", "data": [raw]})
    admin = make_client(**openai(upstream, OPENAI_API_KEYS="sk-1")).sign_up()
    answer = admin.get("/api/models").json
    assert answer == {
        "object": "list",
        "data": [
            {
                **{"id": "gpt-x", "name": "gpt-x", "object": "model", "created": 12, "owned_by": "openai"},
                **{"connection_type": "external", "tags": [], "actions": [], "filters": [], "urlIdx": 0},
                "openai": raw,
            }
        ],
    }
    assert upstream.asked[0].headers["Authorization"] == "Bearer sk-1"


def test_a_model_of_ollama_has_the_contracts_shape(make_client, upstream: Upstream) -> None:
    raw = {"name": "llama3:8b", "model": "llama3:8b", "size": 7, "digest": "d", "details": {"family": "llama"}}
    upstream.answers["/api/tags"] = Answer.json({"models": [raw]})
    admin = make_client(**ollama(upstream)).sign_up()
    assert admin.get("/api/models").json["data"] == [
        {
            **{"id": "llama3:8b", "name": "llama3:8b", "object": "model", "owned_by": "ollama", "created": 0},
            **{"connection_type": "local", "tags": [], "actions": [], "filters": []},
            "ollama": {**raw, "urls": [0]},
        }
    ]


@pytest.mark.parametrize("kind", [openai, ollama])
def test_both_addresses_list_the_models_of_a_running_server(make_client, fake: FakeUpstream, kind) -> None:
    admin = make_client(**kind(fake)).sign_up()
    assert "fake-7x0ms" in names(admin)
    assert names(admin, "/api/v1/models") == names(admin)


def test_models_are_listed_once_and_by_name(make_client, upstream: Upstream, other: Upstream) -> None:
    upstream.offer("m2", "Zeta", "same")
    other.offer("alpha", "M1", "same")
    other.answers["/v1/models"] = Answer.json([{"id": "same", "name": "Beta"}, {"id": "x", "name": "alpha"}])
    admin = make_client(**openai(upstream, other)).sign_up()
    models = admin.get("/api/models").json["data"]
    assert [model["name"] for model in models] == ["alpha", "m2", "same", "Zeta"]
    assert next(model for model in models if model["id"] == "same")["urlIdx"] == 0


def test_the_first_connection_of_a_model_is_asked_to_chat(make_client, upstream: Upstream, other: Upstream) -> None:
    for each in (upstream, other):
        each.offer("same").chat(Answer.json({"by": each.url}))
    admin = make_client(**openai(upstream, other)).sign_up()
    answer = admin.post("/api/chat/completions", {"model": "same", "messages": [{"role": "user", "content": "Hi"}]})
    assert answer.json == {"by": upstream.url}


def test_a_dead_connection_does_not_hide_the_others(make_client, upstream: Upstream, caplog) -> None:
    upstream.offer("alive")
    environ = {"OPENAI_API_BASE_URLS": f"{DEAD}/v1;{upstream.url}/v1"}
    admin = make_client(**environ).sign_up()
    assert names(admin) == ["alive"]
    names(admin, "/api/models?refresh=true")
    assert caplog.text.count("the connection was refused") == 1
    assert "Models are missing: " in caplog.text


def test_a_password_in_an_address_is_not_told(make_client, caplog) -> None:
    address = DEAD.replace("//", "//ada:hunter2@")
    admin = make_client(OPENAI_API_BASE_URLS=f"{address}/v1").sign_up()
    assert names(admin) == []
    assert "hunter2" not in caplog.text
    assert "Models are missing: 127.0.0.1:9 cannot be used" in caplog.text


def test_a_connection_that_hangs_is_waited_for_once_and_within_bounds(make_client, upstream: Upstream) -> None:
    upstream.offer("alive")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        hanging = f"http://127.0.0.1:{silent.getsockname()[1]}/v1"
        admin = make_client(OPENAI_API_BASE_URLS=f"{hanging};{upstream.url}/v1", MODELS_CACHE_TTL="1h").sign_up()
        assert names(admin) == ["alive"]
        assert names(admin) == ["alive"]
    assert [asked.path for asked in upstream.asked] == ["/v1/models"]


def test_many_first_calls_at_once_ask_the_connections_once(make_client, upstream: Upstream) -> None:
    upstream.offer("alive")
    gate = threading.Event()
    listing = upstream.answers["/v1/models"]
    upstream.answers["/v1/models"] = Answer(listing.pieces, after=gate)
    admin = make_client(**openai(upstream)).sign_up()
    found: list[list[str]] = []
    callers = [threading.Thread(target=lambda: found.append(names(admin))) for _ in range(4)]
    for caller in callers:
        caller.start()
    gate.set()
    for caller in callers:
        caller.join(30)
    assert found == [["alive"]] * 4
    assert len(upstream.asked) == 1


def test_a_connection_that_dies_keeps_its_last_good_list(make_client, admin_of_two) -> None:
    admin, leaving = admin_of_two
    assert names(admin) == ["leaving", "staying"]
    leaving.close()
    assert names(admin, "/api/models?refresh=true") == ["leaving", "staying"]
    chat = {"model": "leaving", "messages": [{"role": "user", "content": "Hi"}]}
    assert admin.post("/api/chat/completions", chat).status_int == 502


@pytest.fixture
def admin_of_two(make_client, upstream: Upstream) -> Iterator[tuple[Client, ExitStack]]:
    upstream.offer("staying")
    with ExitStack() as stack:
        leaving = stack.enter_context(scripted_upstream()).offer("leaving")
        yield make_client(**openai(upstream, leaving)).sign_up(), stack


def test_refreshing_shows_what_is_new(make_client, upstream: Upstream) -> None:
    upstream.offer("old")
    admin = make_client(**openai(upstream, MODELS_CACHE_TTL="1h")).sign_up()
    assert names(admin) == ["old"]
    upstream.offer("old", "new")
    assert names(admin) == ["old"]
    assert names(admin, "/api/models?refresh=true") == ["new", "old"]


def test_refreshing_often_asks_once(make_client, upstream: Upstream) -> None:
    upstream.offer("old")
    admin = make_client(**openai(upstream, MODELS_CACHE_TTL="1h")).sign_up()
    for _ in range(5):
        names(admin, "/api/models?refresh=true")
    upstream.offer("new")
    assert names(admin, "/api/models?refresh=true") == ["old"]
    assert len(upstream.asked) == 1


def test_unknown_models_make_us_ask_once(make_client, upstream: Upstream) -> None:
    upstream.offer("m")
    admin = make_client(**openai(upstream, MODELS_CACHE_TTL="1h")).sign_up()
    names(admin)
    for _ in range(5):
        assert ask(admin, model="unknown").status_int == 400
    assert len(upstream.asked) == 2


@pytest.mark.parametrize("cache", ["1h", "0"])
def test_while_one_caller_waits_for_new_lists_the_others_get_the_last(
    make_client, upstream: Upstream, monkeypatch: pytest.MonkeyPatch, cache: str
) -> None:
    monkeypatch.setattr(catalog, "WAIT_SECONDS", 30)
    upstream.offer("old")
    admin = make_client(**openai(upstream, MODELS_CACHE_TTL=cache)).sign_up()
    names(admin)
    gate = threading.Event()
    listing = upstream.offer("new").answers["/v1/models"]
    upstream.answers["/v1/models"] = Answer(listing.pieces, after=gate)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(names, admin, "/api/models?refresh=true")
        while len(upstream.asked) < 2:
            assert not wait([waiting], 0.01).done
        try:
            assert names(admin, "/api/models?refresh=true") == ["old"]
            assert not waiting.done()
        finally:
            gate.set()
        assert waiting.result(30) == ["new"]


def test_without_a_cache_every_call_asks(make_client, upstream: Upstream) -> None:
    upstream.offer("old")
    admin = make_client(**openai(upstream, MODELS_CACHE_TTL="0")).sign_up()
    assert names(admin) == ["old"]
    upstream.offer("new")
    assert names(admin) == ["new"]


def test_others_than_administrators_see_no_model_unless_all_may(make_client, upstream: Upstream) -> None:
    upstream.offer("m").chat(Answer.json({"ok": True}))
    chat = {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}
    for bypass, seen, status in (("false", [], 400), ("true", ["m"], 200)):
        environ = {"ENABLE_SIGNUP": "true", "DEFAULT_USER_ROLE": "user", "BYPASS_MODEL_ACCESS_CONTROL": bypass}
        client = make_client(**openai(upstream, **environ))
        client.sign_up()
        user = client.sign_up()
        assert user.user["role"] == "user"
        assert names(user) == seen
        assert user.post("/api/chat/completions", chat).status_int == status


def test_nobody_sees_a_model_without_signing_in(make_client, upstream: Upstream) -> None:
    upstream.offer("m")
    client = make_client(**openai(upstream))
    assert client.get("/api/models").status_int == 401
    assert upstream.asked == []


@pytest.mark.parametrize(("keys", "connections"), [("", 0), (";", 0), ("sk-1", 1), (";sk-2", 0)])
def test_openai_itself_is_not_asked_without_a_key(make_client, keys: str, connections: int) -> None:
    client = make_client(OPENAI_API_KEYS=keys)
    assert len(client.registry.connections.catalog.all("openai")) == connections


@pytest.mark.parametrize(
    "answer",
    [
        Answer([b"<html>"], content_type="text/html"),
        Answer([b""]),
        Answer([b"[" * 100_000]),
        Answer([b'{"data": [{"id": "m"}'], cut=True),
        Answer([b'{"data": "\xff"}']),
        Answer.json(None),
        Answer.json({"data": {"id": "m"}}),
        Answer.json({"data": [None, 1, "m", {}, {"id": 7}, {"id": None}]}),
        Answer.json({"error": "Incorrect API key"}, 401),
        Answer.json({"data": [{"id": "m"}]}, 500),
        Answer.json({}, 302, headers=(("Location", "http://127.0.0.1:9/"),)),
        Answer([b'{"data": []}'], headers=(("Content-Encoding", "gzip"),)),
    ],
    ids=str,
)
@pytest.mark.parametrize("kind", [openai, ollama])
def test_a_list_that_is_none_is_an_empty_one(
    make_client, upstream: Upstream, other: Upstream, kind, answer: Answer
) -> None:
    upstream.answers["/v1/models"] = upstream.answers["/api/tags"] = answer
    other.offer("good")
    admin = make_client(**kind(upstream, other)).sign_up()
    assert names(admin) == ["good"]


def test_a_list_has_a_bound(make_client, upstream: Upstream, monkeypatch: pytest.MonkeyPatch, caplog) -> None:
    monkeypatch.setattr(http, "MAX_LIST_BYTES", 1024**2)
    upstream.answers["/v1/models"] = Answer([b'{"data": [', b" " * 1024**2, b'{"id": "m"}]}'])
    assert names(make_client(**openai(upstream)).sign_up()) == []
    assert "answered with more than 1 MB" in caplog.text


def test_a_strange_item_is_passed_on_without_harm(make_client, upstream: Upstream) -> None:
    items = [{"id": "m", "name": ["a"], "created": None}, {"id": "n", "name": 7, "extra": {"deep": [1e300, None]}}]
    upstream.answers["/v1/models"] = Answer.json({"data": items})
    admin = make_client(**openai(upstream)).sign_up()
    assert sorted(names(admin)) == ["m", "n"]

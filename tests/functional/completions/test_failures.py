from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.support import Client
from tests.support_upstream import Answer, Upstream, ask, events, scripted_upstream
from webui.providers import ollama


def place(upstream: Upstream) -> str:
    """Host and port, the name of a connection."""
    return upstream.url.removeprefix("http://")


@pytest.mark.parametrize("stream", [True, False])
def test_an_error_of_the_model_server_keeps_status_and_body(person: Client, upstream: Upstream, stream: bool) -> None:
    error = {"error": {"message": "Slow down", "type": "rate_limit_error", "code": "rate"}}
    whole = json.dumps(error).encode()
    upstream.chat(Answer([whole[:9], whole[9:]], 429, headers=(("Retry-After", "7"), ("X-Secret", "s"))))
    answer = ask(person, stream=stream)
    assert (answer.status_int, answer.json) == (429, {"detail": "Slow down", **error})
    assert answer.headers["Retry-After"] == "7"
    assert "X-Secret" not in answer.headers


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (Answer([b"<html>Bad gateway</html>"], 503, "text/html", (("Retry-After", "3"),)), 503),
        (Answer([b"nonsense"], 500), 500),
        (Answer([b'{"error": '], 500, cut=True), 502),
        (Answer([b'{"error": "' + b"x" * 70_000 + b'"}'], 500), 500),
        (Answer([b'"text"'], 400), 400),
        (Answer([], 401), 401),
        (Answer([b"{}"], 302, headers=(("Location", "http://127.0.0.1:9/"),)), 502),
        (Answer([], 101), 502),
        (Answer([b"{}"], 999), 502),
    ],
    ids=lambda value: getattr(value, "status", None),
)
def test_an_error_in_no_known_form_is_told_by_its_status(
    person: Client, upstream: Upstream, said: Answer, status: int
) -> None:
    upstream.chat(said)
    answer = ask(person, stream=True)
    assert answer.status_int == status
    assert answer.json["detail"].startswith(f"{place(upstream)} ")
    assert answer.json["error"]["code"] == "upstream_failed"
    assert answer.headers.get("Retry-After") == dict(said.headers).get("Retry-After")
    assert "Location" not in answer.headers


def test_a_strange_header_of_the_model_server_is_left_out(person: Client, upstream: Upstream) -> None:
    upstream.chat(Answer([b"{}"], 429, headers=(("Retry-After", "sp\xe4ter"),)))
    answer = ask(person)
    assert answer.status_int == 429
    assert "Retry-After" not in answer.headers


@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize("model", ["m", "o"])
def test_a_compressed_answer_is_refused_unread(person: Client, upstream: Upstream, model: str, status: int) -> None:
    bomb = gzip.compress(b"x" * 10_000_000)
    upstream.chat(Answer([bomb], status, headers=(("Content-Encoding", "gzip"),)))
    answer = ask(person, model=model)
    assert answer.status_int == 502
    assert "compressed its answer" in answer.json["detail"]


def test_an_answer_that_says_it_is_not_compressed_is_fine(person: Client, upstream: Upstream) -> None:
    upstream.chat(Answer([b"{}"], headers=(("Content-Encoding", "Identity"),)))
    assert ask(person).json == {}


def test_a_whole_reply_of_ollama_has_a_bound(
    person: Client, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ollama, "MAX_WHOLE_REPLY", 1024**2)
    upstream.chat(Answer([b'{"message": {"content": "', *[b"x" * 100_000] * 20, b'"}}']))
    answer = ask(person, model="o")
    assert answer.status_int == 502
    assert answer.json["detail"] == f"Ollama at {place(upstream)} answered with more than 1 MB, which is too much."


def test_a_model_server_that_is_gone_is_named(make_client) -> None:
    with scripted_upstream() as leaving:
        leaving.offer("m")
        person = make_client(OPENAI_API_BASE_URLS=f"{leaving.url}/v1").sign_up()
        assert person.get("/api/models").json["data"]
    answer = ask(person, stream=True)
    assert answer.status_int == 502
    assert answer.json["detail"] == f"{place(leaving)} cannot be used: the connection was refused."
    assert answer.json["error"]["message"] == answer.json["detail"]


@pytest.fixture
def held() -> Iterator[threading.Event]:
    """Set when the test is over."""
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def hurried(make_client, upstream: Upstream) -> Client:
    """Somebody whose server waits a second for a reply and no longer."""
    urls = {"OPENAI_API_BASE_URLS": f"{upstream.url}/v1", "OLLAMA_BASE_URLS": upstream.url}
    return make_client(ENABLE_OLLAMA_API="true", AIOHTTP_CLIENT_TIMEOUT="1s", **urls).sign_up()


@pytest.mark.parametrize("model", ["m", "o"])
@pytest.mark.parametrize("stream", [True, False])
def test_a_model_server_that_hangs_is_given_up(
    hurried: Client, upstream: Upstream, held: threading.Event, stream: bool, model: str
) -> None:
    upstream.chat(Answer(after=held))
    answer = ask(hurried, model=model, stream=stream)
    name = {"m": place(upstream), "o": f"Ollama at {place(upstream)}"}[model]
    assert answer.status_int == 504
    assert answer.json["detail"] == f"{name} took too long to answer."
    assert answer.json["error"]["code"] == "upstream_timeout"


@pytest.mark.parametrize(
    ("model", "said"), [("m", Answer.events(b'data: {"n": 1}\n\n')), ("o", Answer([b'{"message": {}}\n']))]
)
def test_a_stream_that_takes_too_long_ends_with_an_error_event(
    hurried: Client, upstream: Upstream, held: threading.Event, model: str, said: Answer
) -> None:
    upstream.chat(replace(said, before_end=held))
    _, error = events(ask(hurried, model=model, stream=True).body)
    assert error["error"]["type"] == "api_error"


def test_a_stream_that_is_cut_ends_with_an_error_event(person: Client, upstream: Upstream) -> None:
    upstream.chat(Answer.events(b'data: {"n": 1}\n\ndata: {"n": 2}\n\n', cut=True))
    first, second, error = events(ask(person, stream=True).body)
    assert (first, second) == ({"n": 1}, {"n": 2})
    assert error["error"]["message"] == f"{place(upstream)} broke off in the middle of a reply."
    assert error["error"]["code"] == "upstream_failed"


def test_an_error_event_is_not_glued_to_half_a_line(person: Client, upstream: Upstream) -> None:
    upstream.chat(Answer.events(b'data: {"n": 1}\n\ndata: {"n": ', cut=True))
    last = ask(person, stream=True).body.rpartition(b"\n\ndata: ")[2]
    assert json.loads(last)["error"]["type"] == "api_error"


@pytest.mark.parametrize("stream", [True, False])
def test_an_error_of_ollama_keeps_text_and_status(person: Client, upstream: Upstream, stream: bool) -> None:
    upstream.chat(Answer.json({"error": "model 'm' not found"}, 404))
    answer = ask(person, model="o", stream=stream)
    assert answer.status_int == 404
    assert answer.json["detail"] == "model 'm' not found"
    assert answer.json["error"]["message"] == "model 'm' not found"


@pytest.mark.parametrize("body", [b"", b"[]", b"<html>", b'{"message": 1}', b'{"message": {"tool_calls": [1]}}'])
def test_a_reply_that_is_not_ollamas_is_told(person: Client, upstream: Upstream, body: bytes) -> None:
    upstream.chat(Answer([body]))
    answer = ask(person, model="o")
    assert answer.status_int == 502
    assert answer.json["detail"] == f"Ollama at {place(upstream)} does not answer like Ollama."


def test_an_error_in_a_whole_reply_of_ollama_is_an_error(person: Client, upstream: Upstream) -> None:
    upstream.chat(Answer.json({"error": "out of memory"}))
    answer = ask(person, model="o")
    assert (answer.status_int, answer.json["detail"]) == (502, "out of memory")


def test_a_stream_of_ollama_that_is_cut_ends_with_an_error_event(person: Client, upstream: Upstream) -> None:
    upstream.chat(Answer([b'{"message": {"content": "Hel"}}\n{"mess'], content_type="application/x-ndjson", cut=True))
    first, error = events(ask(person, model="o", stream=True).body)
    assert first["choices"][0]["delta"]["content"] == "Hel"
    assert error["error"]["message"] == f"Ollama at {place(upstream)} broke off in the middle of a reply."


@pytest.mark.parametrize(
    ("said", "detail"),
    [
        ({"error": {"message": "No"}}, "No"),
        ({"error": "No"}, "No"),
        ({"object": "error", "message": "No"}, "No"),
        ({"detail": [{"msg": "No"}]}, [{"msg": "No"}]),
        ({"error": {"code": 7}}, None),
    ],
)
def test_an_error_says_in_its_detail_what_it_says_elsewhere(
    person: Client, upstream: Upstream, said: dict[str, object], detail: object
) -> None:
    upstream.chat(Answer.json(said, 400))
    answer = ask(person)
    assert answer.json == said | {"detail": detail or f"{place(upstream)} answered with status 400."}

import json
import socket
from collections.abc import Iterator

import pytest

from scripts.bench import client, replies
from scripts.bench.harness import Upstream, running_upstream
from scripts.bench.wire import BadAnswer, Call


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with running_upstream(["fake-7x0ms"]) as running:
        yield running


def openai(upstream: Upstream, model: str, **more: object) -> Call:
    return Call.to(upstream.url, "POST", "/v1/chat/completions", {"model": model, **more})


def events(body: bytes) -> list[dict]:
    *lines, last = [line.removeprefix(b"data: ") for line in body.split(b"\n\n") if line]
    assert last == b"[DONE]"
    return [json.loads(line) for line in lines]


def text_of(events: list[dict]) -> str:
    return "".join(choice["delta"].get("content", "") for event in events for choice in event["choices"])


def leave_after_the_request(upstream: Upstream, call: Call) -> None:
    seen = upstream.stats()
    host, port = upstream.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as sock:
        sock.sendall(call.payload)
        upstream.wait(lambda stats: stats.open > seen.open)


@pytest.mark.parametrize(
    ("name", "reply"),
    [
        ("fake-100x0ms", replies.Reply(100, 0.0)),
        ("fake-5x20ms-400b", replies.Reply(5, 0.02, 400)),
        ("fake-5x20ms-400b-cut", replies.Reply(5, 0.02, 400, "cut")),
        ("fake-5x20ms-429:latest", replies.Reply(5, 0.02, 16, "429")),
        ("gpt-4", None),
        ("fake-5x20ms-boom", None),
    ],
)
def test_the_name_of_a_model_chooses_the_reply(name: str, reply: replies.Reply | None) -> None:
    assert replies.parse(name) == reply


def test_a_listed_model_is_found_in_both_lists(upstream: Upstream) -> None:
    _, openai_list = client.ask(upstream.url, Call.to(upstream.url, "GET", "/v1/models"))
    _, ollama_list = client.ask(upstream.url, Call.to(upstream.url, "GET", "/api/tags"))
    assert "fake-7x0ms" in [item["id"] for item in json.loads(openai_list)["data"]]
    assert "fake-7x0ms" in [item["name"] for item in json.loads(ollama_list)["models"]]


def test_an_openai_stream_has_the_chunks_and_usage_only_if_asked(upstream: Upstream) -> None:
    status, body = client.ask(upstream.url, openai(upstream, "fake-3x1ms", stream=True))
    assert status == 200
    assert text_of(events(body)) == replies.Reply(3, 0.0).text
    assert b"usage" not in body
    options = {"include_usage": True}
    _, body = client.ask(upstream.url, openai(upstream, "fake-3x1ms", stream=True, stream_options=options))
    assert events(body)[-1]["usage"]["completion_tokens"] == 3


def test_an_openai_answer_without_stream_is_whole(upstream: Upstream) -> None:
    _, body = client.ask(upstream.url, openai(upstream, "fake-3x1ms"))
    assert json.loads(body)["choices"][0]["message"]["content"] == replies.Reply(3, 0.0).text


def test_ollama_streams_lines_unless_told_otherwise(upstream: Upstream) -> None:
    call = Call.to(upstream.url, "POST", "/api/chat", {"model": "fake-3x1ms:latest"})
    _, body = client.ask(upstream.url, call)
    lines = [json.loads(line) for line in body.splitlines()]
    assert [line["done"] for line in lines] == [False, False, False, True]
    assert "".join(line["message"]["content"] for line in lines) == replies.Reply(3, 0.0).text
    whole = Call.to(upstream.url, "POST", "/api/chat", {"model": "fake-3x1ms", "stream": False})
    assert json.loads(client.ask(upstream.url, whole)[1])["message"]["content"] == replies.Reply(3, 0.0).text


@pytest.mark.parametrize(("fault", "status"), [("429", 429), ("500", 500)])
def test_a_status_fault_answers_that_status(upstream: Upstream, fault: str, status: int) -> None:
    answered, body = client.ask(upstream.url, openai(upstream, f"fake-3x1ms-{fault}", stream=True))
    assert answered == status
    assert json.loads(body)["error"]["message"]


def test_an_unknown_model_is_not_found(upstream: Upstream) -> None:
    assert client.ask(upstream.url, openai(upstream, "gpt-4"))[0] == 404


def test_a_cut_stream_ends_without_its_end(upstream: Upstream) -> None:
    with pytest.raises(BadAnswer):
        client.ask(upstream.url, openai(upstream, "fake-4x1ms-cut", stream=True))


def test_garbage_is_not_a_stream_of_json(upstream: Upstream) -> None:
    status, body = client.ask(upstream.url, openai(upstream, "fake-4x1ms-garbage", stream=True))
    assert status == 200
    assert b"[DONE]" not in body
    assert b"<html>" in body


@pytest.mark.parametrize("model", ["fake-4x1ms-hang", "fake-4x1ms-stall", "fake-1000x50ms"])
def test_a_caller_that_leaves_is_counted_as_aborted(upstream: Upstream, model: str) -> None:
    before = upstream.stats()
    leave_after_the_request(upstream, openai(upstream, model, stream=True))
    after = upstream.wait(lambda stats: stats.aborted > before.aborted)
    assert (after.open, after.finished) == (before.open, before.finished)

"""The official Ollama client against a running server: what people's own programs do."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import ollama
import pytest

from scripts.bench.harness import Upstream as Fake
from scripts.bench.harness import running_upstream
from tests.support_model import HELLO as ANSWER
from tests.support_model import conversing
from tests.support_server import PATIENCE, RunningServer, run_example, running_server
from tests.support_upstream import Answer, Upstream, scripted_upstream

HELLO: Any = [{"role": "user", "content": "Hi"}]
WORDS = ("Ahoy", " there", "!")
LONG = "fake-100000x10ms"


def lines(*values: Any, **more: Any) -> Answer:
    pieces = [json.dumps({"model": "o", **value}).encode() + b"\n" for value in values]
    return Answer(pieces, content_type="application/x-ndjson", **more)


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with scripted_upstream() as running:
        yield running.offer("o")


@pytest.fixture(scope="module")
def fake() -> Iterator[Fake]:
    with running_upstream([LONG]) as running:
        yield running


@pytest.fixture(scope="module")
def server(upstream: Upstream, fake: Fake, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    urls = {"OLLAMA_BASE_URLS": f"{upstream.url};{fake.url}"}
    environ = {"ENABLE_OLLAMA_API": "true", "ENABLE_OPENAI_API": "false", **urls}
    with running_server(tmp_path_factory.mktemp("server"), environ) as running:
        yield running


@pytest.fixture(scope="module")
def client(server: RunningServer) -> Iterator[ollama.Client]:
    with connected(server, server.sign_up()) as sdk:
        deadline = time.monotonic() + PATIENCE
        while len(sdk.list().models) < 2 and time.monotonic() < deadline:  # a list that is late does not hold others up
            time.sleep(0.1)
        yield sdk


def connected(server: RunningServer, token: str) -> ollama.Client:
    return ollama.Client(f"{server.url}/ollama", headers={"Authorization": f"Bearer {token}"}, timeout=PATIENCE)


def test_models_are_listed(client: ollama.Client) -> None:
    assert {"o", LONG} <= {model.model for model in client.list().models}


def test_a_model_is_shown(client: ollama.Client, upstream: Upstream) -> None:
    upstream.answers["/api/show"] = Answer.json({"details": {"family": "llama"}, "model_info": {}})
    shown = client.show("o")
    assert shown.details is not None
    assert shown.details.family == "llama"


def test_a_whole_chat(client: ollama.Client, upstream: Upstream) -> None:
    upstream.answers["/api/chat"] = Answer.json({"model": "o", "message": {"role": "assistant", "content": "Ahoy"}})
    assert client.chat("o", HELLO, options={"seed": 7}, keep_alive="5m").message.content == "Ahoy"
    sent = {"model": "o", "messages": HELLO, "stream": False, "options": {"seed": 7}, "keep_alive": "5m", "tools": []}
    assert upstream.payload == sent


def test_a_streamed_chat_comes_word_by_word(client: ollama.Client, upstream: Upstream) -> None:
    read = threading.Event()
    said = [{"message": {"role": "assistant", "content": word}} for word in WORDS]
    upstream.answers["/api/chat"] = lines(*said, before_end=read)
    stream = client.chat("o", HELLO, stream=True)
    try:
        assert tuple(next(stream).message.content for _ in WORDS) == WORDS
    finally:
        read.set()
    assert list(stream) == []


def test_a_text_is_continued(client: ollama.Client, upstream: Upstream) -> None:
    upstream.answers["/api/generate"] = lines(*({"response": word} for word in WORDS), {"response": "", "done": True})
    assert "".join(part.response for part in client.generate("o", "Hi", stream=True)) == "".join(WORDS)
    assert upstream.payload["prompt"] == "Hi"


def test_texts_become_vectors(client: ollama.Client, upstream: Upstream) -> None:
    upstream.answers["/api/embed"] = Answer.json({"model": "o", "embeddings": [[0.5, 1.0], [0.25, 0.0]]})
    assert client.embed("o", ["a", "b"]).embeddings == [[0.5, 1.0], [0.25, 0.0]]
    upstream.answers["/api/embeddings"] = Answer.json({"embedding": [0.5]})
    assert client.embeddings("o", "a").embedding == [0.5]


def test_tools_go_there_and_their_calls_come_back(client: ollama.Client, upstream: Upstream) -> None:
    def weather(place: str) -> str:
        """The weather.

        Args:
            place: a town
        """
        return place

    call = {"function": {"name": "weather", "arguments": {"place": "Rome"}}}
    upstream.answers["/api/chat"] = Answer.json({"message": {"role": "assistant", "tool_calls": [call]}})
    [called] = client.chat("o", HELLO, tools=[weather]).message.tool_calls or []
    assert (called.function.name, called.function.arguments) == ("weather", {"place": "Rome"})
    assert upstream.payload["tools"][0]["function"]["name"] == "weather"


def test_a_model_is_pulled_line_by_line(client: ollama.Client, upstream: Upstream) -> None:
    upstream.answers["/api/pull"] = lines({"status": "pulling", "total": 9, "completed": 3}, {"status": "success"})
    assert [part.status for part in client.pull("new", stream=True)] == ["pulling", "success"]


def test_models_are_copied_deleted_and_looked_for_in_memory(client: ollama.Client, upstream: Upstream) -> None:
    upstream.answers["/api/copy"] = upstream.answers["/api/delete"] = Answer([])
    upstream.answers["/api/ps"] = Answer.json({"models": [{"model": "o", "size_vram": 3}]})
    assert client.copy("o", "p").status == "success"
    assert client.delete("o").status == "success"
    assert [model.model for model in client.ps().models] == ["o"]


def test_an_unknown_model_is_an_error(client: ollama.Client) -> None:
    with pytest.raises(ollama.ResponseError, match="Model not found") as failed:
        client.chat("nope", HELLO)
    assert failed.value.status_code == 400
    with pytest.raises(ollama.ResponseError, match="Model not found"):
        next(client.chat("nope", HELLO, stream=True))


def test_an_error_of_the_server_has_its_words(client: ollama.Client, upstream: Upstream) -> None:
    upstream.answers["/api/chat"] = Answer.json({"error": "out of memory"}, 500)
    with pytest.raises(ollama.ResponseError, match="out of memory") as failed:
        client.chat("o", HELLO)
    assert failed.value.status_code == 500


def test_a_stream_that_is_cut_raises_after_what_came(client: ollama.Client, upstream: Upstream) -> None:
    upstream.answers["/api/chat"] = lines({"message": {"role": "assistant", "content": "Ahoy"}}, cut=True)
    stream = client.chat("o", HELLO, stream=True)
    assert next(stream).message.content == "Ahoy"
    with pytest.raises(ollama.ResponseError, match="broke off"):
        next(stream)


def test_closing_a_stream_early_ends_the_upstreams_work(client: ollama.Client, fake: Fake) -> None:
    seen = fake.stats()
    stream = client.chat(LONG, HELLO, stream=True)
    assert next(stream).message.content
    stream.close()  # type: ignore[attr-defined]
    fake.wait(lambda stats: stats.aborted > seen.aborted and stats.open == seen.open, PATIENCE)


def test_a_wrong_key_is_refused(server: RunningServer) -> None:
    with connected(server, "sk-wrong") as sdk, pytest.raises(ollama.ResponseError) as failed:
        sdk.list()
    assert failed.value.status_code == 401


def test_the_example_of_the_documentation_runs(
    server: RunningServer, client: ollama.Client, upstream: Upstream
) -> None:
    conversing(upstream, "o")
    token = client._client.headers["Authorization"].removeprefix("Bearer ")
    listed, *said = run_example("ollama_chat.py", server, token, "o").splitlines()
    assert listed.startswith("models: ")
    assert said == [f"whole: {ANSWER}", f"streamed: {ANSWER}", "embeddings: 2", "refused: 400 Model not found"]

"""Every way in which a model server can fail, on both wires, streamed and not: what the client is told of it."""

from __future__ import annotations

import gzip
import json
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from http.client import IncompleteRead
from pathlib import Path
from typing import Any

import pytest

from tests.faults.raw_upstream import Asked, RawUpstream, raw_upstream
from tests.support_server import PATIENCE, RunningServer, running_server
from tests.support_upstream import events, text

CHAT = "/api/chat/completions"
THREADS = 16  # that a server has at most, whatever it relays
SECONDS = 5  # that a reply may take; what hangs is given up then
LONG = "x" * 1024**2
HTML = b"<html><body>It works!</body></html>"


def delta(asked: Asked, content: str = "Hi") -> bytes:
    """A piece of a streamed reply."""
    if asked.wire == "openai":
        return b"data: %s\n\n" % json.dumps({"choices": [{"index": 0, "delta": {"content": content}}]}).encode()
    return json.dumps({"message": {"role": "assistant", "content": content}, "done": False}).encode() + b"\n"


def end(asked: Asked) -> bytes:
    if asked.wire == "openai":
        return b"data: [DONE]\n\n"
    return json.dumps({"message": {"role": "assistant", "content": ""}, "done": True}).encode() + b"\n"


def reply(asked: Asked, content: str = "Hi") -> bytes:
    """A good reply to this request, without its head."""
    if asked.stream:
        return delta(asked, content) + end(asked)
    message = {"role": "assistant", "content": content}
    if asked.wire == "openai":
        return json.dumps({"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}).encode()
    return json.dumps({"message": message, "done": True}).encode()


def head(asked: Asked, status: str = "200 OK", content_type: str = "", *headers: str) -> bytes:
    """The head of a chunked answer."""
    kind = {"openai": "text/event-stream", "ollama": "application/x-ndjson"}[asked.wire]
    kind = content_type or (kind if asked.stream else "application/json")
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", "Transfer-Encoding: chunked", "Connection: close", *headers]
    return "\r\n".join([*lines, "", ""]).encode()


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def answers(make: Callable[[Asked], bytes], *headers: str, status: str = "200 OK", kind: str = "") -> Any:
    """A script that answers with this body, well framed."""
    return lambda asked: asked.say(head(asked, status, kind, *headers), chunk(make(asked)), b"0\r\n\r\n")


def breaks(framed: Callable[[bytes], bytes], after: float = 0) -> Any:
    """A script that says something good, and these seconds later what ``framed`` makes of another piece of it."""

    def play(asked: Asked) -> None:
        whole = delta(asked) if asked.stream else reply(asked)[:9]
        asked.say(head(asked) + chunk(whole))
        time.sleep(after)
        asked.say(framed(delta(asked)))

    return play


def hangs_before_the_head(asked: Asked) -> None:
    asked.hang()


def hangs_in_the_middle(asked: Asked) -> None:
    asked.say(head(asked), chunk(delta(asked) if asked.stream else reply(asked)[:9]))
    asked.hang()


def has_headers_without_end(asked: Asked) -> None:
    asked.say(b"HTTP/1.1 200 OK\r\n")
    for number in range(100_000):
        asked.say(b"X-Header-%d: %b\r\n" % (number, b"x" * 1000))


def has_an_error_in_the_middle(asked: Asked) -> None:
    said = {"error": {"message": "out of memory"} if asked.wire == "openai" else "out of memory"}
    error = json.dumps(said).encode()
    line = b"data: " + error + b"\n\n" if asked.wire == "openai" else error + b"\n"
    asked.say(head(asked), chunk(delta(asked)), chunk(line), b"0\r\n\r\n")


def error(status: str, *headers: str) -> Any:
    return answers(lambda asked: b'{"error": {"message": "No."}}', *headers, status=status, kind="application/json")


def spoilt(good: bytes, bad: bytes) -> Any:
    """A reply with raw bytes in its text that JSON does not allow."""
    return answers(lambda asked: reply(asked, "Good").replace(good, bad))


def long_chunk(asked: Asked) -> bytes:
    if not asked.stream:
        return reply(asked, LONG)
    return delta(asked, "x" * 1000) * 1000 + end(asked)


@dataclass(frozen=True)
class Fault:
    """What a model server does, and how the answer turns out, streamed and not.

    A number is a status with an error. "error" is a stream that ends with an error event, "done" one that ends well,
    and "passed on" one that ends as the model server ended it. "whole" is a completion.
    """

    script: Callable[[Asked], None] | None
    streamed: int | str
    whole: int | str
    streamed_by_ollama: int | str = ""  # where it differs

    def outcome(self, wire: str, stream: bool) -> int | str:
        if not stream:
            return self.whole
        return self.streamed_by_ollama or self.streamed if wire == "ollama" else self.streamed


FAULTS = {
    "hangs before the head": Fault(hangs_before_the_head, 504, 504),
    "hangs in the middle": Fault(hangs_in_the_middle, "error", 504),
    "says nothing at all": Fault(lambda asked: None, 502, 502),
    "does not speak HTTP": Fault(lambda asked: asked.say(b"\x15\x03\x01\x00\x02\x02\x16\r\n\r\n"), 502, 502),
    "has headers without end": Fault(has_headers_without_end, 502, 502),
    "is cut in a line": Fault(breaks(lambda piece: chunk(piece[:15])), "error", 502),
    "is cut in a chunk": Fault(breaks(lambda piece: chunk(piece)[:15]), "error", 502),
    "has a chunk without a size": Fault(breaks(lambda piece: b"size?\r\n" + piece), "error", 502),
    "has such a chunk later": Fault(breaks(lambda piece: b"size?\r\n" + piece, after=0.2), "error", 502),
    "is cut between chunks": Fault(breaks(lambda piece: b""), "error", 502),
    "says garbage": Fault(answers(lambda asked: b"\r\n{[<garbage>\n\n: \xff\n" * 9), "error", 502),
    "says HTML": Fault(answers(lambda asked: HTML, kind="text/html"), 502, 502, "error"),
    "has an empty body": Fault(lambda asked: asked.say(head(asked), b"0\r\n\r\n"), "error", 502),
    "has no body": Fault(lambda asked: asked.say(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), 502, 502, "error"),
    "has no end mark": Fault(
        answers(lambda asked: delta(asked) if asked.stream else reply(asked)), "passed on", "whole", "error"
    ),
    "has an error in the middle": Fault(has_an_error_in_the_middle, "error", 502),
    "has NUL bytes": Fault(spoilt(b"Good", b"G\0\0d"), "error", 502),
    "is not UTF-8": Fault(spoilt(b"Good", b"G\xff\xfed"), "error", 502),
    "is limited": Fault(error("429 Slow Down", "Retry-After: 7"), 429, 429),
    "is broken": Fault(error("500 Broken"), 500, 500),
    "is broken in HTML": Fault(answers(lambda asked: HTML, status="500 Broken", kind="text/html"), 500, 500),
    "does not know the key": Fault(error("401 Unauthorized"), 401, 401),
    "redirects": Fault(error("307 Elsewhere", "Location: http://127.0.0.1:9/"), 502, 502),
    "compresses": Fault(answers(lambda asked: gzip.compress(reply(asked)), "Content-Encoding: gzip"), 502, 502),
    "says a line of 1 MB": Fault(answers(lambda asked: reply(asked, LONG)), "done", "whole"),
    "says a chunk of 1 MB": Fault(answers(long_chunk), "done", "whole"),
    "refuses": Fault(None, 502, 502),
    "is not known by name": Fault(None, 502, 502),
}
WIRES = ("openai", "ollama")
CASES = [(name, wire, stream) for name in FAULTS for wire in WIRES for stream in (True, False)]
# An Ollama server is asked for its models, so one that cannot be reached has none.
CASES = [case for case in CASES if case[1] == "openai" or FAULTS[case[0]].script is not None]


@dataclass(frozen=True)
class Answer:
    """What a client has got; status 0 for an answer that is cut off."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Matrix:
    """All answers, fetched at once, and how many sockets the server had before."""

    answers: dict[tuple[str, str, bool], Answer]
    sockets: int


@pytest.fixture(scope="module")
def upstream() -> Iterator[RawUpstream]:
    with raw_upstream({name: fault.script for name, fault in FAULTS.items() if fault.script is not None}) as running:
        yield running


@pytest.fixture(scope="module")
def server(upstream: RawUpstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    urls = [f"{upstream.url}/v1", "http://nowhere.invalid/v1", f"http://127.0.0.1:{closed_port()}/v1"]
    known = {"1": {"model_ids": ["openai-is not known by name"]}, "2": {"model_ids": ["openai-refuses"]}}
    environ = {
        "OPENAI_API_BASE_URLS": ";".join(urls),
        "OPENAI_API_CONFIGS": json.dumps(known),
        "ENABLE_OLLAMA_API": "true",
        "OLLAMA_BASE_URLS": upstream.url,
        "AIOHTTP_CLIENT_TIMEOUT": f"{SECONDS}s",
    }
    with running_server(tmp_path_factory.mktemp("server"), environ) as running:
        yield running
    assert "Traceback" not in "".join(running.log)


@pytest.fixture(scope="module")
def token(server: RunningServer) -> str:
    return server.sign_up()


@pytest.fixture(scope="module")
def matrix(server: RunningServer, upstream: RawUpstream, token: str) -> Matrix:
    ask(server, token, "says a line of 1 MB", "openai", True)  # so that what is loaded once is loaded
    upstream.wait_until_left()
    before = sockets(server)
    with ThreadPoolExecutor(16) as pool:
        found = pool.map(lambda case: ask(server, token, *case), CASES)
        return Matrix(dict(zip(CASES, found, strict=True)), before)


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return int(sock.getsockname()[1])


def ask(server: RunningServer, token: str, name: str, wire: str, stream: bool) -> Answer:
    body = {"model": f"{wire}-{name}", "messages": [{"role": "user", "content": "Hi"}], "stream": stream}
    with server.call("POST", CHAT, body, token=token) as answer:
        try:
            return Answer(answer.status, dict(answer.headers), answer.read())
        except IncompleteRead:
            return Answer(0, {}, b"")


def sockets(server: RunningServer) -> int:
    """The open sockets of the server; connections to a database of SQLite are none."""
    found = 0
    for link in Path(f"/proc/{server.process.pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile
            found += str(link.readlink()).startswith("socket:")
    return found


def outcome(answer: Answer) -> int | str:
    """How an answer turned out, in the words of ``Fault``; whatever it is, it is well formed."""
    if not answer.status:
        return "cut off"
    if answer.status >= 400:
        said = json.loads(answer.body)
        assert said["error"]["message"]
        return answer.status
    if answer.headers["Content-Type"] != "text/event-stream":
        assert json.loads(answer.body)["choices"][0]["message"]["content"]
        return "whole"
    found = events(answer.body)
    return "error" if any("error" in event for event in found) else "done" if found[-1] == "[DONE]" else "passed on"


@pytest.mark.parametrize(("name", "wire", "stream"), CASES)
def test_a_model_server_that(matrix: Matrix, name: str, wire: str, stream: bool) -> None:
    answer, wanted = matrix.answers[name, wire, stream], FAULTS[name].outcome(wire, stream)
    if wanted == "passed on":
        assert answer.status == 200
    elif wanted == "error":  # or it was noticed before the head could be passed on
        assert outcome(answer) in ("error", 502)
    else:
        assert outcome(answer) == wanted
    if name == "is limited":
        assert answer.headers["Retry-After"] == "7"


def test_what_came_before_a_break_is_kept(matrix: Matrix) -> None:
    for name in ("hangs in the middle", "is cut in a line", "is cut in a chunk", "is cut between chunks"):
        for wire in WIRES:
            assert text(events(matrix.answers[name, wire, True].body)) == "Hi"


def test_large_lines_and_chunks_arrive_whole(matrix: Matrix) -> None:
    for wire in WIRES:
        assert text(events(matrix.answers["says a line of 1 MB", wire, True].body)) == LONG
        assert text(events(matrix.answers["says a chunk of 1 MB", wire, True].body)) == "x" * 1_000_000
        whole = json.loads(matrix.answers["says a line of 1 MB", wire, False].body)
        assert whole["choices"][0]["message"]["content"] == LONG


def test_nothing_is_left_of_them(matrix: Matrix, server: RunningServer, upstream: RawUpstream, token: str) -> None:
    upstream.wait_until_left()
    deadline = time.monotonic() + PATIENCE
    while (now := sockets(server)) > matrix.sockets and time.monotonic() < deadline:
        time.sleep(0.1)
    assert now <= matrix.sockets
    assert len(list(Path(f"/proc/{server.process.pid}/task").iterdir())) <= THREADS
    assert outcome(ask(server, token, "says a line of 1 MB", "openai", True)) == "done"

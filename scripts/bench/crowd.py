"""Many calls at once, each made a single time on a connection of its own."""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from urllib.parse import urlsplit

from scripts.bench.wire import Answer, BadAnswer, Call

RECEIVE = 256 * 1024
CONNECT_SECONDS = 15.0


def gather(address: str, calls: Sequence[Call], timeout: float) -> None:
    """Makes all these calls at once and waits for the ends of their answers; BadAnswer unless each is 200."""
    end = time.perf_counter() + timeout
    with ExitStack() as stack, selectors.DefaultSelector() as selector:
        for call in calls:
            selector.register(stack.enter_context(_begun(address, call)), selectors.EVENT_READ, Answer())
        while selector.get_map():
            ready = selector.select(max(0.0, end - time.perf_counter()))
            if not ready:
                raise BadAnswer(f"no answer in {timeout:g} s")
            for key, _ in ready:
                if _read(key.fileobj, key.data):  # type: ignore[arg-type]
                    selector.unregister(key.fileobj)


@contextmanager
def held(address: str, call: Call, number: int) -> Iterator[None]:
    """So many connections on which the answer to ``call`` has begun, and goes on."""
    with ExitStack() as stack:
        for sock in [stack.enter_context(_begun(address, call)) for _ in range(number)]:
            answer = Answer()
            while not answer.status:
                _read(sock, answer)
        yield


def abandon(address: str, call: Call, number: int) -> None:
    """Makes so many calls and leaves without waiting for an answer."""
    for sock in [_begun(address, call) for _ in range(number)]:
        sock.close()


def _begun(address: str, call: Call) -> socket.socket:
    parts = urlsplit(address)
    sock = socket.create_connection((parts.hostname, parts.port or 80), CONNECT_SECONDS)
    sock.sendall(call.payload)
    return sock


def _read(sock: socket.socket, answer: Answer) -> bool:
    """Take what has come; whether the answer is complete."""
    data = sock.recv(RECEIVE)
    if data:
        answer.feed(data)
    else:
        answer.end()
    if answer.status not in (0, 200):
        raise BadAnswer(f"status {answer.status}")
    return answer.complete

"""The load generator: one thread, raw sockets, one selector.

An HTTP library costs ten times what most of these requests cost the server, and would be what is measured. This one
writes bytes that were prepared before, and reads as little of the answer as is needed to find its end.
"""

from __future__ import annotations

import selectors
import socket
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from scripts.bench.wire import Answer, BadAnswer, Call

RECEIVE = 256 * 1024
# After the window, answers which are still on their way are waited for this long, so that a slow server is not asked
# for the next thing while it is busy with the last one.
DRAIN = 15.0
MAX_BROKEN = 200
TAIL = 64  # longer than any mark that is looked for
READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE


@dataclass
class Load:
    """What a load gave. Times are in seconds; ``events`` came within ``seconds``, when all connections stood."""

    seconds: float
    events: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)
    first_bytes: list[float] = field(default_factory=list)
    cpu: float = 0.0

    @property
    def done(self) -> int:
        """Answers that came well and whole."""
        return len(self.latencies)

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.done / self.seconds

    @property
    def event_rate(self) -> float:
        """Events of streams a second."""
        return self.events / self.seconds


def percentile(values: list[float], share: float) -> float:
    """The value that ``share`` (0 to 1) of the values do not exceed; nan when there are none."""
    if not values:
        return float("nan")
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


class Client:
    """One of the callers: a request at a time, on one connection as long as it lasts."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._connect()

    def ready(self, mask: int) -> None:
        """The socket can be read or written."""
        try:
            if mask & WRITE:
                self._send()
            if mask & READ:
                self._receive()
        except (OSError, BadAnswer) as error:
            self._run.broke(error)
            self._next(keep_alive=False)

    def close(self) -> None:
        """Gives up the connection and what is under way on it."""
        self._run.selector.unregister(self._sock)
        self._sock.close()

    def _connect(self) -> None:
        self._sock = socket.socket(self._run.family)
        self._sock.setblocking(False)
        self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._begin()
        self._sock.connect_ex(self._run.peer)
        self._interest = WRITE
        self._run.selector.register(self._sock, WRITE, self)

    def _begin(self) -> None:
        self._unsent = self._run.call.payload
        self._answer = Answer()
        self._tail: bytes | None = None
        self._began = time.perf_counter()

    def _send(self) -> None:
        self._unsent = self._unsent[self._sock.send(self._unsent) :]
        interest = READ | WRITE if self._unsent else READ
        if interest != self._interest:
            self._interest = interest
            self._run.selector.modify(self._sock, interest, self)

    def _receive(self) -> None:
        data = self._sock.recv(RECEIVE)
        if data:
            body = self._answer.feed(data)
            if body:
                self._note(body)
        else:
            self._answer.end()
        if self._answer.complete:
            self._finish()

    def _note(self, body: bytes) -> None:
        """Times the first byte, and counts the events of a stream; a mark may lie across two reads."""
        call, load, now = self._run.call, self._run.load, time.perf_counter()
        if self._tail is None:
            self._tail = b""
            load.first_bytes.append(now - self._began)
        if call.event:
            text = self._tail + body
            if self._run.begin <= now <= self._run.end:
                load.events += text.count(call.event) - self._tail.count(call.event)
            self._tail = text[-TAIL:]

    def _finish(self) -> None:
        load, now = self._run.load, time.perf_counter()
        if not 200 <= self._answer.status < 300:
            load.failures[f"status {self._answer.status}"] += 1
        elif self._run.call.final not in (self._tail or b""):
            load.failures["a stream ended early"] += 1
        else:
            load.latencies.append(now - self._began)
        self._next(keep_alive=self._answer.keep_alive)

    def _next(self, *, keep_alive: bool) -> None:
        over = self._run.over
        if over or not keep_alive:
            self.close()
        if over:
            self._run.clients.discard(self)
        elif keep_alive:
            self._begin()
            self._send()
        else:
            self._connect()


class Run:
    """The loop behind ``run``."""

    def __init__(self, address: str, call: Call, clients: int, seconds: float, ramp: float) -> None:
        parts = urlsplit(address)
        addresses = socket.getaddrinfo(parts.hostname, parts.port or 80, proto=socket.IPPROTO_TCP)
        self.family, self.peer = addresses[0][0], addresses[0][4]
        self.call = call
        self.load = Load(seconds)
        self.selector = selectors.DefaultSelector()
        self.clients: set[Client] = set()
        self._broken = 0
        start = time.perf_counter()
        self.begin = start + ramp
        self.end = self.begin + seconds
        self._starts = deque(start + ramp * index / clients for index in range(clients))

    @property
    def over(self) -> bool:
        """Whether no further request is made."""
        return self._broken >= MAX_BROKEN or time.perf_counter() >= self.end

    def broke(self, error: Exception) -> None:
        """Notes a broken exchange; a server that breaks them all is not asked for ever."""
        self._broken += 1
        self.load.failures[str(error)] += 1

    def play(self, when_full: Callable[[], object]) -> Load:
        """Plays the load. A stream is given up when the time is over, any other answer is waited for."""
        used = time.process_time()
        self._loop(self.begin)
        when_full()
        self._loop(self.end)
        if not self.call.event:
            self._loop(self.end + DRAIN)
            self.load.seconds = max(self.load.seconds, time.perf_counter() - self.begin)
            self.load.failures.update({"no answer in time": len(self.clients)} if self.clients else {})
        for client in self.clients:
            client.close()
        self.selector.close()
        self.load.cpu = time.process_time() - used
        return self.load

    def _loop(self, until: float) -> None:
        while (now := time.perf_counter()) < until and (self._starts or self.clients):
            while self._starts and self._starts[0] <= now:
                self._starts.popleft()
                self.clients.add(Client(self))
            wake = min(until, self._starts[0]) if self._starts else until
            for key, mask in self.selector.select(max(0.0, wake - now)):
                key.data.ready(mask)


def run(
    address: str,
    call: Call,
    *,
    clients: int,
    seconds: float,
    ramp: float = 0.0,
    when_full: Callable[[], object] = lambda: None,
) -> Load:
    """Sends ``call`` to the server at ``address`` from ``clients`` connections at once, for ``seconds``.

    With ``ramp`` the connections begin one after another over that many seconds before; ``when_full`` is called then.
    """
    return Run(address, call, clients, seconds, ramp).play(when_full)


def ask(address: str, call: Call, timeout: float = 30.0) -> tuple[int, bytes]:
    """Makes one call on a connection of its own; gives status and body."""
    parts = urlsplit(address)
    answer, body = Answer(), b""
    with socket.create_connection((parts.hostname, parts.port or 80), timeout) as sock:
        sock.sendall(call.payload)
        while not answer.complete:
            data = sock.recv(RECEIVE)
            if data:
                body += answer.feed(data)
            else:
                answer.end()
    return answer.status, body


def probe(address: str, calls: Sequence[Call], seconds: float, every: float = 0.05) -> list[list[float]]:
    """The time that each call takes, tried in turn at a leisurely pace: what a person would meet meanwhile."""
    times: list[list[float]] = [[] for _ in calls]
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        for call, taken in zip(calls, times, strict=True):
            began = time.perf_counter()
            ask(address, call)
            taken.append(time.perf_counter() - began)
            time.sleep(every)
    return times

"""Whole server processes: how they stop, and what becomes of their workers."""

from __future__ import annotations

import json
import os
import queue
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

WAIT = 20.0
PROGRAM = Path(__file__).with_name("program.py")


class Program:
    """A server process and what it logs."""

    def __init__(self, options: dict[str, Any]) -> None:
        command = [sys.executable, str(PROGRAM), json.dumps(options)]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
        self.lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self.log: list[str] = []
        self.reader = threading.Thread(target=self._read)
        self.reader.start()
        self.port = int(self.logged(r"Listening on http://127\.0\.0\.1:(\d+)")[1])

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.put(line)
        self.lines.put("END OF LOG")

    def logged(self, pattern: str) -> re.Match[str]:
        """Wait for the next line that has the pattern."""
        while True:
            line = self.lines.get(timeout=WAIT)
            self.log.append(line)
            if match := re.search(pattern, line):
                return match
            assert line != "END OF LOG", "".join(self.log)

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def exit_code(self) -> int:
        return self.process.wait(WAIT)

    def end(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.reader.join()
        assert self.process.stderr is not None
        self.process.stderr.close()


class Connection:
    def __init__(self, peer: socket.socket) -> None:
        self.socket = peer
        self.socket.settimeout(WAIT)
        self.file = peer.makefile("rb")

    def get(self, path: str) -> Connection:
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        return self

    def head(self) -> dict[str, str]:
        lines = iter(lambda: self.file.readline().strip().decode(), "")
        return dict(line.lower().partition(": ")[::2] for line in lines)

    def answer(self) -> bytes:
        return self.file.read(int(self.head()["content-length"]))

    def close(self) -> None:
        self.file.close()
        self.socket.close()


class World:
    """What a test starts and connects, all closed at its end."""

    def __init__(self) -> None:
        self.opened: list[Any] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(WAIT)

    def program(self, **options: Any) -> Program:
        program = Program(options)
        self.opened.append(program.end)
        return program

    def connection(self, peer: socket.socket) -> Connection:
        connection = Connection(peer)
        self.opened.append(connection.close)
        return connection

    def connect(self, program: Program) -> Connection:
        return self.connection(socket.create_connection(("127.0.0.1", program.port), WAIT))

    def relay(self, program: Program) -> tuple[Connection, Connection]:
        """A streamed reply under way, one chunk read: its client and its upstream."""
        client = self.connect(program).get(f"/relay/{self.listener.getsockname()[1]}")
        upstream = self.connection(self.listener.accept()[0])
        upstream.socket.sendall(b"one")
        client.head()
        assert client.file.read(8) == b"3\r\none\r\n"
        return client, upstream


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    yield world
    for close in reversed(world.opened):
        close()
    world.listener.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_running_reply_ends_and_nobody_else_gets_in(world: World, number: int) -> None:
    program = world.program(graceful_timeout=60)
    idle = world.connect(program).get("/pid")
    idle.answer()
    client, upstream = world.relay(program)
    program.signal(number)
    program.logged("waiting up to 60 s for 1 running")
    assert idle.file.read() == b""  # closed at once
    with pytest.raises(ConnectionRefusedError):
        world.connect(program)
    upstream.socket.sendall(b"two")
    upstream.close()
    assert client.file.read() == b"3\r\ntwo\r\n0\r\n\r\n"
    program.logged("Stopped")
    assert program.exit_code() == 0


def test_a_running_request_ends_and_tells_the_client_to_reconnect(world: World) -> None:
    program = world.program(graceful_timeout=60)
    client = world.connect(program).get("/sleep/0.5")
    world.connect(program).get("/pid").answer()  # so the request before it has been read
    program.signal(signal.SIGTERM)
    headers = client.head()
    assert headers["connection"] == "close"
    assert program.exit_code() == 0


def test_a_reply_that_takes_too_long_is_cancelled_and_its_source_closed(world: World) -> None:
    program = world.program(graceful_timeout=0.2)
    client, upstream = world.relay(program)
    program.signal(signal.SIGTERM)
    program.logged("Cancelling 1")
    assert upstream.file.read() == b""
    assert client.file.read() == b""  # no terminating chunk
    assert program.exit_code() == 0


def test_a_second_signal_ends_the_process_at_once(world: World) -> None:
    program = world.program(graceful_timeout=60)
    world.relay(program)
    program.signal(signal.SIGTERM)
    program.logged("waiting")
    program.signal(signal.SIGTERM)
    assert program.exit_code() == -signal.SIGTERM


def test_workers_serve_the_same_port_and_stop_together(world: World) -> None:
    program = world.program(workers=2, graceful_timeout=60)
    pids = {int(program.logged(r"Post-fork in (\d+)")[1]) for _ in range(2)}
    assert int(world.connect(program).get("/pid").answer()) in pids
    client, upstream = world.relay(program)
    program.signal(signal.SIGTERM)
    program.logged("waiting")
    upstream.close()
    assert client.file.read() == b"0\r\n\r\n"
    assert program.exit_code() == 0
    program.logged("END OF LOG")  # no worker holds it open any more
    assert sum("Stopped" in line for line in program.log) == 2
    with pytest.raises(ConnectionRefusedError):
        world.connect(program)


def test_ctrl_c_in_a_terminal_stops_workers_gracefully(world: World) -> None:
    program = world.program(workers=2, graceful_timeout=60)
    client, upstream = world.relay(program)
    os.killpg(program.process.pid, signal.SIGINT)
    program.logged("waiting")
    upstream.close()
    assert client.file.read() == b"0\r\n\r\n"
    assert program.exit_code() == 0


def test_a_killed_worker_is_replaced(world: World) -> None:
    program = world.program(workers=2)
    first, second = (int(program.logged(r"Post-fork in (\d+)")[1]) for _ in range(2))
    os.kill(first, signal.SIGKILL)
    program.logged("ended with code -9; starting another in 0 s")
    third = int(program.logged(r"Post-fork in (\d+)")[1])
    os.kill(second, signal.SIGSTOP)  # so that the new one has to answer
    assert int(world.connect(program).get("/pid").answer()) == third
    os.kill(second, signal.SIGCONT)
    program.signal(signal.SIGTERM)
    assert program.exit_code() == 0


def test_workers_that_keep_dying_are_started_ever_more_slowly(world: World) -> None:
    program = world.program(workers=2, dies=True)
    waits = [program.logged(r"starting another in (\d+) s")[1] for _ in range(4)]
    assert sorted(waits) == ["0", "0", "1", "1"]
    program.signal(signal.SIGTERM)
    assert program.exit_code() == 0


def test_a_second_signal_kills_the_workers_at_once(world: World) -> None:
    program = world.program(workers=2, graceful_timeout=60)
    world.relay(program)
    program.signal(signal.SIGTERM)
    program.logged("waiting")
    program.signal(signal.SIGTERM)
    program.logged("Killing")
    program.logged("END OF LOG")


def test_workers_end_when_their_parent_is_killed(world: World) -> None:
    program = world.program(workers=2)
    world.connect(program).get("/pid").answer()
    program.signal(signal.SIGKILL)
    program.logged("END OF LOG")
    assert sum("Stopped" in line for line in program.log) == 2


def test_a_port_in_use_is_explained(world: World) -> None:
    port = world.listener.getsockname()[1]
    command = [sys.executable, "-c", f"from webui.server import serve; serve(object(), port={port})"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=WAIT, check=False)
    assert result.returncode == 1
    assert f"Cannot listen on 127.0.0.1 port {port}" in result.stderr


def test_workers_are_not_forked_while_threads_run(make_site: Callable[..., Any]) -> None:
    from webui.server.workers import Supervisor

    make_site()
    with pytest.raises(RuntimeError, match="workers = 1"):
        Supervisor(pytest.fail, 2, [], 1.0, None).run()


def test_an_option_that_nobody_knows_is_refused() -> None:
    from webui.server import serve

    with pytest.raises(ValueError, match="colour"):
        serve(object(), colour="red")

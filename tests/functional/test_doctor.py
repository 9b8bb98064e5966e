"""The examination of a server that runs, as people have it: behind a proxy, which may keep its streams back."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.support import QUIET, Client
from tests.support_server import KEPT, PATIENCE, SCRIPTS, RunningServer, running_server
from webui.doctor.checks import chosen, examine
from webui.doctor.context import Context
from webui.doctor.finding import Finding, Status

Pass = Callable[[BaseHTTPRequestHandler, HTTPResponse], None]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with running_server(tmp_path_factory.mktemp("server"), {}) as running:
        yield running


def environ(server: RunningServer, **more: str) -> dict[str, str]:
    """The server's own environment, as far as the doctor must know it."""
    host, _, port = server.url.removeprefix("http://").partition(":")
    return {**QUIET, "ENABLE_OPENAI_API": "false", "HOST": host, "PORT": port, "WEBUI_URL": server.url, **more}


def keep_back(client: BaseHTTPRequestHandler, answer: HTTPResponse) -> None:
    """Read the whole answer first."""
    body = answer.read()
    client.send_header("Content-Length", str(len(body)))
    client.end_headers()
    client.wfile.write(body)


def let_through(client: BaseHTTPRequestHandler, answer: HTTPResponse) -> None:
    """Pass on what comes as it comes, until the connection ends."""
    client.end_headers()
    while piece := answer.read1():
        client.wfile.write(piece)


@contextmanager
def proxy(target: str, pass_on: Pass) -> Iterator[str]:
    """A proxy on a free port of the loopback; its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            connection = HTTPConnection(target.removeprefix("http://"), timeout=PATIENCE)
            connection.request("GET", self.path, headers={"Host": self.headers["Host"]})
            with connection.getresponse() as answer:
                self.send_response(answer.status)
                self.send_header("Content-Type", answer.headers["Content-Type"])
                pass_on(self, answer)
            connection.close()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        thread = threading.Thread(target=listening.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{listening.server_port}"
        listening.shutdown()
        thread.join()


def look(environment: dict[str, str], group: str) -> dict[str, Finding]:
    context = Context(environ=environment)
    try:
        return {check.name: finding for check, finding in examine(context, chosen([group]))}
    finally:
        context.close()


def test_streams_come_piece_by_piece(client: Client) -> None:
    answer = client.get("/health/stream", status=200)
    assert answer.content_type == "text/event-stream"
    assert answer.headers["X-Accel-Buffering"] == "no"
    assert answer.body == b"data: 0\n\ndata: 1\n\ndata: 2\n\n"


@pytest.mark.parametrize(("pass_on", "status"), [(let_through, Status.OK), (keep_back, Status.PROBLEM)])
def test_a_proxy_that_keeps_streams_back_is_found(server: RunningServer, pass_on: Pass, status: Status) -> None:
    with proxy(server.url, pass_on) as public:
        found = look(environ(server, WEBUI_URL=public), "network")
    assert found["network.port"].status is Status.OK
    assert found["network.public_url"].status is Status.OK
    assert found["network.streams"].status is status


def test_the_command_examines_the_server_as_it_runs(server: RunningServer, tmp_path: Path) -> None:
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    folder = Path(f"/proc/{server.process.pid}/cwd").resolve()
    before = sorted(path.name for path in folder.iterdir())
    done = subprocess.run(
        [SCRIPTS / "webui", "doctor", "--json"],
        cwd=tmp_path,
        env={**kept, **environ(server, DATA_DIR=str(folder))},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    found = {check["name"]: check for check in json.loads(done.stdout)["checks"]}
    assert {name for name, check in found.items() if check["status"] == "problem"} == set()
    for name in ("database.journal", "database.integrity", "security.known_key", "network.port", "network.streams"):
        assert found[name]["status"] == "ok", found[name]
    assert sorted(path.name for path in folder.iterdir()) == before

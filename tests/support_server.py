"""A server started as people start it, for tests that need its process: streams, memory, signals."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from tests.support import PASSWORD, QUIET
from webui.models import migrate

ROOT = Path(__file__).parents[1]
SCRIPTS = Path(sys.executable).parent
PATIENCE = 60.0  # seconds; the bound of every wait
KEPT = ("PATH", "HOME", "LANG", "TMPDIR")


@dataclass
class RunningServer:
    """A server under test; ``url`` is its address, ``log`` what it has said."""

    url: str
    process: subprocess.Popen[str]
    log: list[str] = field(default_factory=list)

    def call(self, method: str, path: str, body: Any = None, *, token: str = "") -> HTTPResponse:
        """Make a request; the answer's body is still to be read. Closing the answer leaves the server."""
        connection = HTTPConnection(self.url.removeprefix("http://"), timeout=PATIENCE)
        content = None if body is None else json.dumps(body)
        headers = {"Content-Type": "application/json", "Connection": "close"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        connection.request(method, path, content, headers)
        return connection.getresponse()

    def sign_up(self, **form: str) -> str:
        """Make the administrator's account; its token."""
        form = {"name": "Ada", "email": "ada@example.com", "password": PASSWORD, **form}
        with self.call("POST", "/api/v1/auths/signup", form) as answer:
            token: str = json.load(answer)["token"]
        return token

    def memory(self) -> int:
        """Resident bytes of the process."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8")
        return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) * 1024  # type: ignore[index]

    def kill(self, number: signal.Signals = signal.SIGKILL) -> int:
        """Send a signal and wait for the end; the exit code."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)


@contextmanager
def running_server(folder: Path, environ: Mapping[str, str]) -> Iterator[RunningServer]:
    """Runs ``pserve production.ini`` on a free port, with its data in ``folder``.

    What ``initialize_db`` does is done here: its process would take a second to load what this one has.
    """
    migrate.upgrade(sa.make_url(environ.get("DATABASE_URL", f"sqlite:///{folder}/webui.db")))
    (folder / ".env").touch()  # a developer's own is not part of the test
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    address = {"HOST": "127.0.0.1", "PORT": "0", "DATA_DIR": str(folder)}
    place: dict[str, Any] = {"cwd": folder, "env": {**kept, **QUIET, **address, **environ}, "text": True}
    with subprocess.Popen(
        [SCRIPTS / "pserve", ROOT / "production.ini"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **place
    ) as process:
        log: list[str] = []
        url = _address(process, log)
        reader = threading.Thread(target=log.extend, args=(process.stdout,))  # a full pipe would stop the server
        reader.start()
        try:
            yield RunningServer(url, process, log)
        finally:
            process.terminate()
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
            reader.join(PATIENCE)


def _address(process: subprocess.Popen[str], log: list[str]) -> str:
    """What the server says that it listens on; RuntimeError with its words if it ends before."""
    assert process.stdout is not None
    for line in process.stdout:
        log.append(line)
        if found := re.search(r"Listening on (http://\S+)", line):
            return found[1]
    raise RuntimeError("The server did not start. It said:\n" + "".join(log))


def run_example(name: str, server: RunningServer, token: str, model: str) -> str:
    """What a script of the documentation prints."""
    environ = {**os.environ, "WEBUI_URL": server.url, "WEBUI_TOKEN": token, "WEBUI_MODEL": model}
    command = [sys.executable, ROOT / "docs" / "examples" / name]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout

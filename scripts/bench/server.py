"""The server under test as processes: starting it as people do, and what it takes from the machine (Linux /proc)."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.bench import client
from scripts.bench.harness import ROOT
from scripts.bench.wire import BadAnswer, Call

INI = ROOT / "production.ini"
PATIENCE = 60.0
POLL = 0.005
TICKS = os.sysconf("SC_CLK_TCK")
KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ")


@dataclass(frozen=True)
class Server:
    """A server under test. ``pid`` is the root of its processes, if known; ``start`` the seconds until it answered."""

    url: str
    pid: int | None = None
    start: float | None = None


@dataclass(frozen=True)
class Usage:
    """What a tree of processes takes: resident memory in MB, seconds of CPU so far, threads."""

    memory: float
    cpu: float
    threads: int


def usage(root: int) -> Usage:
    """Adds up the processes under ``root``. Pages that processes share count for each of them."""
    pids = _tree(root)
    status = [_status(pid) for pid in pids]
    return Usage(
        memory=sum(int(fields.get("VmRSS", "0 kB").split()[0]) for fields in status) / 1024,
        cpu=sum(_cpu(pid) for pid in pids),
        threads=sum(int(fields.get("Threads", "0")) for fields in status),
    )


@contextmanager
def started(upstream_url: str, database_url: str | None = None) -> Iterator[Server]:
    """Makes the database, starts ``pserve production.ini`` on a free port of the loopback, and stops it in the end."""
    scripts = Path(sys.executable).parent
    with tempfile.TemporaryDirectory(prefix="webui-bench-") as name, Path(name, "log").open("wb") as log:
        folder = Path(name)
        # With an empty .env and few variables: a developer's checkout and shell are not part of what is measured.
        (folder / ".env").touch()
        port = _free_port()
        environ = _environ(folder, port, upstream_url, database_url)
        place: dict[str, Any] = {"cwd": folder, "env": environ, "stdout": log, "stderr": log}
        made = subprocess.run([scripts / "initialize_db", INI], timeout=PATIENCE, check=False, **place)
        if made.returncode:
            raise SystemExit(f"initialize_db failed. It said:\n{_tail(log.name)}")
        began = time.perf_counter()
        process = subprocess.Popen([scripts / "pserve", INI], **place)
        try:
            url = f"http://127.0.0.1:{port}"
            if not _answers(url, process, began + PATIENCE):
                raise SystemExit(f"The server did not answer 200 on /health. It said:\n{_tail(log.name)}")
            yield Server(url, process.pid, time.perf_counter() - began)
        finally:
            _stop(process)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return int(sock.getsockname()[1])


def _environ(folder: Path, port: int, upstream_url: str, database_url: str | None) -> dict[str, str]:
    environ = {name: os.environ[name] for name in KEPT if name in os.environ}
    if database_url:
        environ["DATABASE_URL"] = database_url
    return environ | {
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "DATA_DIR": str(folder / "data"),
        "WEBUI_SECRET_KEY": secrets.token_hex(32),
        "WEBUI_SIGNIN_RATE_LIMIT": "1000000",
        "WEBUI_SIGNIN_RATE_ADDRESS_LIMIT": "0",
        "ENABLE_OLLAMA_API": "false",
        "OPENAI_API_BASE_URLS": upstream_url,
        "OPENAI_API_KEYS": "sk-fake",
    }


def _answers(url: str, process: subprocess.Popen[bytes], deadline: float) -> bool:
    """Waits for the first 200 on /health; False if the process ends or time is over before."""
    while process.poll() is None and time.perf_counter() < deadline:
        if _healthy(url):
            return True
        time.sleep(POLL)
    return False


def _healthy(url: str) -> bool:
    try:
        return client.ask(url, Call.to(url, "GET", "/health"))[0] == 200
    except (OSError, BadAnswer):
        return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _tail(path: str, lines: int = 30) -> str:
    return "\n".join(Path(path).read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])


def _tree(root: int) -> list[int]:
    """``root`` and all its descendants."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            parent = _status(int(entry.name)).get("PPid")
            if parent is not None:
                children.setdefault(int(parent), []).append(int(entry.name))
    found = [root]
    for pid in found:
        found += children.get(pid, [])
    return found


def _status(pid: int) -> dict[str, str]:
    """The fields of /proc/<pid>/status; none if the process has just ended."""
    try:
        text = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return {}
    return {name: value.strip() for name, _, value in (line.partition(":") for line in text.splitlines())}


def _cpu(pid: int) -> float:
    """Seconds in user and system mode: fields 14 and 15 of proc(5) stat, counted behind the bracketed name."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICKS

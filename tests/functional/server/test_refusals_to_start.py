"""``pserve`` with what cannot be served: one text and exit code 1, which ``Restart=on-failure`` of systemd goes by."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import QUIET
from tests.support_server import PATIENCE, SCRIPTS

INI = """
[app:main]
use = egg:webui
[server:main]
use = egg:webui#main
host = 127.0.0.1
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A deployment whose database is ready."""
    folder = tmp_path_factory.mktemp("deployment")
    (folder / "site.ini").write_text(INI, encoding="utf-8")
    assert ended(folder, "initialize_db") == (0, "")
    return folder


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which somebody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


def ended(folder: Path, program: str, **environ: str) -> tuple[int, str]:
    """The exit code, and what stands on stderr."""
    call = [str(SCRIPTS / program), "site.ini"]
    environ = {"PATH": os.environ["PATH"], **QUIET, **environ}
    done = subprocess.run(call, cwd=folder, env=environ, capture_output=True, text=True, timeout=PATIENCE, check=False)
    return done.returncode, done.stderr


def test_a_port_that_is_taken(folder: Path, taken: int) -> None:
    code, said = ended(folder, "pserve", PORT=str(taken))
    assert code == 1
    assert f"Cannot listen on 127.0.0.1 port {taken}" in said
    assert "Traceback" not in said


def test_keys_of_the_server_that_are_wrong(folder: Path) -> None:
    ini = folder / "site.ini"
    ini.write_text(f"{INI}prot = 1\nchannel_timeout = soon\n", encoding="utf-8")
    code, said = ended(folder, "pserve")
    assert code == 1
    assert "[server:main] prot: there is no such key; did you mean port?" in said
    assert "[server:main] channel_timeout: invalid literal" in said
    assert "Traceback" not in said

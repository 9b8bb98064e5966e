from __future__ import annotations

from collections.abc import Callable

import pytest

from webui.doctor import processes
from webui.doctor.finding import Finding, Status

Look = Callable[..., Finding]


@pytest.mark.parametrize("name", ["open_files", "threads", "workers"])
def test_the_defaults_are_healthy(look: Look, name: str) -> None:
    assert look(f"processes.{name}", WEBUI_CONNECTION_LIMIT="16").status is Status.OK


def test_more_connections_than_files(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    resource = pytest.importorskip("resource")
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1024, 1115))
    found = look("processes.open_files", WEBUI_CONNECTION_LIMIT="1016")
    assert found.status is Status.WARNING
    assert "ulimit -Hn" in found.remedy
    assert look("processes.open_files", WEBUI_CONNECTION_LIMIT="1015").status is Status.OK  # the server raises its own
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1024, resource.RLIM_INFINITY))
    assert look("processes.open_files", WEBUI_CONNECTION_LIMIT="65535").status is Status.OK


@pytest.mark.parametrize("environ", [{"UVICORN_WORKERS": "64"}, {"WEBUI_THREADS": "256"}])
def test_more_work_than_cores(look: Look, monkeypatch: pytest.MonkeyPatch, environ: dict[str, str]) -> None:
    monkeypatch.setattr(processes, "_cores", lambda: 2)
    found = look("processes.threads", **environ)
    assert found.status is Status.WARNING
    assert found.remedy.startswith(f"Set {next(iter(environ))}=")


def test_several_workers_on_sqlite(look: Look) -> None:
    assert look("processes.workers", UVICORN_WORKERS="2").status is Status.WARNING
    postgresql = "postgresql://u@127.0.0.1:1/x"
    assert look("processes.workers", UVICORN_WORKERS="2", DATABASE_URL=postgresql).status is Status.OK

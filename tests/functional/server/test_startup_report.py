"""What a server says of itself when it has started."""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import Client
from tests.support_server import PATIENCE, RunningServer, running_server
from webui.server.serve import Listening
from webui.startup import report

KEY = "a-key-that-nobody-may-see"
SECRETS = {
    "WEBUI_SECRET_KEY": KEY,
    "OPENAI_API_BASE_URLS": f"http://user:{KEY}@localhost:9/v1;http://localhost:10/v1?key={KEY}",
    "OPENAI_API_KEYS": f"sk-{KEY};",
    "WEBUI_URL": f"https://user:{KEY}@chat.example.com",
}

PERMISSIONS = [
    f"USER_PERMISSIONS_CHAT_{name}" for name in ("CONTROLS", "DELETE", "EDIT", "SHARE", "EXPORT", "STT", "TTS")
]


def told(server: RunningServer) -> list[str]:
    """The lines of the report, once it is complete."""
    deadline = time.monotonic() + PATIENCE
    while not any("Next: " in line for line in server.log):
        assert time.monotonic() < deadline, "".join(server.log)
        time.sleep(0.02)
    return [line for line in server.log if "webui.startup" in line]


def test_one_process_tells_on_one_screen_what_was_started_and_no_secret(tmp_path: Path) -> None:
    with running_server(tmp_path, {"WEBUI_SECRET_KEY": KEY, "WEBUI_LOG_FORMAT": "json"}) as server:
        last = json.loads(told(server)[-1])
        server.url = server.url.rstrip('"}')  # it was taken out of a JSON line
        server.sign_up()  # which stores that it is closed from now on
    assert last["level"] == "INFO"
    assert last["message"] == f"Next: open {server.url} and make the first account, which is the administrator's"

    with running_server(tmp_path, {**SECRETS, "UVICORN_WORKERS": "2", "ENABLE_SIGNUP": "true"}) as server:
        told(server)
        with server.call("GET", "/health") as answer:
            assert answer.status == 200
    assert KEY not in "".join(server.log)
    lines = [line.split("] ", 1)[1].strip() for line in told(server)]
    assert len(lines) == len(set(lines)) <= 25
    assert re.fullmatch(r"webui [0-9.]+, Python 3[0-9.]+; processes: 2, threads of each: 4", lines[0])
    found = dict(line.split(": ", 1) for line in lines[1:])
    assert found["Public address"] == "https://••••••@chat.example.com"
    assert found["Settings from"].startswith(f"the environment, {tmp_path / '.env'}, ")
    assert found["Database"].startswith(f"SQLite, file {tmp_path / 'webui.db'}; schema 0")
    assert found["Data"] == str(tmp_path)
    assert found["Sign-up"] == "open; new accounts: pending"
    assert "ENABLE_SIGNUP" in found["Locked, since they are set outside the database"]
    assert found["Stored but overridden"] == "ui.enable_signup by environment ENABLE_SIGNUP"
    assert {"Connection: openai at localhost:9, on", "Connection: ollama at localhost:11434, off"} < set(lines)
    assert found["Local model"] == "off"
    assert found["Next"] == "open https://••••••@chat.example.com"


@pytest.fixture
def lines(make_client: Callable[..., Client], caplog: pytest.LogCaptureFixture) -> Callable[..., dict[str, str]]:
    def report_of(url: str = "http://127.0.0.1:8080", **environ: str) -> dict[str, str]:
        client = make_client(**environ)
        with caplog.at_level(logging.INFO, "webui.startup"):
            report(client.registry, [], Listening([url], 1, 4))
        return dict(record.getMessage().split(": ", 1) for record in caplog.records if record.name == "webui.startup")

    return report_of


@pytest.mark.parametrize("host", ["0.0.0.0", "[::]"])
def test_an_address_of_every_interface_is_told_as_a_browser_opens_it(
    lines: Callable[..., dict[str, str]], host: str
) -> None:
    assert lines(f"http://{host}:80")["Next"].startswith("open http://localhost:80 and make the first account")


def test_a_server_that_nobody_can_enter_tells_how_to_open_it(lines: Callable[..., dict[str, str]]) -> None:
    found = lines(ENABLE_SIGNUP="false")
    assert found["Sign-up"] == "closed; new accounts: pending"
    assert found["Next"].startswith("set WEBUI_ADMIN_EMAIL and WEBUI_ADMIN_PASSWORD")


def test_long_lists_are_cut(lines: Callable[..., dict[str, str]]) -> None:
    urls = ";".join(f"http://host{number}" for number in range(40))
    found = lines(OPENAI_API_BASE_URLS=urls, **dict.fromkeys(PERMISSIONS, "1"))
    assert found["Connections besides"] == "35"
    assert found["Locked, since they are set outside the database"].endswith(" more")
    assert len(found) <= 24

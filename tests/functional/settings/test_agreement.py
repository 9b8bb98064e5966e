"""Processes that share a database and nothing else agree about the settings."""

from __future__ import annotations

import json
import random
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from tests.support_server import RunningServer, running_server

SERVERS, BURSTS, CHANGES = 4, 5, 20
AGREED = 2.0  # seconds after a change
SETTINGS = {  # by the contract's name: ours, and values; null is the default
    "TASK_MODEL": ("task.model.default", ["a", "b", "c", None]),
    "TASK_MODEL_EXTERNAL": ("task.model.external", ["a", "b", "c", None]),
    "TITLE_GENERATION_PROMPT_TEMPLATE": ("task.title.prompt_template", ["a", "b", "c", None]),
    "AUTOCOMPLETE_GENERATION_INPUT_MAX_LENGTH": ("task.autocomplete.input_max_length", [1, 2, 3, None]),
}


def change(server: RunningServer, token: str, name: str, value: Any) -> None:
    with server.call("POST", "/api/v1/settings", {SETTINGS[name][0]: value}, token=token) as answer:
        assert answer.status == 200, answer.read()


def shown(server: RunningServer, token: str) -> dict[str, Any]:
    with server.call("GET", "/api/v1/tasks/config", token=token) as answer:
        config = json.load(answer)
    return {name: config[name] for name in SETTINGS}


def test_four_processes_agree_within_two_seconds(empty_database_url: sa.URL, tmp_path: Path) -> None:
    chance = random.Random(5)
    environ = {"DATABASE_URL": empty_database_url.render_as_string(hide_password=False)}
    with ExitStack() as stack, ThreadPoolExecutor(SERVERS) as pool:
        places = [running_server(tmp_path, environ) for _ in range(SERVERS)]
        servers = list(pool.map(stack.enter_context, places))
        token = servers[0].sign_up()
        expected = default = shown(servers[0], token)
        for _ in range(BURSTS):
            for _ in range(CHANGES):
                name = chance.choice(list(SETTINGS))
                value = chance.choice(SETTINGS[name][1])
                change(chance.choice(servers), token, name, value)
                expected = {**expected, name: default[name] if value is None else value}
            deadline = time.monotonic() + AGREED
            while any(shown(server, token) != expected for server in servers) and time.monotonic() < deadline:
                time.sleep(0.05)
            assert [shown(server, token) for server in servers] == [expected] * SERVERS

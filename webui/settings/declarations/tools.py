from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

from pydantic_core import to_json

from webui.settings.declarations.planned import address, engine, key, planned
from webui.settings.parsers import HIDDEN, Parser, boolean, choice, duration, integer, json_objects, text, texts, url
from webui.settings.setting import Setting

CREDENTIALS = re.compile("//.*@", re.DOTALL)
SHOWN = ("url", "path", "type", "auth_type")  # keys, headers and what sign-ins leave behind are not


def _connections() -> Parser[list[dict[str, Any]]]:
    """A JSON array of tool servers in the contract's form."""
    objects = json_objects()

    def parse(raw: object) -> list[dict[str, Any]]:
        found = objects.parse(raw)
        if not all(isinstance(item.get("url"), str) for item in found):
            raise ValueError('must be a JSON array of objects with a "url" each')
        return found

    return replace(objects, parse=parse, redact=_without_credentials)


def _without_credentials(connections: list[dict[str, Any]]) -> str:
    return to_json([_shown(connection) for connection in connections]).decode()


def _shown(connection: dict[str, Any]) -> dict[str, str]:
    words = {name: str(connection[name]) for name in SHOWN if connection.get(name)}
    return {name: CREDENTIALS.sub(f"//{HIDDEN}@", word) for name, word in words.items()}


TOOL_SERVERS = (
    Setting(
        "tool_server.connections",
        _connections(),
        "[]",
        "TOOL_SERVER_CONNECTIONS",
        'JSON array of the servers whose tools models may use: [{"url": "https://tools.example.com", "path": '
        '"openapi.json", "type": "openapi", "auth_type": "bearer", "key": "…"}].',
        secret=True,
        runtime=True,
        planned=True,
    ),
    Setting(
        "tool_server.timeout",
        duration(least=timedelta(seconds=1)),
        "10s",
        "AIOHTTP_CLIENT_TIMEOUT_TOOL_SERVER_DATA",
        "How long a tool server may take to describe its tools.",
    ),
    Setting(
        "tool_server.verify_tls",
        boolean(),
        "true",
        "AIOHTTP_CLIENT_SESSION_TOOL_SERVER_SSL",
        "Whether certificates of tool servers are verified.",
    ),
    Setting(
        "tool_server.max_rounds",
        integer(0, 1000),
        "30",
        "CHAT_RESPONSE_MAX_TOOL_CALL_RETRIES",
        "How often a model may call tools again before its reply ends.",
        planned=True,
    ),
)

JUPYTER_AUTH = engine("token", "password")
JUPYTER_TIMEOUT = integer(1, 86_400)


def _follows(part: str, parser: Parser[Any], what: str, *, secret: bool = False) -> Setting:
    env = f"CODE_INTERPRETER_JUPYTER_{part.upper()}"
    return Setting(
        f"code_interpreter.jupyter.{part}",
        parser,
        None,
        env,
        what,
        secret=secret,
        runtime=True,
        planned=True,
        default_from=f"code_execution.jupyter.{part}",
    )


CODE = (
    address("code_execution.jupyter.url", "", "CODE_EXECUTION_JUPYTER_URL", "Jupyter server for code that people run."),
    planned("code_execution.jupyter.auth", JUPYTER_AUTH, "", "CODE_EXECUTION_JUPYTER_AUTH", "How to sign in there."),
    key("code_execution.jupyter.auth_token", "CODE_EXECUTION_JUPYTER_AUTH_TOKEN", "Token for that server."),
    key("code_execution.jupyter.auth_password", "CODE_EXECUTION_JUPYTER_AUTH_PASSWORD", "Password for that server."),
    planned(
        "code_execution.jupyter.timeout",
        JUPYTER_TIMEOUT,
        "60",
        "CODE_EXECUTION_JUPYTER_TIMEOUT",
        "Seconds that code may run on that server.",
    ),
    planned(
        "code_interpreter.engine",
        choice("pyodide", "jupyter"),
        "pyodide",
        "CODE_INTERPRETER_ENGINE",
        "Where code that models run does so: in the browser (pyodide) or on a Jupyter server.",
    ),
    planned(
        "code_interpreter.prompt_template",
        text(),
        "",
        "CODE_INTERPRETER_PROMPT_TEMPLATE",
        "Prompt that tells a model how to run code; empty is the built-in one.",
    ),
    _follows("url", url(), "Jupyter server for code that models run."),
    _follows("auth", JUPYTER_AUTH, "How to sign in there."),
    _follows("auth_token", text(), "Token for that server.", secret=True),
    _follows("auth_password", text(), "Password for that server.", secret=True),
    _follows("timeout", JUPYTER_TIMEOUT, "Seconds that code may run on that server."),
    Setting(
        "code_interpreter.blocked_modules",
        texts(","),
        "",
        "CODE_INTERPRETER_BLOCKED_MODULES",
        "Python modules that code of models may not import, with commas between.",
        planned=True,
    ),
)
TOOLS = (*TOOL_SERVERS, *CODE)

"""Helpers of tests that are no fixtures."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock
from uuid import uuid4

import sqlalchemy as sa
from pyramid.config import ActionState, Configurator
from pyramid.registry import Registry
from pyramid.router import Router
from webtest import TestApp, TestResponse

from webui.config import assemble, furnish
from webui.models import lookup
from webui.settings import load

PASSWORD = "correct horse battery"
# No connection and no model but those that a test names.
QUIET = {
    "ENABLE_OLLAMA_API": "false",
    "WEBUI_LOCAL_MODEL": "false",
    "ENABLE_EVALUATION_ARENA_MODELS": "false",
}


def make_application(url: sa.URL, folder: Path, environ: Mapping[str, str]) -> Router:
    """The real application on this database.

    The routes and views that no setting changes are assembled once, which takes 0.25 s; the rest is new.
    """
    address = {"DATABASE_URL": url.render_as_string(hide_password=False), "DATA_DIR": str(folder)}
    settings = load({}, {**QUIET, **address, **environ})
    config = Configurator(registry=copy(_assembled()))
    config.action_state = ActionState()  # not that of the copied, in which all has been included
    furnish(config, settings)
    return config.make_wsgi_app()


@cache
def _assembled() -> Registry:
    return assemble().registry


class Client:
    """A person's way to the API: no exception for error statuses, the token in a header."""

    def __init__(self, app: TestApp, token: str | None = None, user: dict[str, Any] | None = None) -> None:
        self.app = app
        app.extra_environ["webob.is_body_seekable"] = True  # as our server says; WebOb's copying is quadratic
        self.registry = app.app.registry
        self.token = token
        self.user = user or {}

    def sign_up(self, **form: str) -> Client:
        """A new account, signed in."""
        form = {"name": "Somebody", "email": f"{uuid4().hex}@example.com", "password": PASSWORD, **form}
        answer = self.post("/api/v1/auths/signup", form, status=200).json
        return Client(TestApp(self.app.app), answer["token"], answer)

    def get(self, path: str, **options: Any) -> TestResponse:
        return self._call(self.app.get, path, options)

    def post(self, path: str, body: Any, **options: Any) -> TestResponse:
        return self._call(self.app.post_json, path, {"params": body, **options})

    def post_raw(self, path: str, body: bytes, **options: Any) -> TestResponse:
        return self._call(self.app.post, path, {"params": body, "content_type": "application/json", **options})

    def delete(self, path: str, body: Any = None, **options: Any) -> TestResponse:
        if body is None:
            return self._call(self.app.delete, path, options)
        return self._call(self.app.delete_json, path, {"params": body, **options})

    def _call(self, method: Any, path: str, options: dict[str, Any]) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        options = {"status": "*", **options, "headers": {**headers, **options.get("headers", {})}}
        return method(path, **options)


@contextmanager
def counted_statements(engine: sa.Engine) -> Iterator[list[str]]:
    """The SQL statements that this thread executes meanwhile, and no others.

    What SQLite's connections are told of the next transaction's mode is left out: it depends on who had them last.
    """
    statements: list[str] = []
    thread = threading.get_ident()

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if threading.get_ident() == thread and not statement.startswith("PRAGMA query_only"):
            statements.append(statement)

    def look_up(engine: sa.Engine, sql: str, arguments: Any) -> Any:
        note(None, None, sql)
        return first(engine, sql, arguments)

    first = lookup._first
    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        with mock.patch.object(lookup, "_first", look_up):
            yield statements
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)


def message(message_id: str, parent: str | None = None, **fields: Any) -> dict[str, Any]:
    """A message as the page holds it."""
    return {"id": message_id, "parentId": parent, "childrenIds": [], "role": "user", "content": message_id, **fields}


def conversation(*messages: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """The body of a chat with these messages."""
    history = {
        "messages": {item["id"]: item for item in messages},
        "currentId": messages[-1]["id"] if messages else None,
    }
    return {"chat": {"title": "A chat", "models": ["m"], "history": history, **fields}}

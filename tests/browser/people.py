"""People with accounts on a running server."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from tests.support import PASSWORD, conversation
from tests.support_server import RunningServer


@dataclass(frozen=True)
class Person:
    """Somebody, and their way past the page."""

    server: RunningServer
    name: str
    email: str
    token: str
    id: str
    password: str = PASSWORD

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """What the server answers."""
        with self.server.call(method, path, body, token=self.token) as answer:
            found = json.load(answer)
        assert answer.status < 400, found
        return found

    def keep_chat(self, *messages: dict[str, Any], **fields: Any) -> str:
        """Store a chat; its id."""
        chat_id: str = self.call("POST", "/api/v1/chats/new", conversation(*messages, **fields))["id"]
        return chat_id

    def prefer(self, **ui: Any) -> None:
        """Change how the page looks for them."""
        self.call("POST", "/api/v1/users/user/settings/update", {"ui": ui})


def first_person(server: RunningServer, name: str = "Ada") -> Person:
    """The administrator, whose account is made."""
    email = f"{uuid4().hex}@example.com"
    form = {"name": name, "email": email, "password": PASSWORD}
    with server.call("POST", "/api/v1/auths/signup", form) as answer:
        return _person(server, json.load(answer))


def another(admin: Person, name: str = "Bo", role: str = "user") -> Person:
    """Somebody whom the administrator lets in."""
    form = {"name": name, "email": f"{uuid4().hex}@example.com", "password": PASSWORD, "role": role}
    return _person(admin.server, admin.call("POST", "/api/v1/auths/add", form))


def _person(server: RunningServer, account: Mapping[str, Any]) -> Person:
    return Person(server, account["name"], account["email"], account["token"], account["id"])

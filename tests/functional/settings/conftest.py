from __future__ import annotations

from typing import Any

import pytest
from webtest import TestResponse

from tests.support import Client
from webui.models.setting import stored_values

SETTINGS = "/api/v1/settings"
HISTORY = f"{SETTINGS}/history"
SIGNUP, KEYS, DAYS = "ui.enable_signup", "openai.api_keys", "chats.trash_days"


@pytest.fixture
def admin(make_client) -> Client:
    return make_client(DEFAULT_USER_ROLE="user", WEBUI_SECRET_KEY="the-secret-key-of-this-test-is-long").sign_up(
        name="Ada"
    )


def change(admin: Client, status: int = 200, **values: Any) -> TestResponse:
    names = {"signup": SIGNUP, "keys": KEYS, "days": DAYS, "role": "ui.default_user_role", "port": "server.port"}
    return admin.post(SETTINGS, {names.get(name, name): value for name, value in values.items()}, status=status)


def value(admin: Client, name: str) -> Any:
    return admin.registry.runtime.settings[name]


def stored(admin: Client) -> dict[str, Any]:
    with admin.registry.database.reader() as connection:
        return stored_values(connection)[1]


def history(admin: Client, page: int = 1) -> list[dict[str, Any]]:
    return admin.get(f"{HISTORY}?page={page}", status=200).json


def row(admin: Client, name: str) -> dict[str, Any]:
    return next(item for item in admin.get(SETTINGS, status=200).json if item["name"] == name)


def signed_in_elsewhere(admin: Client, make_client) -> Client:
    """The administrator of a server on the same database that has another secret key."""
    moved = Client(make_client(WEBUI_SECRET_KEY="another-secret-key-that-is-long-enough").app)
    form = {"email": admin.user["email"], "password": "correct horse battery"}
    moved.token = moved.post("/api/v1/auths/signin", form, status=200).json["token"]
    return moved

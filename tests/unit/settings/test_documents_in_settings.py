"""Settings that are documents in the contract's form: what of them is refused, and what is shown."""

from __future__ import annotations

import json
from typing import Any

import pytest

from webui.settings import SETTINGS
from webui.settings.parsers import HIDDEN

BY_NAME = {setting.name: setting for setting in SETTINGS}
BANNER: dict[str, Any] = {"id": "1", "type": "info", "content": "Hello", "dismissible": True, "timestamp": 0}
SERVER: dict[str, Any] = {"url": "https://ann:pw@tools.example.com", "path": "openapi.json", "auth_type": "bearer"}


@pytest.mark.parametrize("more", [{}, {"title": None}, {"title": "News"}, {"colour": "red"}])
def test_a_banner_may_have_a_title_and_more(more: dict[str, Any]) -> None:
    assert BY_NAME["ui.banners"].type.parse(json.dumps([BANNER | more])) == [BANNER | more]


@pytest.mark.parametrize(
    "wrong", [{"id": 1}, {"title": 1}, {"content": None}, {"dismissible": "no"}, {"timestamp": ""}]
)
def test_a_banner_that_no_page_can_show_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match='"dismissible"'):
        BY_NAME["ui.banners"].type.parse([BANNER | wrong])


def test_a_tool_server_needs_an_address() -> None:
    with pytest.raises(ValueError, match='"url"'):
        BY_NAME["tool_server.connections"].type.parse([{"path": "openapi.json"}])


def test_of_a_tool_server_no_credential_is_shown() -> None:
    setting = BY_NAME["tool_server.connections"]
    secrets = {"key": "s3cret", "headers": {"X-Key": "s3cret"}, "config": {"k": "s3cret"}, "info": {"o": "s3cret"}}
    shown = setting.show(setting.type.parse([SERVER | secrets]))
    assert "s3cret" not in shown
    assert "ann" not in shown
    assert json.loads(shown) == [SERVER | {"url": f"https://{HIDDEN}@tools.example.com"}]

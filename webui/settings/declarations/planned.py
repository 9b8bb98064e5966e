"""Short forms for settings that an administrator may change at run time and whose feature is still to come."""

from __future__ import annotations

from typing import Any

from webui.settings.optional import optional
from webui.settings.parsers import Parser, boolean, choice, text, url
from webui.settings.setting import Setting

OPENAI = "https://api.openai.com/v1"


def planned(name: str, parser: Parser[Any], default: str | None, env: str, what: str) -> Setting:
    """A value of any type."""
    return Setting(name, parser, default, env, what, runtime=True, planned=True)


def switch(name: str, default: str, env: str, what: str) -> Setting:
    """A yes or no; ``what`` goes on after "Whether"."""
    return planned(name, boolean(), default, env, f"Whether {what}.")


def key(name: str, env: str, what: str) -> Setting:
    """A credential."""
    return Setting(name, text(), "", env, what, secret=True, runtime=True, planned=True)


def address(name: str, default: str, env: str, what: str) -> Setting:
    """Where a service answers, over http or https; may be empty."""
    return planned(name, url(), default, env, what)


def engine(*options: str) -> Parser[str]:
    """One of these, or empty for what this server has itself."""
    return optional(choice(*options), "")

"""Everything about every setting, for programs and for the table on the administrators' page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from webui.settings.declarations import GROUPS
from webui.settings.values import Resolved, Settings


def facts(settings: Settings, show: Callable[[Resolved], str]) -> list[dict[str, Any]]:
    """A row for each setting, in the order of the declarations; ``show`` makes text of the value in force."""
    return [
        {
            "name": setting.name,
            "group": group,
            "environment": setting.env,
            "ini": setting.ini_key,
            "type": setting.type.label,
            "help": setting.help,
            "value": show(resolved),
            "default": settings.default(setting.name).shown,
            "source": _source(settings, resolved),
            "locked": resolved.locked,
            "runtime": setting.runtime,
            "secret": setting.secret,
            "planned": setting.planned,
        }
        for group, declared in GROUPS
        for setting in declared
        for resolved in (settings.resolved(setting.name),)
    ]


def _source(settings: Settings, resolved: Resolved) -> str:
    """Where the value comes from. That a stored one cannot be read is said here, where people look for the reason."""
    if resolved.setting.name in settings.unreadable:
        return f"database, but not readable with the secret key that is here; in force: {resolved.source}"
    return resolved.source

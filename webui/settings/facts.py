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
            "source": resolved.source,
            "locked": resolved.locked,
            "runtime": setting.runtime,
            "secret": setting.secret,
            "planned": setting.planned,
        }
        for group, declared in GROUPS
        for setting in declared
        for resolved in (settings.resolved(setting.name),)
    ]

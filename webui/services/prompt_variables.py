"""The variables that may stand in system prompts, as ``{{USER_NAME}}``."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from webui.security.identity import Identity

NAMES = (
    "USER_NAME USER_EMAIL USER_LOCATION USER_LANGUAGE"
    " CURRENT_DATETIME CURRENT_DATE CURRENT_TIME CURRENT_WEEKDAY CURRENT_TIMEZONE"
).split()
MAX_VALUE = 1000  # characters of what a client says that a variable stands for
MAX_FILLED = 1000  # variables of one prompt; more stay as they are
VARIABLE = re.compile(r"\{\{(?:" + "|".join(NAMES) + r")\}\}")


Variables = Callable[[], Mapping[str, str]]  # ``values``, which is called when there is a variable at all


def values(user: Identity, sent: Any, now: datetime | None = None) -> dict[str, str]:
    """What each variable stands for, by its name in braces.

    The page ``sent`` what it knows of the user's place and clock; for other clients the clock is that of UTC.
    """
    now = now or datetime.now(UTC)
    date, time = f"{now:%Y-%m-%d}", f"{now:%I:%M:%S %p}"
    known = {
        "USER_NAME": user.name,
        "USER_EMAIL": user.email,
        "USER_LOCATION": "Unknown",
        "USER_LANGUAGE": "Unknown",
        "CURRENT_DATETIME": f"{date} {time}",
        "CURRENT_DATE": date,
        "CURRENT_TIME": time,
        "CURRENT_WEEKDAY": f"{now:%A}",
        "CURRENT_TIMEZONE": "UTC",
    }
    given = sent if isinstance(sent, dict) else {}
    return {
        name: text[:MAX_VALUE] if isinstance(text := given.get(name), str) else value
        for name, value in ((f"{{{{{name}}}}}", value) for name, value in known.items())
    }


def fill(template: str, variables: Variables) -> str:
    """The prompt with each variable replaced, in one pass: what a value says is never taken for a variable."""
    if not VARIABLE.search(template):
        return template
    known = variables()
    return VARIABLE.sub(lambda found: known[found[0]], template, count=MAX_FILLED)

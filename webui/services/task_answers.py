"""Reading what a model answered to a small task.

It was asked for a JSON object, and may have put it into a code block, among words, with single quotes or with a comma
too many. What still makes no sense is no answer, and never an error.
"""

from __future__ import annotations

import json
import re
from typing import Any

MAX_ANSWER = 20_000  # characters that are looked at
MAX_TITLE, MAX_FIRST_WORDS = 100, 80  # characters
MAX_TAGS, MAX_TAG = 10, 50
MAX_FOLLOW_UPS, MAX_FOLLOW_UP = 5, 300

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\s]+")  # what has no place in a line, or in a database
# An escape outside of strings, a string in either kind of quotes, or a comma before a closing bracket.
_MISTAKES = re.compile(r"""\\.|"(?:\\.|[^"\\])*"|'(?P<single>(?:\\.|[^'\\])*)'|(?P<comma>,)(?=\s*[}\]])""", re.DOTALL)


def read(text: str, key: str) -> Any:
    """The value under ``key`` of the object between the outermost braces; None if there is none."""
    answer = text[:MAX_ANSWER]
    found = answer[answer.find("{") : answer.rfind("}") + 1]
    for attempt in (found, _repaired(found)):
        try:
            value = json.loads(attempt, strict=False)  # a line break inside a string is a common mistake
        except (ValueError, RecursionError):
            continue
        return value.get(key) if isinstance(value, dict) else None
    return None


def title(text: str) -> str | None:
    """The title in ``{"title": ...}``."""
    found = read(text, "title")
    return line(found, MAX_TITLE).strip("\"'") or None if isinstance(found, str) else None


def tags(text: str) -> list[str]:
    """The ids of the tags in ``{"tags": [...]}``: lower case, words joined by underscores."""
    found = (line(tag, MAX_TAG).lower().replace(" ", "_") for tag in _texts(text, "tags"))
    return list(dict.fromkeys(tag for tag in found if tag not in ("", "none")))[:MAX_TAGS]


def follow_ups(text: str) -> list[str]:
    """The suggestions in ``{"follow_ups": [...]}``."""
    found = (line(item, MAX_FOLLOW_UP) for item in _texts(text, "follow_ups"))
    return list(dict.fromkeys(filter(None, found)))[:MAX_FOLLOW_UPS]


def first_words(text: str) -> str:
    """The title of a chat that no model has named: how its first question begins."""
    whole = line(text, MAX_TITLE)
    if len(whole) <= MAX_FIRST_WORDS:
        return whole
    start = whole[:MAX_FIRST_WORDS]
    return f"{start.rpartition(' ')[0] or start}…"


def line(text: str, limit: int) -> str:
    """One line of at most ``limit`` characters."""
    return _CONTROL.sub(" ", text).strip()[:limit].rstrip()


def _texts(text: str, key: str) -> list[str]:
    found = read(text, key)
    return [item for item in found if isinstance(item, str)] if isinstance(found, list) else []


def _repaired(text: str) -> str:
    """JSON of what is nearly JSON: strings in single quotes, commas after the last item."""

    def repair(match: re.Match[str]) -> str:
        if match["comma"]:
            return ""
        return match[0] if match["single"] is None else json.dumps(match["single"].replace("\\'", "'"))

    return _MISTAKES.sub(repair, text)

"""The stored settings as one document, nested by the dots of their names, as Open WebUI keeps them.

So its exports can be imported here, and ours there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy.orm import Session

from webui.errors import ApiError, Problem
from webui.models.setting import stored_values
from webui.security.vault import is_sealed
from webui.services.secrets import secret_texts
from webui.settings.forms import BY_NAME

FORMAT = "version"  # of the document; the contract knows one
LONGEST = max(map(len, BY_NAME))
MAX_TOLD = 100  # paths that are no settings


def stored_document(db: Session) -> dict[str, Any]:
    """What is stored, without settings that hold a secret."""
    document: dict[str, Any] = {FORMAT: 0}
    for name, value in sorted(stored_values(db.connection())[1].items()):
        if name in BY_NAME and not is_sealed(value) and not secret_texts(BY_NAME[name], value):
            *path, last = name.split(".")
            place = document
            for part in path:
                place = place.setdefault(part, {})
            place[last] = value
    return document


def changes_of(document: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """What to store (setting to JSON value), and the first paths of what is no setting that can be stored.

    422 that names every wrong value. ``null`` stands for what was never set, and changes nothing.
    """
    changes: dict[str, Any] = {}
    unknown: list[str] = []
    problems = []
    for path, value in _leaves(document, ""):
        setting = BY_NAME.get(path)
        if setting is None or not setting.runtime:
            if len(unknown) < MAX_TOLD:
                unknown.append(path)
            continue
        try:
            setting.type.parse(value)
        except ValueError as error:
            text = f"{setting.env} {error}."
            problems.append({"type": "setting", "loc": ["body", "config", *path.split(".")], "msg": text})
        changes[path] = value
    if problems:
        raise ApiError(Problem.INVALID, problems)
    return changes, unknown


def _leaves(branch: Mapping[str, Any], above: str) -> Iterator[tuple[str, Any]]:
    """Paths and values; the value of a setting is not looked into."""
    for key, value in branch.items():
        path = f"{above}.{key}" if above else key
        if len(path) > LONGEST:  # neither it nor what is in it is a setting
            yield f"{path[:LONGEST]}…", value
        elif isinstance(value, Mapping) and path not in BY_NAME:
            yield from _leaves(value, path)
        elif value is not None and path != FORMAT:
            yield path, value

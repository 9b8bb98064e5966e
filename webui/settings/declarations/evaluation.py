from __future__ import annotations

from dataclasses import replace
from typing import Any

from webui.settings.parsers import Parser, boolean, json_objects
from webui.settings.setting import Setting


def _arenas() -> Parser[list[dict[str, Any]]]:
    """A JSON array of arenas in the contract's form."""
    objects = json_objects()

    def parse(raw: object) -> list[dict[str, Any]]:
        found = objects.parse(raw)
        if not all(_is_arena(item) for item in found):
            wanted = '{"id", "name", "meta": {"model_ids", "filter_mode": include or exclude, "access_control"}}'
            raise ValueError(f"must be a JSON array of {wanted}")
        return found

    return replace(objects, parse=parse)


def _is_arena(item: dict[str, Any]) -> bool:
    match item:
        case {"id": str(name), "name": str(), "meta": dict(meta)} if name:
            ids, mode, rules = (meta.get(key) for key in ("model_ids", "filter_mode", "access_control"))
            listed = ids is None or (isinstance(ids, list) and all(isinstance(each, str) for each in ids))
            return listed and mode in (None, "include", "exclude") and (rules is None or isinstance(rules, dict))
    return False


EVALUATION = (
    Setting(
        "evaluation.arena.enable",
        boolean(),
        "true",
        "ENABLE_EVALUATION_ARENA_MODELS",
        "Whether there are arenas: models behind which one of several answers by lot.",
        runtime=True,
    ),
    Setting(
        "evaluation.arena.models",
        _arenas(),
        "[]",
        "EVALUATION_ARENA_MODELS",
        "The arenas; when there are none, a single one chooses among all models.",
        runtime=True,
    ),
)

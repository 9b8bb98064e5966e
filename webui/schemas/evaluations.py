from __future__ import annotations

from typing import Any

from webui.schemas.common import Form, Out


class ArenaForm(Form):
    """What is to change. An arena is `{id, name, meta}`; `meta.model_ids` with `meta.filter_mode` (`include` or
    `exclude`) names the models behind it, none means all, and `meta.access_control` says who may use it."""

    ENABLE_EVALUATION_ARENA_MODELS: bool | None = None
    EVALUATION_ARENA_MODELS: list[dict[str, Any]] | None = None


class ArenaConfig(Out):
    ENABLE_EVALUATION_ARENA_MODELS: bool
    EVALUATION_ARENA_MODELS: list[dict[str, Any]]

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webui.api import api_view
from webui.errors import Problem
from webui.schemas.evaluations import ArenaConfig, ArenaForm
from webui.security.permissions import Permission
from webui.views.settings import store

if TYPE_CHECKING:
    from webui.request import Request

SETTINGS = {
    "ENABLE_EVALUATION_ARENA_MODELS": "evaluation.arena.enable",
    "EVALUATION_ARENA_MODELS": "evaluation.arena.models",
}
MAX_CONFIG = 1024 * 1024  # bytes; arenas have pictures


@api_view(route="evaluations.config", method="GET", permission=Permission.ADMIN, returns=ArenaConfig)
def read_arenas(request: Request) -> dict[str, Any]:
    """The arenas: models behind which one of several answers by lot."""
    return {name: request.config[setting] for name, setting in SETTINGS.items()}


@api_view(
    route="evaluations.config",
    method="POST",
    permission=Permission.ADMIN,
    body=ArenaForm,
    returns=ArenaConfig,
    max_body=MAX_CONFIG,
    errors=(Problem.CONFLICT,),
)
def change_arenas(request: Request) -> dict[str, Any]:
    """Change the arenas; what is not given stays."""
    given = request.payload.model_dump(exclude_none=True)
    store(request, {SETTINGS[name]: value for name, value in given.items()})
    return {**read_arenas(request), **given}

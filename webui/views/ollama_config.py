from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from webui.api import api_view
from webui.errors import Problem
from webui.schemas.connections import ConnectionsQuery, OllamaConfig, OllamaConfigForm, OllamaVerifyForm
from webui.security.permissions import Permission
from webui.services.connections import shown_config, spec_to_verify, wanted_settings
from webui.streaming import Detached
from webui.views.connections import verify_changes
from webui.views.replies import relayed
from webui.views.settings import store

if TYPE_CHECKING:
    from webui.request import Request

MAX_CONFIG = 1024 * 1024  # bytes


@api_view(route="ollama.config", method="GET", permission=Permission.ADMIN, returns=OllamaConfig)
def ollama_config(request: Request) -> dict[str, Any]:
    """The connections to Ollama servers, with masks for their keys."""
    return shown_config(request.config, request.registry.vault, "ollama")


@api_view(
    route="ollama.config_update",
    method="POST",
    permission=Permission.ADMIN,
    body=OllamaConfigForm,
    query=ConnectionsQuery,
    returns=OllamaConfig,
    max_body=MAX_CONFIG,
    errors=(Problem.CONFLICT, Problem.KEY_REFUSED, Problem.UPSTREAM_FAILED, Problem.UPSTREAM_TIMEOUT),
)
def update_ollama_config(request: Request) -> dict[str, Any]:
    """Replace the connections to Ollama servers; whether they are used stays unless it is named.

    With `verify`, those that are new or changed are asked first, and nothing is stored when one fails. They have a few
    seconds to answer, and one such request is served at a time; others are answered with 409.
    """
    vault = request.registry.vault
    changes = wanted_settings(request.config, vault, "ollama", request.payload.model_dump())
    if request.query.verify:
        verify_changes(request, changes)
    settings = store(request, changes)
    return shown_config(settings, vault, "ollama")


@api_view(
    route="ollama.verify",
    method="POST",
    permission=Permission.ADMIN,
    body=OllamaVerifyForm,
    max_body=MAX_CONFIG,
    errors=(Problem.KEY_REFUSED, Problem.UPSTREAM_FAILED, Problem.UPSTREAM_TIMEOUT),
)
def verify_ollama(request: Request) -> Detached:
    """The version of the Ollama server at this address, or what is wrong with it."""
    form = request.payload
    spec = spec_to_verify(request.config, request.registry.vault, "ollama", url=form.url, key=form.key or "")
    return relayed(request, partial(request.registry.connections.verify, spec))

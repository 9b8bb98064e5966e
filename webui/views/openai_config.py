from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from webui.api import api_view
from webui.errors import Problem
from webui.schemas.connections import OpenAIConfig, OpenAIConfigForm, OpenAIVerifyForm
from webui.security.permissions import Permission
from webui.services.connections import shown_config, spec_to_verify, wanted_settings
from webui.streaming import Detached
from webui.views.replies import relayed
from webui.views.settings import store

if TYPE_CHECKING:
    from webui.request import Request

MAX_CONFIG = 1024 * 1024  # bytes


@api_view(route="openai.config", method="GET", permission=Permission.ADMIN, returns=OpenAIConfig)
def openai_config(request: Request) -> dict[str, Any]:
    """The connections to OpenAI-compatible APIs, with their keys."""
    return shown_config(request.config, "openai")


@api_view(
    route="openai.config_update",
    method="POST",
    permission=Permission.ADMIN,
    body=OpenAIConfigForm,
    returns=OpenAIConfig,
    max_body=MAX_CONFIG,
    errors=(Problem.CONFLICT,),
)
def update_openai_config(request: Request) -> dict[str, Any]:
    """Replace the connections to OpenAI-compatible APIs; whether they are used stays unless it is named."""
    changes = wanted_settings(request.config, "openai", request.payload.model_dump())
    store(request, changes)
    return shown_config(request.config, "openai", changes)


@api_view(
    route="openai.verify",
    method="POST",
    permission=Permission.ADMIN,
    body=OpenAIVerifyForm,
    max_body=MAX_CONFIG,
    errors=(Problem.KEY_REFUSED, Problem.UPSTREAM_FAILED, Problem.UPSTREAM_TIMEOUT),
)
def verify_openai(request: Request) -> Detached:
    """What the API at this address answers when it is asked for its models, or what is wrong with it."""
    form = request.payload
    spec = spec_to_verify(request.config, "openai", form.url, form.key, form.config)
    return relayed(request, partial(request.registry.connections.verify, spec))

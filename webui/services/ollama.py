"""Requests in Ollama's own form, with what is stored about a model applied to them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from webui.errors import ApiError, Problem
from webui.providers.ollama_wire import OPTIONS, OWN_FIELDS, OWN_OPTIONS
from webui.security.identity import Identity
from webui.services import prompt_variables
from webui.services.completions import Resolved, with_system
from webui.settings import Settings

SWITCHED_OFF = "The Ollama API is switched off. An administrator can switch it on (ENABLE_OLLAMA_API)."


def require_ollama(settings: Settings) -> None:
    """503 when administrators have switched Ollama off."""
    if not settings["ollama.enable"]:
        raise ApiError(Problem.UNAVAILABLE, SWITCHED_OFF)


def chat_payload(form: dict[str, Any], found: Resolved, user: Identity) -> dict[str, Any]:
    """A request to ``/api/chat``: what the caller says goes before what is stored about the model."""
    messages = form.get("messages")
    if not messages:  # the model is only to be loaded
        return form
    return _with_params(form, found.params) | {
        "messages": with_system(messages, found.system, partial(prompt_variables.values, user, None))
    }


def generate_payload(form: dict[str, Any], found: Resolved, user: Identity) -> dict[str, Any]:
    """A request to ``/api/generate``, in which the system prompt is a field of its own."""
    own = [{"role": "system", "content": form["system"]}] if form.get("system") else []
    system = with_system(own, found.system, partial(prompt_variables.values, user, None))
    return _with_params(form, found.params) | ({"system": system[0]["content"]} if system else {})


def _with_params(form: dict[str, Any], params: Mapping[str, Any]) -> dict[str, Any]:
    options = {theirs: params[ours] for ours, theirs in OPTIONS.items() if ours in params}
    options |= {name: params[name] for name in OWN_OPTIONS if name in params}
    options |= form.get("options") or {}
    fields = {name: params[name] for name in OWN_FIELDS if name in params}
    return fields | form | ({"options": options} if options else {})

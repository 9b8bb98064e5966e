"""Requests that are passed on in the form of the server itself: who may send which, and where to."""

from __future__ import annotations

import re

from webui.errors import ApiError, Problem
from webui.models import Database
from webui.providers.catalog import Catalog, ModelRoute
from webui.providers.connection import Connection, Kind
from webui.security.identity import Identity
from webui.services.completions import resolve
from webui.settings import Settings

# What everybody may call of an OpenAI-compatible API, by POST: a model answers, and the access rules are that model's.
# Everything else belongs to the account whose key is used, and so to administrators: files and vector stores of other
# people, batches and fine-tunes that cost money, projects and keys. The Responses API is not passed on either, since it
# can read what others have stored there; ``webui.views.responses`` answers it.
OPEN_PATHS = frozenset(
    {
        "audio/speech",
        "audio/transcriptions",
        "audio/translations",
        "completions",
        "embeddings",
        "images/edits",
        "images/generations",
        "images/variations",
        "moderations",
        "rerank",
    }
)
# Plain segments: nothing in them is an escape, a query, or another way to write a slash.
PATH = re.compile(r"[\w.:@+~,=-]+(/[\w.:@+~,=-]+)*", re.ASCII)


def native_route(catalog: Catalog, kind: Kind, model_id: str, index: int | None = None) -> ModelRoute:
    """The way to a model over the connections of one kind, or over the one of this number alone."""
    found = [item for item in catalog.having(kind, model_id) if index is None or item.spec.index == index]
    if not found:
        raise ApiError(Problem.MODEL_NOT_FOUND)
    return ModelRoute({"id": model_id}, found)


def server_of(catalog: Catalog, model_id: str, index: int | None) -> Connection:
    """The Ollama server of this number, or the first that has the model."""
    if index is not None:
        return catalog.connection("ollama", index)
    found = catalog.having("ollama", model_id)
    if not found:
        raise ApiError(Problem.MODEL_NOT_FOUND)
    return found[0]


def require_openai(settings: Settings) -> None:
    """503 when administrators have switched the OpenAI-compatible APIs off."""
    if not settings["openai.enable"]:
        text = "The OpenAI API is switched off. An administrator can switch it on (ENABLE_OPENAI_API)."
        raise ApiError(Problem.UNAVAILABLE, text)


def check_proxy_path(user: Identity, method: str, path: str) -> None:
    """404 for a path that could lead out of the API, 403 for one that is the administrators' alone."""
    if not PATH.fullmatch(path) or not {".", ".."}.isdisjoint(path.split("/")):
        raise ApiError(Problem.NOT_FOUND)
    if not (user.is_admin or (method == "POST" and path in OPEN_PATHS)):
        raise ApiError(Problem.FORBIDDEN, f"Only administrators may call {path} of a model server with {method}.")


def proxy_route(
    database: Database, settings: Settings, catalog: Catalog, user: Identity, model_id: str | None
) -> ModelRoute:
    """Where a raw request goes: to the connections that have its model, else, for administrators, to the first one.

    Custom models are refused, as nothing of what is stored about them would count.
    """
    if user.is_admin and (model_id is None or not catalog.having("openai", model_id)):
        connections = catalog.all("openai")[:1]
        if not connections:
            raise ApiError(Problem.CONNECTION_NOT_FOUND)
        return ModelRoute({"id": model_id or ""}, connections)
    if model_id is None:
        raise ApiError(Problem.MODEL_NOT_FOUND, "The request does not name the model that is to answer.")
    found = resolve(database, settings, catalog, user, model_id)
    if found.model.get("preset") or found.selected_model_id is not None:
        text = "A custom model can be asked at /api/chat/completions, /api/v1/messages and /api/v1/responses."
        raise ApiError(Problem.MODEL_NOT_FOUND, text)
    return native_route(catalog, "openai", model_id)

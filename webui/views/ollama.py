"""Ollama's own API: its clients work with ``/ollama`` as their server, under the access rules of this one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from webui.api import api_view
from webui.errors import Problem
from webui.providers.content import Json
from webui.providers.ollama_servers import loaded_models
from webui.providers.passthrough import forward, json_reply, proxied
from webui.schemas.common import Status
from webui.schemas.models import CompletionForm, ModelList
from webui.schemas.ollama import (
    At,
    EmbeddingsForm,
    EmbedForm,
    GenerateForm,
    LegacyForm,
    ModelNameForm,
    Models,
    OllamaChatForm,
    OllamaVersion,
)
from webui.security.identity import Identity
from webui.security.permissions import Permission
from webui.services.completions import Resolved, resolve
from webui.services.model_list import list_models
from webui.services.ollama import chat_payload, generate_payload
from webui.services.passthrough import native_route
from webui.services.usage import Asked, measure, measured
from webui.streaming import Detached, Reply
from webui.views.models import MAX_COMPLETION
from webui.views.passthrough import number, ollama_catalog
from webui.views.replies import Start, completion, relayed

if TYPE_CHECKING:
    from webui.providers.base import ModelInfo
    from webui.providers.catalog import ModelRoute
    from webui.providers.connection import Connection
    from webui.request import Request

LINES = "application/x-ndjson"
MAX_EMBEDDING = 16 * 1024 * 1024  # bytes
UPSTREAM = (Problem.UNAVAILABLE, Problem.MODEL_NOT_FOUND, Problem.UPSTREAM_FAILED, Problem.UPSTREAM_TIMEOUT)

Adapt = Callable[[dict[str, Any], Resolved, Identity], dict[str, Any]]
answers = partial(api_view, method="POST", permission=Permission.VERIFIED, query=At, errors=UPSTREAM)
lists = partial(
    api_view,
    method="GET",
    permission=Permission.VERIFIED,
    query=At,
    errors=(Problem.UNAVAILABLE, Problem.CONNECTION_NOT_FOUND),
)


@api_view(route="ollama.status", method="GET", permission=Permission.PUBLIC, returns=Status)
def status(request: Request) -> dict[str, bool]:
    """That there is something here, which Ollama's clients ask first."""
    return {"status": True}


@lists(route=("ollama.tags", "ollama.tags_at"), returns=Models)
def list_tags(request: Request) -> dict[str, Any]:
    """The models of Ollama that the user may use, in Ollama's form, or those of one connection."""
    return {"models": [model["ollama"] | {"model": model["id"]} for model in _usable(request)]}


@lists(route=("ollama.v1_models", "ollama.v1_models_at"), returns=ModelList)
def list_openai_form(request: Request) -> dict[str, Any]:
    """The models of Ollama that the user may use, in OpenAI's form, or those of one connection."""
    names = ("id", "object", "created", "owned_by")
    return {"data": [{name: model[name] for name in names} for model in _usable(request)]}


@api_view(route="ollama.ps", method="GET", permission=Permission.ADMIN, returns=Models, errors=UPSTREAM)
def list_loaded(request: Request) -> Detached:
    """The models in the memory of all Ollama servers that answer."""
    servers = ollama_catalog(request).all("ollama")

    async def start() -> Reply:
        return json_reply({"models": await loaded_models(servers)})

    return relayed(request, start)


@api_view(
    route=("ollama.version", "ollama.version_at"),
    method="GET",
    permission=Permission.PUBLIC,
    query=At,
    returns=OllamaVersion,
    errors=(Problem.CONNECTION_NOT_FOUND, Problem.UPSTREAM_FAILED),
)
def show_version(request: Request) -> Detached | dict[str, bool]:
    """The version of an Ollama server, or the lowest of all; false when there is none."""
    index = number(request)
    catalog = request.registry.connections.catalog
    servers = catalog.all("ollama") if index is None else [catalog.connection("ollama", index)]
    if not servers:
        return {"version": False}

    async def start() -> Reply:
        return json_reply({"version": await request.registry.ollama_versions.lowest(servers)})

    return relayed(request, start)


@answers(route="ollama.show", body=ModelNameForm)
def show(request: Request) -> Detached:
    """What Ollama knows of a model."""
    form, route, _ = _asked(request)
    return relayed(request, _forwarded(route, "/api/show", form))


@answers(route=("ollama.embed", "ollama.embed_at"), body=EmbedForm, max_body=MAX_EMBEDDING)
def embed(request: Request) -> Detached:
    """Vectors for one text or several."""
    return _answered(request, "/api/embed")


@answers(route=("ollama.embeddings", "ollama.embeddings_at"), body=EmbeddingsForm, max_body=MAX_EMBEDDING)
def embeddings(request: Request) -> Detached:
    """A vector for a text, in the older form."""
    return _answered(request, "/api/embeddings")


@answers(route=("ollama.generate", "ollama.generate_at"), body=GenerateForm, media_type=LINES, max_body=MAX_COMPLETION)
def generate(request: Request) -> Detached:
    """Continue a text: streamed unless `stream` is false."""
    return _answered(request, "/api/generate", generate_payload)


@answers(route=("ollama.chat", "ollama.chat_at"), body=OllamaChatForm, media_type=LINES, max_body=MAX_COMPLETION)
def chat(request: Request) -> Detached:
    """Chat with a model, in Ollama's form: streamed unless `stream` is false."""
    return _answered(request, "/api/chat", chat_payload)


@answers(
    route=("ollama.v1_chat", "ollama.v1_chat_at"),
    body=CompletionForm,
    media_type="text/event-stream",
    max_body=MAX_COMPLETION,
)
def complete_chat(request: Request) -> Detached:
    """Chat with a model, as `/api/chat/completions` does; with a number, by that Ollama server."""
    catalog = ollama_catalog(request)
    asked = completion(request, request.payload.model_dump(exclude_unset=True))
    if (index := number(request)) is not None:
        asked = replace(asked, route=native_route(catalog, "ollama", asked.route.model["id"], index))
    return relayed(request, partial(measured, request.registry.usage, asked, api="ollama"))


@answers(
    route=("ollama.v1_completions", "ollama.v1_completions_at"),
    body=LegacyForm,
    media_type="text/event-stream",
    max_body=MAX_COMPLETION,
)
def complete(request: Request) -> Detached:
    """Continue a text, in OpenAI's older form."""
    form, route, found = _asked(request)
    content = Json(found.params | form)

    async def ask(server: Connection, own: dict[str, Any]) -> Reply:
        return await proxied(server, "POST", "/v1/completions", content, model=own["model"])

    return _measured(request, form, route, partial(route.ask, {}, ask))


def _usable(request: Request) -> list[ModelInfo]:
    """The models of Ollama servers that the user may use, or of the one whose number is given."""
    catalog, index = ollama_catalog(request), number(request)
    if index is not None:
        catalog.connection("ollama", index)
    found = list_models(request.database, request.config, catalog, request.user)
    return [model for model in found if "ollama" in model and index in (None, *model["ollama"]["urls"])]


def _asked(request: Request) -> tuple[dict[str, Any], ModelRoute, Resolved]:
    """The request, the way to its model, which the user may use, and what is stored about that."""
    catalog = ollama_catalog(request)
    form = request.payload.model_dump(exclude_unset=True)
    found = resolve(request.database, request.config, catalog, request.user, form.get("model") or "")
    return form, native_route(catalog, "ollama", found.route.model["id"], number(request)), found


def _answered(request: Request, path: str, adapt: Adapt | None = None) -> Detached:
    """What a model answers on ``path`` to the request that ``adapt`` makes of the caller's."""
    form, route, found = _asked(request)
    payload = adapt(form, found, request.user) if adapt else form
    return _measured(request, form, route, _forwarded(route, path, payload))


def _forwarded(route: ModelRoute, path: str, payload: dict[str, Any]) -> Start:
    """To be started: what a server that has the model answers."""

    async def ask(server: Connection, own: dict[str, Any]) -> Reply:
        return await forward(server, "POST", path, own)

    return partial(route.ask, payload, ask)


def _measured(request: Request, form: dict[str, Any], route: ModelRoute, start: Start) -> Detached:
    asked = Asked(request.user.id, "ollama", form["model"], route, form.get("messages"))
    return relayed(request, partial(measure, request.registry.usage, start, asked))

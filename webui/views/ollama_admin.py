"""Ollama's own API, the part for administrators: which models its servers have."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from webui.api import api_view, invalid
from webui.errors import ApiError, Problem
from webui.providers.blobs import SOURCES, downloaded, transfer, uploaded
from webui.providers.passthrough import command, forward, json_reply
from webui.schemas.common import Status
from webui.schemas.ollama import At, CopyForm, CreateForm, ModelNameForm, PushForm, UrlForm
from webui.security.permissions import Permission
from webui.services.passthrough import server_of
from webui.streaming import Detached, Reply
from webui.views.passthrough import form_fields, number, ollama_catalog
from webui.views.replies import relayed

if TYPE_CHECKING:
    from webui.providers.connection import Connection
    from webui.request import Request

UPSTREAM = (
    Problem.UNAVAILABLE,
    Problem.CONNECTION_NOT_FOUND,
    Problem.MODEL_NOT_FOUND,
    Problem.UPSTREAM_FAILED,
    Problem.UPSTREAM_TIMEOUT,
)

LINES = "application/x-ndjson"
EVENTS = "text/event-stream"

commands = partial(api_view, permission=Permission.ADMIN, query=At, errors=UPSTREAM)


@commands(route=("ollama.pull", "ollama.pull_at"), method="POST", body=ModelNameForm, media_type=LINES)
def pull(request: Request) -> Detached:
    """Have a server, the first unless one is named, fetch a model; how far it is comes line by line."""
    return _streamed(request, "/api/pull", _server(request))


@commands(route=("ollama.create", "ollama.create_at"), method="POST", body=CreateForm, media_type=LINES)
def create(request: Request) -> Detached:
    """Have a server make a model of another one or of files; how far it is comes line by line."""
    return _streamed(request, "/api/create", _server(request))


@commands(route=("ollama.push", "ollama.push_at"), method="DELETE", body=PushForm, media_type=LINES)
def push(request: Request) -> Detached:
    """Have a server that has a model upload it to a registry; how far it is comes line by line."""
    return _streamed(request, "/api/push", _server_of(request, request.payload.model))


@commands(route=("ollama.copy", "ollama.copy_at"), method="POST", body=CopyForm, returns=bool)
def copy(request: Request) -> Detached:
    """Give a model a second name."""
    form: CopyForm = request.payload
    server = _server_of(request, form.source)
    names = {"source": server.inside(form.source), "destination": server.inside(form.destination)}
    return _done(request, True, partial(command, server, "POST", "/api/copy", names))


@commands(route=("ollama.delete", "ollama.delete_at"), method="DELETE", body=ModelNameForm, returns=bool)
def delete(request: Request) -> Detached:
    """Delete a model from a server."""
    name = request.payload.model or ""
    server = _server_of(request, name)
    return _done(request, True, partial(command, server, "DELETE", "/api/delete", {"model": server.inside(name)}))


@commands(route="ollama.unload", method="POST", body=ModelNameForm, returns=Status)
def unload(request: Request) -> Detached:
    """Have a server take a model out of its memory."""
    name = request.payload.model
    if not name:
        raise ApiError(Problem.MODEL_NOT_FOUND, "Missing name of the model to unload.")
    server = _server_of(request, name)
    at_once = {"model": server.inside(name), "prompt": "", "keep_alive": 0, "stream": False}
    return _done(request, {"status": True}, partial(command, server, "POST", "/api/generate", at_once))


@commands(route=("ollama.download", "ollama.download_at"), method="POST", body=UrlForm, media_type=EVENTS)
def download(request: Request) -> Detached:
    """Fetch a file of a model from Hugging Face or GitHub, and give it to a server as a blob."""
    url = request.payload.url
    if not url.startswith(SOURCES):
        text = f"Invalid file_url. Only URLs from allowed hosts are permitted: {', '.join(SOURCES)}"
        raise ApiError(Problem.MALFORMED_REQUEST, text)
    folder = request.config["data_dir"] / "uploads"
    folder.mkdir(exist_ok=True)
    return relayed(request, partial(transfer, downloaded(url, _server(request), folder)))


@commands(route=("ollama.upload", "ollama.upload_at"), method="POST", media_type=EVENTS)
def upload(request: Request) -> Detached:
    """Give a server a file of a model as a blob: the field `file` of a form."""
    server = _server(request)

    async def start() -> Reply:
        fields = await asyncio.to_thread(form_fields, request)  # copies the file, which takes its time
        sent = fields.get("file")
        if not hasattr(sent, "file"):
            raise invalid("missing", ["body", "file"], "The form has no file in its field `file`.")
        return await transfer(uploaded(sent.file, sent.filename or "", server))

    return relayed(request, start)


def _server(request: Request) -> Connection:
    """The server of the number that the address has, else the first."""
    return ollama_catalog(request).connection("ollama", number(request) or 0)


def _server_of(request: Request, model_id: str) -> Connection:
    """The server of the number that the address has, else one that has the model."""
    return server_of(ollama_catalog(request), model_id, number(request))


def _streamed(request: Request, path: str, server: Connection) -> Detached:
    """What the server answers to the caller's request."""
    form = request.payload.model_dump(exclude_unset=True)
    names = {name: server.inside(form[name]) for name in ("model", "from") if isinstance(form.get(name), str)}
    return relayed(request, partial(forward, server, "POST", path, form | names))


def _done(request: Request, answer: Any, work: Callable[[], Awaitable[None]]) -> Detached:
    """``answer`` once the work is done."""

    async def start() -> Reply:
        await work()
        return json_reply(answer)

    return relayed(request, start)

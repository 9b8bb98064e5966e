from __future__ import annotations

from functools import partial
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import quote

from webui.api import api_view, bounded_body, invalid
from webui.errors import ApiError, Problem
from webui.providers import pipelines
from webui.providers.content import Content, File, FormFields, Json, Raw
from webui.providers.passthrough import json_reply
from webui.schemas.pipelines import (
    AddPipelineForm,
    Answer,
    AtServer,
    DeletePipelineForm,
    PipelineServers,
    ValvesForm,
)
from webui.security.permissions import Permission
from webui.services.connections import shown_address
from webui.services.passthrough import require_openai
from webui.streaming import Detached, Reply
from webui.views.passthrough import form_fields
from webui.views.replies import relayed

if TYPE_CHECKING:
    from webui.providers.connection import Connection
    from webui.request import Request

MAX_PROGRAM = 4 * 1024 * 1024  # bytes
NOTHING = Raw(b"", "")

UPSTREAM = (
    Problem.KEY_REFUSED,
    Problem.CONNECTION_NOT_FOUND,
    Problem.UNAVAILABLE,
    Problem.UPSTREAM_FAILED,
    Problem.UPSTREAM_TIMEOUT,
)

of_pipelines = partial(api_view, permission=Permission.ADMIN, returns=Answer, errors=UPSTREAM)


@api_view(route="pipelines.servers", method="GET", permission=Permission.ADMIN, returns=PipelineServers)
def list_servers(request: Request) -> Detached:
    """The connections that are servers of pipelines; each OpenAI-compatible API is asked."""
    connections = request.registry.connections.catalog.all("openai")

    async def start() -> Reply:
        found = await pipelines.find_servers(connections)
        return json_reply({"data": [{"url": shown_address(server.spec.url), "idx": server.index} for server in found]})

    return relayed(request, start)


@of_pipelines(route="pipelines.all", method="GET", query=AtServer)
def list_pipelines(request: Request) -> Detached:
    """The pipelines of a server."""
    return _asked(request, "GET", "/pipelines", request.query.urlIdx)


@of_pipelines(
    route="pipelines.upload",
    method="POST",
    accepts=("multipart/form-data",),
    max_body=MAX_PROGRAM,
    errors=(Problem.INVALID, *UPSTREAM),
)
def upload(request: Request) -> Detached:
    """Give a server a program: the field `file` of a form, a Python file, and in `urlIdx` which server."""
    bounded_body(request, MAX_PROGRAM)
    fields = form_fields(request)
    index, sent = fields.get("urlIdx"), fields.get("file")
    if not isinstance(index, str) or not (index.isascii() and index.isdecimal()) or len(index) > len("4294967295"):
        raise invalid("int_parsing", ["body", "urlIdx"], "The field `urlIdx` is not the number of a connection.")
    if sent is None or isinstance(sent, str):
        raise invalid("missing", ["body", "file"], "The form has no file in its field `file`.")
    name = PurePosixPath((sent.filename or "").replace("\\", "/")).name  # the server writes to this path
    if not name.endswith(".py"):
        raise ApiError(Problem.MALFORMED_REQUEST, "Only Python (.py) files are allowed.")
    program = File(name, "text/x-python", sent.file.read())
    return _asked(request, "POST", "/pipelines/upload", int(index), FormFields([("file", program)]))


@of_pipelines(route="pipelines.add", method="POST", body=AddPipelineForm)
def add(request: Request) -> Detached:
    """Have a server fetch a program from an address."""
    form: AddPipelineForm = request.payload
    return _asked(request, "POST", "/pipelines/add", form.urlIdx, Json({"url": form.url}))


@of_pipelines(route="pipelines.delete", method="DELETE", body=DeletePipelineForm)
def delete(request: Request) -> Detached:
    """Delete a pipeline from its server."""
    form: DeletePipelineForm = request.payload
    return _asked(request, "DELETE", "/pipelines/delete", form.urlIdx, Json({"id": form.id}))


@of_pipelines(route="pipelines.valves", method="GET", query=AtServer)
def show_valves(request: Request) -> Detached:
    """The settings of a pipeline."""
    return _asked(request, "GET", _valves(request), request.query.urlIdx)


@of_pipelines(route="pipelines.valves_spec", method="GET", query=AtServer)
def show_valves_spec(request: Request) -> Detached:
    """What the settings of a pipeline may be, as JSON Schema."""
    return _asked(request, "GET", f"{_valves(request)}/spec", request.query.urlIdx)


@of_pipelines(route="pipelines.valves_update", method="POST", query=AtServer, body=ValvesForm)
def update_valves(request: Request) -> Detached:
    """Change the settings of a pipeline; they come back as they are then."""
    valves = Json(request.payload.model_dump())
    return _asked(request, "POST", f"{_valves(request)}/update", request.query.urlIdx, valves)


def _asked(request: Request, method: str, path: str, index: int, content: Content = NOTHING) -> Detached:
    require_openai(request.config)
    server: Connection = request.registry.connections.catalog.connection("openai", index)

    async def start() -> Reply:
        return json_reply(await pipelines.ask(server, method, path, content))

    return relayed(request, start)


def _valves(request: Request) -> str:
    pipeline = request.matchdict["pipeline_id"]
    if pipeline in (".", ".."):  # would be another path
        raise ApiError(Problem.NOT_FOUND)
    return f"/{quote(pipeline, safe='')}/valves"

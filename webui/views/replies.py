"""What the views share that let a model answer."""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from webui.services.completions import Completion, prepare
from webui.services.usage import measured
from webui.streaming import Detached, Reply, detached
from webui.views.errors import as_reply

if TYPE_CHECKING:
    from webui.request import Request

Start = Callable[[], Coroutine[Any, Any, Reply]]


def completion(request: Request, form: dict[str, Any], system: str | None = None) -> Completion:
    """The request for a reply that a body in OpenAI's form stands for, with a prompt before the conversation's own."""
    catalog = request.registry.connections.catalog
    return prepare(request.database, request.config, catalog, request.user, form, system=system)


def completed(request: Request, form: dict[str, Any], *, api: str) -> Detached:
    """The model's answer to a body in OpenAI's form, in that form."""
    return relayed(request, partial(measured, request.registry.usage, completion(request, form), api=api))


def relayed(request: Request, start: Start) -> Detached:
    """The answer that ``start()`` fetches from a model server, with the time that this took in ``Server-Timing``.

    Failures take the shape that belongs to the request's path.
    """
    path, request_id, began = request.path_info, request.request_id, request.began

    async def timed() -> Reply:
        asked = time.perf_counter()
        try:
            reply = await start()
        except Exception as error:
            reply = as_reply(error, request_id, path)
        now = time.perf_counter()
        timing = f"webui;dur={(asked - began) * 1000:.1f}, upstream;dur={(now - asked) * 1000:.1f}"
        return replace(reply, headers=(*reply.headers, ("Server-Timing", timing)))

    response = detached(request, timed, lambda error: as_reply(error, request_id, path))
    response.headers["Cache-Control"] = "no-cache"
    response.headers["X-Accel-Buffering"] = "no"  # nginx would keep the stream back
    return response

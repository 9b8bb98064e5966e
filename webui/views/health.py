"""Is the process up (/health), does the database answer (/health/db), may traffic be sent here (/ready), and does what
stands between let streams through (/health/stream).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import sqlalchemy as sa

from webui.api import api_view
from webui.errors import Problem
from webui.runs.feeds import HEADERS
from webui.schemas.common import Status
from webui.security.permissions import Permission
from webui.streaming import Detached, Reply, detached
from webui.views.errors import as_reply

if TYPE_CHECKING:
    from webui.request import Request

PAUSE_SECONDS = 0.25
PAUSES = 2


@api_view(route="health", method="GET", permission=Permission.PUBLIC, returns=Status)
def health(request: Request) -> dict[str, bool]:
    """Whether the process answers."""
    return {"status": True}


@api_view(
    route=("health.db", "ready"),
    method="GET",
    permission=Permission.PUBLIC,
    returns=Status,
    errors=(Problem.UNAVAILABLE,),
)
def database(request: Request) -> dict[str, bool]:
    """Whether the database answers; 503 when it does not."""
    with request.database.reader() as connection:
        connection.execute(sa.select(1))
    return {"status": True}


@api_view(route="health.stream", method="GET", permission=Permission.PUBLIC, media_type="text/event-stream")
def stream(request: Request) -> Detached:
    """Three events within half a second: where they arrive all at once, something on the way keeps streams back."""
    path, request_id = request.path_info, request.request_id

    async def start() -> Reply:
        return Reply(200, HEADERS, _events())

    return detached(request, start, lambda error: as_reply(error, request_id, path))


async def _events() -> AsyncIterator[bytes]:
    yield b"data: 0\n\n"
    for number in range(PAUSES):
        await asyncio.sleep(PAUSE_SECONDS)
        yield b"data: %d\n\n" % (number + 1)

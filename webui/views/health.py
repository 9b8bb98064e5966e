"""Is the process up (/health), does the database answer (/health/db), may traffic be sent here (/ready)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from webui.api import api_view
from webui.errors import Problem
from webui.schemas.common import Status
from webui.security.permissions import Permission

if TYPE_CHECKING:
    from webui.request import Request


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

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webui.api import api_view
from webui.schemas.connections import ConnectionOut
from webui.security.permissions import Permission
from webui.services.connections import described

if TYPE_CHECKING:
    from webui.request import Request


@api_view(route="connections.list", method="GET", permission=Permission.ADMIN, returns=list[ConnectionOut])
def list_connections(request: Request) -> list[dict[str, Any]]:
    """The connections to model servers and how they are doing, as far as is known; nobody is asked for this."""
    return [described(connection) for connection in request.registry.connections.all()]

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from webui.api import api_view
from webui.schemas.connections import ConnectionOut
from webui.security.permissions import Permission
from webui.services.connections import described, specs_to_verify

if TYPE_CHECKING:
    from webui.request import Request


@api_view(route="connections.list", method="GET", permission=Permission.ADMIN, returns=list[ConnectionOut])
def list_connections(request: Request) -> list[dict[str, Any]]:
    """The connections to model servers and how they are doing, as far as is known; nobody is asked for this."""
    return [described(connection) for connection in request.registry.connections.all()]


def verify_changes(request: Request, changes: Mapping[str, Any]) -> None:
    """Ask the connections that these changes (setting to JSON value) bring; an ``ApiError`` when one fails.

    It holds the worker thread for seconds (``webui.providers.connections.VERIFY_SECONDS``), but no transaction.
    """
    found = specs_to_verify(request.config, changes)
    request.registry.background.run(request.registry.connections.verify_all(found))

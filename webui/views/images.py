from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from webui.api import api_view
from webui.errors import Problem
from webui.providers.images import verify_painter
from webui.security.permissions import Permission
from webui.streaming import Detached
from webui.views.replies import relayed

if TYPE_CHECKING:
    from webui.request import Request


@api_view(
    route="images.verify",
    method="GET",
    permission=Permission.ADMIN,
    errors=(Problem.MALFORMED_REQUEST,),
)
def verify_images(request: Request) -> Detached:
    """`true` if the server that paints answers, or what is wrong with it."""
    return relayed(request, partial(verify_painter, request.registry.connections.http, request.config))

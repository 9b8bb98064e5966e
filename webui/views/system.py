from __future__ import annotations

from typing import TYPE_CHECKING, Any

import webui
from webui.api import api_view
from webui.schemas.system import Version
from webui.security.permissions import Permission
from webui.services.accounts import count_users, has_users
from webui.services.public_config import public_config

if TYPE_CHECKING:
    from webui.request import Request


@api_view(route="system.version", method="GET", permission=Permission.PUBLIC, returns=Version)
def version(request: Request) -> dict[str, str]:
    """The version of this server; a page that finds it changed reloads itself."""
    return {"version": webui.__version__, "deployment_id": request.config["deployment_id"]}


@api_view(route="system.config", method="GET", permission=Permission.PUBLIC, returns=dict[str, Any])
def config(request: Request) -> dict[str, Any]:
    """What the page needs to know: more for a signed-in user; a bad token is taken as none."""
    identity = request.identity
    with request.database.reader() as connection:
        users = count_users(connection) if identity else int(has_users(connection))
    return public_config(request.config, identity, user_count=users)

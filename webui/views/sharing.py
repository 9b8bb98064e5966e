from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webui.api import api_view
from webui.errors import Problem
from webui.schemas.chats import ChatOut
from webui.security.permissions import Permission
from webui.services import sharing

if TYPE_CHECKING:
    from webui.request import Request


def sees_all(request: Request) -> bool:
    """Whether the user is an administrator who may look at everybody's chats."""
    return request.user.is_admin and bool(request.config["admin.chat_access"])


@api_view(
    route="chats.share",
    method="POST",
    permission=Permission.CHAT_SHARE,
    returns=ChatOut,
    errors=(Problem.CHAT_NOT_FOUND,),
)
def share_chat(request: Request) -> dict[str, Any]:
    """Show a chat as it is now to everybody who knows the id in the answer; sharing it again renews what they see."""
    return sharing.share_chat(request.db, request.user.id, request.matchdict["id"])


@api_view(
    route="chats.share",
    method="DELETE",
    permission=Permission.VERIFIED,
    returns=bool,
    errors=(Problem.CHAT_NOT_FOUND,),
)
def unshare_chat(request: Request) -> bool:
    """No longer show a chat to others; false when it was not shared."""
    return sharing.unshare_chat(request.db, request.user.id, request.matchdict["id"])


@api_view(
    route="chats.shared",
    method="GET",
    permission=Permission.VERIFIED,
    returns=ChatOut,
    errors=(Problem.CHAT_NOT_FOUND,),
)
def read_shared(request: Request) -> dict[str, Any]:
    """A shared chat; administrators who may see everybody's read any chat by its own id as well."""
    return sharing.read_shared(request.db, request.matchdict["share_id"], sees_all=sees_all(request))


@api_view(
    route="chats.clone_shared",
    method="POST",
    permission=Permission.VERIFIED,
    returns=ChatOut,
    errors=(Problem.CHAT_NOT_FOUND,),
)
def clone_shared(request: Request) -> dict[str, Any]:
    """Copy a shared chat, named by the id under which it is shared, to one's own."""
    return sharing.clone_shared(request.database, request.user.id, request.matchdict["id"], sees_all=sees_all(request))

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webui.api import api_view
from webui.errors import Problem
from webui.schemas.chat_actions import CloneForm
from webui.schemas.chats import ChatOut
from webui.security.permissions import Permission
from webui.services import chat_actions

if TYPE_CHECKING:
    from webui.request import Request


@api_view(
    route="chats.is_pinned",
    method="GET",
    permission=Permission.VERIFIED,
    returns=bool,
    errors=(Problem.CHAT_NOT_FOUND,),
)
def is_pinned(request: Request) -> bool:
    """Whether a chat is pinned."""
    return chat_actions.is_pinned(request.db, request.user.id, request.matchdict["id"])


@api_view(
    route="chats.pin",
    method="POST",
    permission=Permission.VERIFIED,
    returns=ChatOut,
    errors=(Problem.CHAT_NOT_FOUND,),
)
def toggle_pin(request: Request) -> dict[str, Any]:
    """Pin a chat; one that is pinned is so no longer."""
    return chat_actions.toggle_pin(request.db, request.user.id, request.matchdict["id"])


@api_view(
    route="chats.archive",
    method="POST",
    permission=Permission.VERIFIED,
    returns=ChatOut,
    errors=(Problem.CHAT_NOT_FOUND,),
)
def toggle_archive(request: Request) -> dict[str, Any]:
    """Archive a chat, or bring an archived one back. It leaves its folder."""
    return chat_actions.toggle_archive(request.db, request.user.id, request.matchdict["id"])


@api_view(
    route="chats.clone",
    method="POST",
    permission=Permission.VERIFIED,
    body=CloneForm,
    returns=ChatOut,
    errors=(Problem.CHAT_NOT_FOUND,),
)
def clone_chat(request: Request) -> dict[str, Any]:
    """Copy a chat."""
    return chat_actions.clone_chat(request.database, request.user.id, request.matchdict["id"], request.payload.title)

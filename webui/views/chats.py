from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webui.api import api_view
from webui.errors import Problem
from webui.schemas.chats import ChatForm, ChatOut, NewChatForm
from webui.security.permissions import Permission
from webui.services import chats, new_chats, trash

if TYPE_CHECKING:
    from webui.request import Request

MAX_CHAT = 32 * 1024 * 1024  # bytes


@api_view(
    route="chats.new",
    method="POST",
    permission=Permission.VERIFIED,
    body=NewChatForm,
    returns=ChatOut,
    max_body=MAX_CHAT,
    errors=(Problem.CONFLICT,),
)
def create_chat(request: Request) -> dict[str, Any]:
    """Store a new chat."""
    return store_new(request, request.payload)


def store_new(request: Request, form: NewChatForm) -> dict[str, Any]:
    return new_chats.create_chat(request.database, request.user.id, form.chat, form.folder_id, chat_id=form.id)


@api_view(
    route="chats.item",
    method="GET",
    permission=Permission.VERIFIED,
    returns=ChatOut,
    errors=(Problem.CHAT_NOT_FOUND,),
)
def read_chat(request: Request) -> dict[str, Any]:
    """A chat with its conversation."""
    return chats.read_chat(request.db, request.user.id, request.matchdict["id"])


@api_view(
    route="chats.item",
    method="POST",
    permission=Permission.VERIFIED,
    body=ChatForm,
    returns=ChatOut,
    max_body=MAX_CHAT,
    errors=(Problem.CHAT_NOT_FOUND,),
)
def update_chat(request: Request) -> dict[str, Any]:
    """Merge what the client holds into the chat, message by message."""
    return chats.update_chat(request.database, request.user.id, request.matchdict["id"], request.payload.chat)


@api_view(
    route="chats.item",
    method="DELETE",
    permission=Permission.CHAT_DELETE,
    returns=bool,
    errors=(Problem.CHAT_NOT_FOUND,),
)
def delete_chat(request: Request) -> bool:
    """Put a chat into the trash. Replies that are being generated in it are stopped."""
    days = request.config["chats.trash_days"]
    trash.delete_chat(request.db, request.user.id, request.matchdict["id"], trash_days=days)
    return True

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from webui.api import api_view
from webui.errors import Problem
from webui.schemas.chat_messages import ChangedAt, EventForm, MessageChanges, MessageForm
from webui.schemas.chats import ChatOut
from webui.security.permissions import Permission
from webui.services import chat_messages, chats
from webui.services.sharing import owner_of
from webui.views.chats import MAX_CHAT
from webui.views.sharing import sees_all

if TYPE_CHECKING:
    from webui.request import Request

MAX_EVENT = 1024 * 1024  # bytes
ERRORS = (Problem.CHAT_NOT_FOUND, Problem.MESSAGE_NOT_FOUND, Problem.CONFLICT)


@api_view(
    route="chats.messages",
    method="POST",
    permission=Permission.VERIFIED,
    body=MessageChanges,
    returns=ChangedAt,
    max_body=MAX_CHAT,
    errors=(Problem.CHAT_NOT_FOUND,),
)
def change_messages(request: Request) -> dict[str, Any]:
    """Store some messages of a chat, and put others into the trash; all that is not named stays as it is.

    A message that is being generated is the server's until it is complete. Deleting stops at messages that others have
    answered meanwhile.
    """
    return {"updated_at": store_changes(request, request.matchdict["id"], request.payload)}


def store_changes(request: Request, chat_id: str, changes: MessageChanges) -> datetime:
    return chats.change_messages(
        request.database,
        request.user.id,
        chat_id,
        sent=changes.messages,
        deleted=frozenset(changes.deleted),
        current_id=changes.currentId,
    )


@api_view(
    route="chats.message",
    method="POST",
    permission=Permission.VERIFIED,
    body=MessageForm,
    returns=ChatOut,
    max_body=MAX_CHAT,
    errors=ERRORS,
)
def edit_message(request: Request) -> dict[str, Any]:
    """Give a message another text; not while it is being generated."""
    chat_id, message_id = request.matchdict["id"], request.matchdict["message_id"]
    return chat_messages.edit_message(
        request.db, _owner(request, chat_id), chat_id, message_id, request.payload.content
    )


@api_view(
    route="chats.message_event",
    method="POST",
    permission=Permission.VERIFIED,
    body=EventForm,
    returns=bool,
    max_body=MAX_EVENT,
    errors=ERRORS,
)
def send_event(request: Request) -> bool:
    """Send an event about a message to the pages that show it.

    `message` and `replace` change its text, `status`, `source`, `files` and `embeds` are kept with it.
    """
    chat_id, message_id = request.matchdict["id"], request.matchdict["message_id"]
    event = request.payload.model_dump()
    chat_messages.send_event(request.db, _owner(request, chat_id), chat_id, message_id, event)
    return True


def _owner(request: Request, chat_id: str) -> str:
    return owner_of(request.db, chat_id) if sees_all(request) else request.user.id

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webui.api import api_view
from webui.errors import Problem
from webui.schemas.chats import ChatOut, MessageIds, PageQuery, RestoreQuery, TrashedChat, TrashedMessage
from webui.security.permissions import Permission
from webui.services import trash

if TYPE_CHECKING:
    from webui.request import Request

MAX_IDS = 1024 * 1024  # bytes of a list of ids


@api_view(route="chats.list", method="DELETE", permission=Permission.CHAT_DELETE, returns=bool)
def delete_all_chats(request: Request) -> bool:
    """Put all of the user's chats into the trash, archived ones included."""
    trash.delete_all(request.database, request.user.id, trash_days=request.config["chats.trash_days"])
    return True


@api_view(route="chats.trash", method="GET", permission=Permission.VERIFIED, query=PageQuery, returns=list[TrashedChat])
def list_trash(request: Request) -> Any:
    """The chats in the user's trash, 60 a page, what was deleted last first."""
    return trash.list_trash(request.db, request.user.id, request.query.page or 1)


@api_view(route="chats.trash", method="DELETE", permission=Permission.CHAT_DELETE, returns=bool)
def empty_trash(request: Request) -> bool:
    """Delete for good what is in the user's trash."""
    trash.empty(request.database, request.user.id)
    return True


@api_view(
    route="chats.trashed",
    method="DELETE",
    permission=Permission.CHAT_DELETE,
    returns=bool,
    errors=(Problem.CHAT_NOT_FOUND,),
)
def erase_chat(request: Request) -> bool:
    """Delete a chat that is in the trash for good."""
    trash.erase_chat(request.db, request.user.id, request.matchdict["id"])
    return True


@api_view(
    route="chats.restore",
    method="POST",
    permission=Permission.VERIFIED,
    query=RestoreQuery,
    returns=ChatOut,
    errors=(Problem.CHAT_NOT_FOUND,),
)
def restore_chat(request: Request) -> dict[str, Any]:
    """Put a chat that is in the trash back where it was, or into another folder; outside of folders if that is gone."""
    return trash.restore_chat(request.db, request.user.id, request.matchdict["id"], request.query.folder_id)


@api_view(
    route="chats.message_trash",
    method="GET",
    permission=Permission.VERIFIED,
    returns=list[TrashedMessage],
    errors=(Problem.CHAT_NOT_FOUND,),
)
def list_deleted_messages(request: Request) -> Any:
    """The messages of a chat that are in the trash."""
    return trash.list_messages(request.db, request.user.id, request.matchdict["id"])


@api_view(
    route="chats.message_trash",
    method="POST",
    permission=Permission.VERIFIED,
    body=MessageIds,
    returns=ChatOut,
    max_body=MAX_IDS,
    errors=(Problem.CHAT_NOT_FOUND, Problem.NOT_FOUND),
)
def restore_messages(request: Request) -> dict[str, Any]:
    """Put messages of a chat back, each under its nearest ancestor that is there."""
    return trash.restore_messages(request.db, request.user.id, request.matchdict["id"], request.payload.ids)

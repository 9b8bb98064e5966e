from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from webui.api import api_view
from webui.errors import ApiError, Problem
from webui.schemas.chats import (
    ChatFilterQuery,
    ChatListQuery,
    ChatOut,
    ChatTitle,
    ChatUsageList,
    ChatUsageQuery,
)
from webui.security.permissions import Permission
from webui.services import chat_lists, chat_usage
from webui.services.chat_lists import Wanted
from webui.views.downloads import streamed_list

if TYPE_CHECKING:
    from webui.request import Request
    from webui.streaming import Detached

USAGE_PAGE_SIZE = 50  # chats, unless the client says how many


@api_view(
    route=("chats.list", "chats.list_again"),
    method="GET",
    permission=Permission.VERIFIED,
    query=ChatListQuery,
    returns=list[ChatTitle],
)
def list_chats(request: Request) -> Any:
    """The user's chats, newest first, 60 a page; without a page all of them."""
    query: ChatListQuery = request.query
    return chat_lists.list_chats(
        request.db,
        request.user.id,
        page=query.page,
        include_pinned=query.include_pinned,
        include_folders=query.include_folders,
    )


@api_view(route="chats.pinned", method="GET", permission=Permission.VERIFIED, returns=list[ChatTitle])
def list_pinned_chats(request: Request) -> Any:
    """The user's pinned chats, newest first."""
    return chat_lists.list_pinned(request.db, request.user.id)


@api_view(
    route="chats.archived",
    method="GET",
    permission=Permission.VERIFIED,
    query=ChatFilterQuery,
    returns=list[ChatTitle],
)
def list_archived_chats(request: Request) -> Any:
    """The user's archived chats, 60 a page, newest first unless another order is asked for."""
    return chat_lists.list_archived(request.db, request.user.id, _wanted(request.query))


@api_view(
    route="chats.list_of",
    method="GET",
    permission=Permission.ADMIN,
    query=ChatFilterQuery,
    returns=list[ChatTitle],
    errors=(Problem.NO_PERMISSION,),
)
def list_chats_of_user(request: Request) -> Any:
    """Another user's chats, archived ones included, 60 a page; for administrators, unless a setting forbids it."""
    if not request.config["admin.chat_access"]:
        raise ApiError(Problem.NO_PERMISSION, "Administrators have no access to other people's chats on this server.")
    return chat_lists.list_all(request.db, request.matchdict["user_id"], _wanted(request.query))


@api_view(
    route="chats.usage",
    method="GET",
    permission=Permission.VERIFIED,
    query=ChatUsageQuery,
    returns=ChatUsageList,
)
def list_usage(request: Request) -> dict[str, Any]:
    """What each of the user's chats consists of, newest first; chats without messages are left out."""
    query: ChatUsageQuery = request.query
    size = query.items_per_page or USAGE_PAGE_SIZE
    return chat_usage.list_usage(request.db, request.user.id, page=query.page or 1, page_size=size)


@api_view(route="chats.archive_all", method="POST", permission=Permission.VERIFIED, returns=bool)
def archive_all_chats(request: Request) -> bool:
    """Archive all of the user's chats."""
    chat_lists.archive_all(request.database, request.user.id, True)
    return True


@api_view(route="chats.unarchive_all", method="POST", permission=Permission.VERIFIED, returns=bool)
def unarchive_all_chats(request: Request) -> bool:
    """Bring all of the user's archived chats back into the list."""
    chat_lists.archive_all(request.database, request.user.id, False)
    return True


@api_view(route="chats.all", method="GET", permission=Permission.VERIFIED, returns=list[ChatOut])
def read_all_chats(request: Request) -> Detached:
    """All of the user's chats with their conversations, archived ones included, newest first."""
    return _streamed(request, chat_lists.read_all(request.database, request.user.id))


@api_view(route="chats.all_archived", method="GET", permission=Permission.VERIFIED, returns=list[ChatOut])
def read_all_archived_chats(request: Request) -> Detached:
    """All of the user's archived chats with their conversations, newest first."""
    return _streamed(request, chat_lists.read_all(request.database, request.user.id, only_archived=True))


@api_view(
    route="chats.all_of_everybody",
    method="GET",
    permission=Permission.ADMIN,
    returns=list[ChatOut],
    errors=(Problem.NO_PERMISSION,),
)
def read_everybodys_chats(request: Request) -> Detached:
    """All chats of the server, one user's after another's, each user's newest first; unless a setting forbids it."""
    if not request.config["admin.export"]:
        raise ApiError(Problem.NO_PERMISSION, "Administrators do not export other people's chats on this server.")
    return _streamed(request, chat_lists.read_everybodys(request.database))


def _wanted(query: ChatFilterQuery) -> Wanted:
    return Wanted(query.query, query.order_by, query.direction, query.page or 1)


def _streamed(request: Request, chats: Iterator[dict[str, Any]]) -> Detached:
    return streamed_list(request, map(ChatOut.model_validate, chats))

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webui.api import api_view
from webui.errors import Problem
from webui.schemas.chats import ChatTitle
from webui.schemas.tags import TagFilterForm, TagForm, TagOut
from webui.security.permissions import Permission
from webui.services import tags

if TYPE_CHECKING:
    from webui.request import Request


@api_view(route="chats.all_tags", method="GET", permission=Permission.VERIFIED, returns=list[TagOut])
def list_tags(request: Request) -> Any:
    """The tags on the user's chats, without those that are on archived chats alone."""
    return tags.list_tags(request.db, request.user.id)


@api_view(
    route="chats.tagged", method="POST", permission=Permission.VERIFIED, body=TagFilterForm, returns=list[ChatTitle]
)
def list_tagged(request: Request) -> Any:
    """The user's chats with a tag, archived ones included, newest first; 50 if no limit is given."""
    form: TagFilterForm = request.payload
    return tags.list_tagged(request.reading, request.user.id, form.name, skip=form.skip, limit=form.limit)


@api_view(
    route="chats.tags",
    method="GET",
    permission=Permission.VERIFIED,
    returns=list[TagOut],
    errors=(Problem.CHAT_NOT_FOUND,),
)
def list_tags_of_chat(request: Request) -> Any:
    """The tags on a chat, in the order in which it got them."""
    return tags.tags_of(request.db, request.user.id, request.matchdict["id"])


@api_view(
    route="chats.tags",
    method="POST",
    permission=Permission.VERIFIED,
    body=TagForm,
    returns=list[TagOut],
    errors=(Problem.BAD_TAG, Problem.CHAT_NOT_FOUND),
)
def add_tag(request: Request) -> Any:
    """Put a tag on a chat; answers all that it has now."""
    chat_id = request.matchdict["id"]
    tags.add_tags(request.db, request.user.id, chat_id, [request.payload.name])
    return tags.tags_of(request.db, request.user.id, chat_id)


@api_view(
    route="chats.tags",
    method="DELETE",
    permission=Permission.VERIFIED,
    body=TagForm,
    returns=list[TagOut],
    errors=(Problem.CHAT_NOT_FOUND,),
)
def remove_tag(request: Request) -> Any:
    """Take a tag off a chat; answers those that it still has. A tag that is on no chat any more is forgotten."""
    chat_id = request.matchdict["id"]
    tags.remove_tag(request.db, request.user.id, chat_id, request.payload.name)
    return tags.tags_of(request.db, request.user.id, chat_id)


@api_view(
    route="chats.tags_all",
    method="DELETE",
    permission=Permission.VERIFIED,
    returns=bool,
    errors=(Problem.CHAT_NOT_FOUND,),
)
def remove_tags(request: Request) -> bool:
    """Take all tags off a chat."""
    tags.remove_tags(request.db, request.user.id, request.matchdict["id"])
    return True

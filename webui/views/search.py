from __future__ import annotations

from typing import TYPE_CHECKING

from webui.api import api_view
from webui.schemas.search import ChatHit, SearchQuery
from webui.security.permissions import Permission
from webui.services import search

if TYPE_CHECKING:
    from webui.request import Request


@api_view(route="chats.search", method="GET", permission=Permission.VERIFIED, query=SearchQuery, returns=list[ChatHit])
def search_chats(request: Request) -> list[search.Hit]:
    """The user's chats with a text in their title or messages, the best first, 60 a page.

    Among the words of the text may stand `tag:name`, `tag:none`, `folder:name` (underscores for spaces), and
    `pinned:`, `archived:` and `shared:` with `true` or `false`. Archived chats are found with `archived:true` alone.
    """
    query: SearchQuery = request.query
    return search.search_chats(request.db, request.user.id, query.text, query.page or 1)

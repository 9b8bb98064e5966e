from __future__ import annotations

from typing import TYPE_CHECKING

from webui.api import api_view
from webui.errors import Problem
from webui.security.permissions import Permission
from webui.services import account_removal

if TYPE_CHECKING:
    from webui.request import Request


@api_view(
    route="users.item",
    method="DELETE",
    permission=Permission.ADMIN,
    returns=bool,
    errors=(Problem.NOT_FOUND, Problem.FORBIDDEN),
)
def remove_user(request: Request) -> bool:
    """Remove somebody's account with all that is theirs. It is shut at once, and erased in the background.

    Neither one's own account nor that of the first administrator can be removed.
    """
    account_removal.shut(request.db, request.registry.jobs, request.matchdict["user_id"], by=request.user.id)
    return True

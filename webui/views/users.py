from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webui.api import api_view
from webui.errors import Problem
from webui.schemas.configs import PermissionsConfig
from webui.security.permissions import Permission
from webui.services import account_removal
from webui.settings import forms
from webui.views.config_forms import change_form, changes_settings, show_form

if TYPE_CHECKING:
    from webui.request import Request


@api_view(route="users.permissions", method="GET", permission=Permission.VERIFIED, returns=PermissionsConfig)
def own_permissions(request: Request) -> dict[str, Any]:
    """What the signed-in user may do; administrators may do everything, whatever this says."""
    return show_form(request, forms.PERMISSIONS)


@api_view(route="users.default_permissions", method="GET", permission=Permission.ADMIN, returns=PermissionsConfig)
def default_permissions(request: Request) -> dict[str, Any]:
    """What users may do to whom no group gives more."""
    return show_form(request, forms.PERMISSIONS)


@changes_settings(route="users.default_permissions", body=PermissionsConfig, returns=PermissionsConfig)
def change_default_permissions(request: Request) -> dict[str, Any]:
    """Change what users may do to whom no group gives more, all or nothing."""
    return change_form(request, forms.PERMISSIONS)


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

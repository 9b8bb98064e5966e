from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from pyramid.response import Response

from webui.api import api_view
from webui.errors import Problem
from webui.schemas.configs import PermissionsConfig
from webui.schemas.users import (
    UserActive,
    UserBriefs,
    UserCard,
    UserList,
    UserOut,
    UsersQuery,
    UserUpdateForm,
)
from webui.security.permissions import Permission
from webui.services import account_removal, sharing, users
from webui.settings import forms
from webui.views.config_forms import change_form, changes_settings, show_form
from webui.views.pictures import picture_response

if TYPE_CHECKING:
    from sqlalchemy import RowMapping

    from webui.request import Request

MAX_USER = 3 * 1024 * 1024  # bytes; a picture may stand in it
SHARED = "shared-"  # before the id of a shared chat, in the place of its owner's

of_somebody = partial(api_view, permission=Permission.VERIFIED, errors=(Problem.USER_NOT_FOUND,))


@api_view(route="users.list", method="GET", permission=Permission.ADMIN, query=UsersQuery, returns=UserList)
def list_users(request: Request) -> users.Page:
    """A page of thirty people with accounts."""
    return users.list_users(request.db, **request.query.model_dump())


@api_view(route="users.all", method="GET", permission=Permission.ADMIN, returns=UserBriefs)
def list_all_users(request: Request) -> users.Page:
    """Everybody who has an account, in short."""
    return users.list_users(request.db, page=None)


@api_view(route="users.search", method="GET", permission=Permission.VERIFIED, query=UsersQuery, returns=UserBriefs)
def search_users(request: Request) -> users.Page:
    """A page of thirty people, in short, for whoever wants to share something with them."""
    return users.list_users(request.db, **request.query.model_dump())


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


@of_somebody(route="users.item", method="GET", returns=UserCard)
def show_user(request: Request) -> dict[str, Any]:
    """Somebody as everybody may see them; `shared-` and the id of a shared chat name its owner."""
    user = _user(request)
    return {**user, "is_active": users.is_active(user["last_active_at"])}


@of_somebody(route="users.active", method="GET", returns=UserActive)
def show_activity(request: Request) -> dict[str, bool]:
    """Whether somebody was here in the last minutes."""
    return {"active": users.is_active(_user(request)["last_active_at"])}


@of_somebody(route="users.picture", method="GET", media_type="image/*")
def read_user_picture(request: Request) -> Response:
    """Somebody's picture, or the way to it where it is elsewhere, or the server's own."""
    return picture_response(_user(request)["profile_image_url"])


@api_view(
    route="users.update",
    method="POST",
    permission=Permission.ADMIN,
    body=UserUpdateForm,
    returns=UserOut,
    max_body=MAX_USER,
    errors=(
        Problem.USER_NOT_FOUND,
        Problem.BAD_EMAIL,
        Problem.BAD_PASSWORD,
        Problem.EMAIL_TAKEN,
        Problem.FORBIDDEN,
    ),
)
def update_user(request: Request) -> RowMapping:
    """Change somebody's account: let them in (`role`), rename them, or give them a new password.

    A new password ends their sessions.

    That of the first administrator is changed by nobody else, and stays an administrator's.
    """
    form: UserUpdateForm = request.payload
    return users.update_user(
        request.db, request.config, request.matchdict["user_id"], by=request.user, **form.model_dump()
    )


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


def _user(request: Request) -> RowMapping:
    user_id = request.matchdict["user_id"]
    if user_id.startswith(SHARED):
        user_id = sharing.sharer_of(request.db, user_id.removeprefix(SHARED))
    return users.find_user(request.db, user_id)

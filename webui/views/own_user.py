from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from webui.api import api_view
from webui.schemas.users import UserInfoForm, UserOut, UserSettings, UserSettingsForm, UserStatusForm
from webui.security.permissions import Permission
from webui.services import users

if TYPE_CHECKING:
    from sqlalchemy import RowMapping

    from webui.request import Request

MAX_SETTINGS = 4 * 1024 * 1024  # bytes; a background picture may stand in them

of_oneself = partial(api_view, permission=Permission.VERIFIED)


@of_oneself(route="own_user.settings", method="GET", returns=UserSettings | None)
def show_settings(request: Request) -> dict[str, Any] | None:
    """What the page keeps for the signed-in user."""
    found: dict[str, Any] | None = _own(request)["settings"]
    return found


@of_oneself(
    route="own_user.settings_update",
    method="POST",
    body=UserSettingsForm,
    returns=UserSettings,
    max_body=MAX_SETTINGS,
)
def update_settings(request: Request) -> dict[str, Any]:
    """Replace what the page keeps for the signed-in user.

    Servers of tools (`ui.toolServers`) are kept only for those who may have some.
    """
    user, settings = request.user, request.payload.model_dump()
    allowed = user.is_admin or request.config["user.permissions.features.direct_tool_servers"]
    return users.update_settings(request.db, user.id, settings, tool_servers=allowed)


@of_oneself(route="own_user.status", method="GET", returns=UserOut)
def show_status(request: Request) -> RowMapping:
    """The signed-in user, with what they say they are up to."""
    return _own(request)


@of_oneself(route="own_user.status_update", method="POST", body=UserStatusForm, returns=UserOut)
def update_status(request: Request) -> RowMapping:
    """Say what one is up to; what is left out is cleared."""
    users.update_own(request.db, request.user.id, request.payload.model_dump())
    return _own(request)


@of_oneself(route="own_user.info", method="GET", returns=dict[str, Any] | None)
def show_info(request: Request) -> dict[str, Any] | None:
    """What clients keep for the signed-in user, such as where they are."""
    found: dict[str, Any] | None = _own(request)["info"]
    return found


@of_oneself(route="own_user.info_update", method="POST", body=UserInfoForm, returns=dict[str, Any])
def update_info(request: Request) -> dict[str, Any]:
    """Set some keys of it; the others stay."""
    return users.update_info(request.db, request.user.id, request.payload.model_dump())


def _own(request: Request) -> RowMapping:
    return users.find_user(request.db, request.user.id)

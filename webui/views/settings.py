"""The settings as a whole; and what views share that change some of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from webui.api import api_view
from webui.errors import Problem
from webui.schemas.settings import SettingOut, SettingValues
from webui.security.permissions import Permission
from webui.services.settings import change_settings, listed

if TYPE_CHECKING:
    from webui.request import Request
    from webui.settings import Settings

MAX_VALUES = 4 * 1024 * 1024  # bytes


def store(request: Request, values: Mapping[str, Any]) -> Settings:
    """Store these settings (name to JSON value, ``None`` to unset) as ``change_settings`` does; the settings with them.

    They are in force in this process when the answer goes out, and in the others within two seconds. Until the commit
    ``request.config`` has the old ones.
    """
    refresh_after_commit(request)
    return change_settings(request.db, request.config, request.registry.vault, values, user_id=request.user.id)


def refresh_after_commit(request: Request) -> None:
    """Let this process read what the request has stored."""

    def refresh(committed: bool) -> None:
        if committed:
            request.registry.runtime.refresh()

    request.tm.get().addAfterCommitHook(refresh)


@api_view(route="settings.list", method="GET", permission=Permission.ADMIN, returns=list[SettingOut])
def list_settings(request: Request) -> list[dict[str, Any]]:
    """Every setting: its value and where that comes from, its default, and whether it can be changed here."""
    return listed(request.config, request.registry.vault)


@api_view(
    route="settings.list",
    method="POST",
    permission=Permission.ADMIN,
    body=SettingValues,
    returns=list[SettingOut],
    max_body=MAX_VALUES,
    errors=(Problem.CONFLICT,),
)
def update_settings(request: Request) -> list[dict[str, Any]]:
    """Change these settings, all or none; null goes back to the default. The answer has those that were named."""
    values = request.payload.root
    settings = store(request, values)
    return [row for row in listed(settings, request.registry.vault) if row["name"] in values]

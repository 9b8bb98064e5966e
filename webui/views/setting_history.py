from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webui.api import api_view, invalid
from webui.errors import Problem
from webui.schemas.settings import HistoryQuery, RestoredSettings, SettingsVersion
from webui.security.permissions import Permission
from webui.services.setting_history import history, restore
from webui.services.settings import listed
from webui.views.settings import refresh_after_commit

if TYPE_CHECKING:
    from webui.request import Request

MAX_DIGITS = 9


@api_view(
    route="settings.history",
    method="GET",
    permission=Permission.ADMIN,
    query=HistoryQuery,
    returns=list[SettingsVersion],
)
def setting_history(request: Request) -> list[dict[str, Any]]:
    """Who changed which settings when, the newest first, 50 versions a page."""
    return history(request.db, request.config, request.registry.vault, request.query.page)


@api_view(
    route="settings.restore",
    method="POST",
    permission=Permission.ADMIN,
    returns=RestoredSettings,
    errors=(Problem.NOT_FOUND,),
)
def restore_settings(request: Request) -> dict[str, Any]:
    """Make the stored settings what they were right after this version; a change that is in the history, too.

    What is set outside the database stays as it is now. So does a setting whose old value is not valid any more or
    cannot be read, and the sign-up that the first account has closed; the answer names them all.
    """
    version = request.matchdict["version"]
    if not (version.isdecimal() and version.isascii() and len(version) <= MAX_DIGITS):
        raise invalid("path_value", ["path", "version"], "The version in the address is not a whole number.")
    refresh_after_commit(request)
    vault = request.registry.vault
    settings, names, left_out = restore(request.db, request.config, vault, int(version), user_id=request.user.id)
    return {"restored": [row for row in listed(settings, vault) if row["name"] in names], "left_out": left_out}

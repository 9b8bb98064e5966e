from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webui.api import api_view
from webui.schemas.configs import ArenaConfig
from webui.security.permissions import Permission
from webui.settings import forms
from webui.views.config_forms import change_form, changes_settings, show_form

if TYPE_CHECKING:
    from webui.request import Request


@api_view(route="evaluations.config", method="GET", permission=Permission.ADMIN, returns=ArenaConfig)
def read_arenas(request: Request) -> dict[str, Any]:
    """The arenas: models behind which one of several answers by lot."""
    return show_form(request, forms.ARENAS)


@changes_settings(route="evaluations.config", body=ArenaConfig, returns=ArenaConfig)
def change_arenas(request: Request) -> dict[str, Any]:
    """Change the arenas; what is not given stays."""
    return change_form(request, forms.ARENAS, null_keeps=True)

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webui.api import api_view
from webui.errors import Problem
from webui.schemas.configs import ArenaConfig
from webui.security.permissions import Permission
from webui.settings import forms
from webui.views.config_forms import MAX_FORM, change_form, show_form

if TYPE_CHECKING:
    from webui.request import Request


@api_view(route="evaluations.config", method="GET", permission=Permission.ADMIN, returns=ArenaConfig)
def read_arenas(request: Request) -> dict[str, Any]:
    """The arenas: models behind which one of several answers by lot."""
    return show_form(request, forms.ARENAS)


@api_view(
    route="evaluations.config",
    method="POST",
    permission=Permission.ADMIN,
    body=ArenaConfig,
    returns=ArenaConfig,
    max_body=MAX_FORM,
    errors=(Problem.CONFLICT,),
)
def change_arenas(request: Request) -> dict[str, Any]:
    """Change the arenas; what is not given stays."""
    return change_form(request, forms.ARENAS, null_keeps=True)

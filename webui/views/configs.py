from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webui.api import api_view
from webui.errors import Problem
from webui.schemas.configs import (
    BannersForm,
    CodeExecutionConfig,
    ConnectionsConfig,
    ImportForm,
    ModelsConfig,
    SuggestionsForm,
    ToolServersConfig,
)
from webui.security.permissions import Permission
from webui.services.config_document import changes_of, stored_document
from webui.settings import forms
from webui.views.config_forms import change_form, changes_settings, show_form
from webui.views.settings import store

if TYPE_CHECKING:
    from webui.request import Request

MAX_DOCUMENT = 16 * 1024 * 1024  # bytes; all settings, and banners and arenas have pictures


@api_view(route="configs.export", method="GET", permission=Permission.ADMIN, returns=dict[str, Any])
def export_config(request: Request) -> dict[str, Any]:
    """The settings that are stored, as one document, without secrets."""
    return stored_document(request.db)


@api_view(
    route="configs.import",
    method="POST",
    permission=Permission.ADMIN,
    body=ImportForm,
    returns=dict[str, Any],
    max_body=MAX_DOCUMENT,
    errors=(Problem.CONFLICT,),
)
def import_config(request: Request) -> dict[str, Any]:
    """Store the settings of an exported document, of this server or of an Open WebUI, all or none.

    Settings that are not in it stay as they are. The answer is the document as it is stored then; what in the given
    one is no setting that can be stored is left out; the first hundred paths of it are named under `ignored`.
    """
    changes, ignored = changes_of(request.payload.config)
    store(request, changes)
    return stored_document(request.db) | ({"ignored": ignored} if ignored else {})


@api_view(route="configs.connections", method="GET", permission=Permission.ADMIN, returns=ConnectionsConfig)
def connections_config(request: Request) -> dict[str, Any]:
    """How the connections to model servers are used."""
    return show_form(request, forms.CONNECTIONS)


@changes_settings(route="configs.connections", body=ConnectionsConfig, returns=ConnectionsConfig)
def change_connections_config(request: Request) -> dict[str, Any]:
    """Change these settings, all or none."""
    return change_form(request, forms.CONNECTIONS)


@api_view(route="configs.tool_servers", method="GET", permission=Permission.ADMIN, returns=ToolServersConfig)
def tool_servers_config(request: Request) -> dict[str, Any]:
    """The servers whose tools models may use."""
    return show_form(request, forms.TOOL_SERVERS)


@changes_settings(route="configs.tool_servers", body=ToolServersConfig, returns=ToolServersConfig)
def change_tool_servers_config(request: Request) -> dict[str, Any]:
    """Change these settings, all or none."""
    return change_form(request, forms.TOOL_SERVERS)


@api_view(route="configs.code_execution", method="GET", permission=Permission.ADMIN, returns=CodeExecutionConfig)
def code_execution_config(request: Request) -> dict[str, Any]:
    """Where code of a reply runs."""
    return show_form(request, forms.CODE_EXECUTION)


@changes_settings(route="configs.code_execution", body=CodeExecutionConfig, returns=CodeExecutionConfig)
def change_code_execution_config(request: Request) -> dict[str, Any]:
    """Change these settings, all or none."""
    return change_form(request, forms.CODE_EXECUTION)


@api_view(route="configs.models", method="GET", permission=Permission.ADMIN, returns=ModelsConfig)
def models_config(request: Request) -> dict[str, Any]:
    """The models of a new chat, and those that stand first in the list."""
    return show_form(request, forms.MODEL_LISTS)


@changes_settings(route="configs.models", body=ModelsConfig, returns=ModelsConfig)
def change_models_config(request: Request) -> dict[str, Any]:
    """Change these settings, all or none."""
    return change_form(request, forms.MODEL_LISTS)


@changes_settings(route="configs.suggestions", body=SuggestionsForm, returns=list[dict[str, Any]])
def change_suggestions(request: Request) -> list[dict[str, Any]]:
    """Replace what is suggested for the beginning of a chat."""
    suggestions: list[dict[str, Any]] = request.payload.model_dump()["suggestions"]
    store(request, {"ui.prompt_suggestions": suggestions})
    return suggestions


@api_view(route="configs.banners", method="GET", permission=Permission.VERIFIED, returns=list[dict[str, Any]])
def banners(request: Request) -> list[dict[str, Any]]:
    """The messages on the page."""
    found: list[dict[str, Any]] = request.config["ui.banners"]
    return found


@changes_settings(route="configs.banners", body=BannersForm, returns=list[dict[str, Any]])
def change_banners(request: Request) -> list[dict[str, Any]]:
    """Replace the messages on the page."""
    given: list[dict[str, Any]] = request.payload.model_dump()["banners"]
    store(request, {"ui.banners": given})
    return given

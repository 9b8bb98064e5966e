"""What administrators decide about accounts, and whom people are told to ask."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webui.api import api_view
from webui.errors import ApiError, Problem
from webui.schemas.auths import AdminDetails
from webui.schemas.configs import AdminConfig, LdapConfig, LdapForm, LdapServerConfig
from webui.security.permissions import Permission
from webui.services.accounts import whom_to_ask
from webui.settings import forms
from webui.views.config_forms import change_form, changes_settings, show_form

if TYPE_CHECKING:
    from webui.request import Request


@api_view(
    route="auths.admin_details",
    method="GET",
    permission=Permission.SESSION,
    returns=AdminDetails,
    errors=(Problem.MALFORMED_REQUEST,),
)
def admin_details(request: Request) -> dict[str, str | None]:
    """Whom to ask for approval: the administrator's name and address."""
    if not request.config["auth.admin.show"]:
        raise ApiError(Problem.MALFORMED_REQUEST, "This server does not tell who its administrator is.")
    return whom_to_ask(request.db, request.config["auth.admin.email"])


@api_view(route="auths.admin_config", method="GET", permission=Permission.ADMIN, returns=AdminConfig)
def admin_config(request: Request) -> dict[str, Any]:
    """Accounts, and the features of the page."""
    return show_form(request, forms.ADMIN)


@changes_settings(route="auths.admin_config", body=AdminConfig, returns=AdminConfig)
def change_admin_config(request: Request) -> dict[str, Any]:
    """Change these settings, all or none."""
    return change_form(request, forms.ADMIN)


@api_view(route="auths.ldap", method="GET", permission=Permission.ADMIN, returns=LdapConfig)
def ldap_config(request: Request) -> dict[str, Any]:
    """Whether people may sign in with an LDAP account."""
    return show_form(request, forms.LDAP)


@changes_settings(route="auths.ldap", body=LdapForm, returns=LdapConfig)
def change_ldap_config(request: Request) -> dict[str, Any]:
    """Let people sign in with an LDAP account, or no longer."""
    return {"ENABLE_LDAP": change_form(request, forms.LDAP_SWITCH)["enable_ldap"]}


@api_view(route="auths.ldap_server", method="GET", permission=Permission.ADMIN, returns=LdapServerConfig)
def ldap_server(request: Request) -> dict[str, Any]:
    """The LDAP server, and where it keeps what."""
    return show_form(request, forms.LDAP_SERVER)


@changes_settings(route="auths.ldap_server", body=LdapServerConfig, returns=LdapServerConfig)
def change_ldap_server(request: Request) -> dict[str, Any]:
    """Change these settings, all or none."""
    return change_form(request, forms.LDAP_SERVER)

"""People whom another system knows: a directory (LDAP), one that provisions accounts (SCIM), a proxy before us."""

from __future__ import annotations

from webui.settings.declarations.planned import key, planned, switch
from webui.settings.headers import field_name
from webui.settings.parsers import boolean, integer, text
from webui.settings.setting import Setting


def _text(name: str, default: str, env: str, what: str) -> Setting:
    return planned(f"ldap.server.{name}", text(), default, env, what)


def _switch(name: str, default: str, env: str, what: str) -> Setting:
    return switch(f"ldap.{name}", default, env, what)


def _trusted(name: str, what: str) -> Setting:
    env = f"WEBUI_AUTH_TRUSTED_{name.upper()}_HEADER"
    about = f"Header in which a proxy tells {what}. Only behind a proxy that removes what clients send under this name."
    return Setting(f"auth.trusted_header.{name}", field_name(), None, env, about, planned=True)


DIRECTORY = (
    _text("label", "LDAP Server", "LDAP_SERVER_LABEL", "Name of the directory on the sign-in page."),
    _text("host", "localhost", "LDAP_SERVER_HOST", "Host name of the LDAP server."),
    planned("ldap.server.port", integer(1, 65535), "389", "LDAP_SERVER_PORT", "Port of the LDAP server."),
    _switch("server.use_tls", "true", "LDAP_USE_TLS", "the connection is encrypted"),
    _switch("server.validate_cert", "true", "LDAP_VALIDATE_CERT", "the server's certificate is verified"),
    _text(
        "ca_cert_file",
        "",
        "LDAP_CA_CERT_FILE",
        "File of the authorities that are trusted for it, in PEM; empty for those of the system.",
    ),
    _text("ciphers", "ALL", "LDAP_CIPHERS", "Ciphers that are allowed, as OpenSSL writes them."),
    _text("app_dn", "", "LDAP_APP_DN", "Who looks people up; empty does so anonymously."),
    key("ldap.server.app_password", "LDAP_APP_PASSWORD", "Password of LDAP_APP_DN."),
    _text("users_dn", "", "LDAP_SEARCH_BASE", "Subtree in which people are looked for."),
    Setting(
        "ldap.server.search_filter",
        text(),
        "",
        "LDAP_SEARCH_FILTER",
        "Filter (RFC 4515) that people must match, besides their name.",
        runtime=True,
        planned=True,
        aliases=("LDAP_SEARCH_FILTERS",),
    ),
    _text("attribute_for_username", "uid", "LDAP_ATTRIBUTE_FOR_USERNAME", "Attribute with the name to sign in with."),
    _text("attribute_for_mail", "mail", "LDAP_ATTRIBUTE_FOR_MAIL", "Attribute with the mail address."),
    _text("attribute_for_groups", "memberOf", "LDAP_ATTRIBUTE_FOR_GROUPS", "Attribute with the groups."),
    _switch("group.enable_management", "false", "ENABLE_LDAP_GROUP_MANAGEMENT", "groups here follow the directory's"),
    _switch("group.enable_creation", "false", "ENABLE_LDAP_GROUP_CREATION", "groups that are missing are made"),
    Setting(
        "scim.enable",
        boolean(),
        "false",
        "ENABLE_SCIM",
        "Whether SCIM 2.0 (RFC 7644) is served, by which an identity provider manages accounts.",
        planned=True,
        aliases=("SCIM_ENABLED",),
    ),
    Setting("scim.token", text(), "", "SCIM_TOKEN", "Bearer token of that provider.", secret=True, planned=True),
    _trusted("email", "who somebody is, by mail address"),
    _trusted("name", "the name of a person, percent-encoded"),
    _trusted("groups", "the groups of a person, with commas between"),
    Setting(
        "auth.signout_redirect",
        text(minimum=1),
        None,
        "WEBUI_AUTH_SIGNOUT_REDIRECT_URL",
        "Address to which the page goes after signing out.",
        planned=True,
    ),
)

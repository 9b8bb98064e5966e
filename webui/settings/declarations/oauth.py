"""Signing in with an account of another service: OpenID Connect, and providers with ways of their own."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from webui.settings.declarations.planned import address, key, planned, switch
from webui.settings.optional import optional
from webui.settings.parsers import Parser, boolean, choice, duration, json_texts, text, texts
from webui.settings.setting import Setting

# OpenID Connect Core 1.0, section 9
TOKEN_ENDPOINT_AUTH = ("client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt", "none")


def _text(name: str, default: str, env: str, what: str) -> Setting:
    return planned(f"oauth.{name}", text(), default, env, what)


def _switch(name: str, env: str, what: str) -> Setting:
    return switch(f"oauth.{name}", "false", env, what)


def _client(provider: str, env: str, who: str, redirect: str) -> tuple[Setting, ...]:
    """The registration with a provider: its id, secret and redirect address."""
    return (
        _text(f"{provider}.client_id", "", f"{env}_CLIENT_ID", f"Id of this server at {who}; empty leaves {who} out."),
        key(f"oauth.{provider}.client_secret", f"{env}_CLIENT_SECRET", f"Secret of this server at {who}."),
        address(
            f"oauth.{provider}.redirect_uri",
            "",
            redirect,
            f"Address to which {who} sends people back; empty is made from WEBUI_URL.",
        ),
    )


def _fixed(name: str, kind: Parser[Any], default: str, env: str, what: str) -> Setting:
    """One that cannot change at run time."""
    return Setting(f"oauth.{name}", kind, default, env, what, planned=True)


OAUTH = (
    _switch("enable_signup", "ENABLE_OAUTH_SIGNUP", "the first sign-in with an outside account creates one here"),
    _switch(
        "merge_accounts_by_email",
        "OAUTH_MERGE_ACCOUNTS_BY_EMAIL",
        "an outside account belongs to the one here with the same address; only for providers that verify addresses",
    ),
    _switch("update_picture_on_login", "OAUTH_UPDATE_PICTURE_ON_LOGIN", "each sign-in brings the picture up to date"),
    planned(
        "oauth.allowed_domains",
        texts(","),
        "*",
        "OAUTH_ALLOWED_DOMAINS",
        "Mail domains whose people may sign in, with commas between; * is every domain.",
    ),
    _text("audience", "", "OAUTH_AUDIENCE", "Parameter audience of the authorisation request; empty sends none."),
    *_client("google", "GOOGLE", "Google", "GOOGLE_REDIRECT_URI"),
    _text("google.scope", "openid email profile", "GOOGLE_OAUTH_SCOPE", "Scopes that are asked of Google."),
    *_client("microsoft", "MICROSOFT", "Microsoft", "MICROSOFT_REDIRECT_URI"),
    _text("microsoft.tenant_id", "", "MICROSOFT_CLIENT_TENANT_ID", "Tenant at Microsoft whose people may sign in."),
    _text("microsoft.scope", "openid email profile", "MICROSOFT_OAUTH_SCOPE", "Scopes that are asked of Microsoft."),
    address(
        "oauth.microsoft.login_base_url",
        "https://login.microsoftonline.com",
        "MICROSOFT_CLIENT_LOGIN_BASE_URL",
        "Microsoft's sign-in service; national clouds have their own.",
    ),
    address(
        "oauth.microsoft.picture_url",
        "https://graph.microsoft.com/v1.0/me/photo/$value",
        "MICROSOFT_CLIENT_PICTURE_URL",
        "Where a person's picture is at Microsoft.",
    ),
    *_client("github", "GITHUB", "GitHub", "GITHUB_CLIENT_REDIRECT_URI"),
    _text("github.scope", "user:email", "GITHUB_CLIENT_SCOPE", "Scopes that are asked of GitHub."),
    *_client("feishu", "FEISHU", "Feishu", "FEISHU_REDIRECT_URI"),
    _text("feishu.scope", "contact:user.base:readonly", "FEISHU_OAUTH_SCOPE", "Scopes that are asked of Feishu."),
    address("oauth.oidc.provider_url", "", "OPENID_PROVIDER_URL", "Discovery document of another OpenID provider."),
    *_client("oidc", "OAUTH", "that provider", "OPENID_REDIRECT_URI"),
    _text("oidc.provider_name", "SSO", "OAUTH_PROVIDER_NAME", "Name of that provider on the sign-in button."),
    _text("oidc.scopes", "openid email profile", "OAUTH_SCOPES", "Scopes that are asked of that provider."),
    planned(
        "oauth.oidc.code_challenge_method",
        optional(choice("S256"), ""),
        "",
        "OAUTH_CODE_CHALLENGE_METHOD",
        "Kind of PKCE (RFC 7636) with that provider; empty uses none.",
    ),
    planned(
        "oauth.oidc.token_endpoint_auth_method",
        optional(choice(*TOKEN_ENDPOINT_AUTH), ""),
        "",
        "OAUTH_TOKEN_ENDPOINT_AUTH_METHOD",
        "How this server proves itself to that provider's token endpoint; empty follows the discovery document.",
    ),
    _fixed(
        "include_client_id",
        boolean(),
        "false",
        "OAUTH_ACCESS_TOKEN_REQUEST_INCLUDE_CLIENT_ID",
        "Whether token requests carry client_id too.",
    ),
    planned(
        "oauth.oidc.oauth_timeout",
        optional(duration(least=timedelta(seconds=1)), None),
        "",
        "OAUTH_TIMEOUT",
        "How long a call to a provider may take; empty is the server's choice.",
    ),
    _text("oidc.sub_claim", "", "OAUTH_SUB_CLAIM", "Claim that tells people apart; empty is sub."),
    _text("oidc.email_claim", "email", "OAUTH_EMAIL_CLAIM", "Claim with the mail address."),
    _fixed(
        "enable_email_fallback",
        boolean(),
        "false",
        "ENABLE_OAUTH_EMAIL_FALLBACK",
        "Whether somebody without a mail address gets a made-up one, provider@subject.local.",
    ),
    _text("oidc.username_claim", "name", "OAUTH_USERNAME_CLAIM", "Claim with the name."),
    _text("oidc.avatar_claim", "picture", "OAUTH_PICTURE_CLAIM", "Claim with the address of the picture."),
    _switch("enable_role_mapping", "ENABLE_OAUTH_ROLE_MANAGEMENT", "roles here follow the roles claim"),
    _text("roles_claim", "roles", "OAUTH_ROLES_CLAIM", "Claim with the roles; a dotted path leads into objects."),
    _fixed(
        "roles_separator",
        text(minimum=1),
        ",",
        "OAUTH_ROLES_SEPARATOR",
        "What separates roles in a claim that is one text. The two lists below always have commas.",
    ),
    planned("oauth.allowed_roles", texts(","), "user,admin", "OAUTH_ALLOWED_ROLES", "Roles whose people may sign in."),
    planned("oauth.admin_roles", texts(","), "admin", "OAUTH_ADMIN_ROLES", "Roles that make an administrator."),
    _switch("enable_group_mapping", "ENABLE_OAUTH_GROUP_MANAGEMENT", "groups here follow the groups claim"),
    _switch("enable_group_creation", "ENABLE_OAUTH_GROUP_CREATION", "groups of that claim that are missing are made"),
    Setting(
        "oauth.oidc.group_claim",
        text(),
        "groups",
        "OAUTH_GROUPS_CLAIM",
        "Claim with the groups.",
        runtime=True,
        planned=True,
        aliases=("OAUTH_GROUP_CLAIM",),
    ),
    _fixed(
        "groups_separator",
        text(minimum=1),
        ";",
        "OAUTH_GROUPS_SEPARATOR",
        "What separates groups in a claim that is one text.",
    ),
    planned(
        "oauth.blocked_groups",
        json_texts(),
        "[]",
        "OAUTH_BLOCKED_GROUPS",
        "Groups that never follow the claim: a JSON array of names.",
    ),
)

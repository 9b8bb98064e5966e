"""Security headers of the answers. A view that sets one itself, because its answer needs it so, is left alone."""

from __future__ import annotations

from typing import Any

from webui.settings.headers import field_value
from webui.settings.parsers import Parser, choice
from webui.settings.setting import Setting

# RFC 6797, section 6.1
HSTS = field_value(
    r"max-age=[0-9]{1,10}(\s*;\s*(includeSubDomains|preload))*",
    "must be max-age=SECONDS, if need be with ;includeSubDomains and ;preload after it",
)
# Referrer Policy (W3C), section 3
REFERRER_POLICIES = (
    "no-referrer",
    "no-referrer-when-downgrade",
    "same-origin",
    "origin",
    "strict-origin",
    "origin-when-cross-origin",
    "strict-origin-when-cross-origin",
    "unsafe-url",
)


def _header(name: str, kind: Parser[Any], default: str | None, env: str, what: str) -> Setting:
    return Setting(f"headers.{name}", kind, default, env, what)


HEADERS = (
    _header("hsts", HSTS, None, "HSTS", "Strict-Transport-Security; only for a server that is reached by https alone."),
    _header(
        "frame_options",
        choice("DENY", "SAMEORIGIN"),
        "SAMEORIGIN",
        "XFRAME_OPTIONS",
        "X-Frame-Options: who may frame the page.",
    ),
    _header(
        "content_type_options", choice("nosniff"), "nosniff", "XCONTENT_TYPE", "X-Content-Type-Options: no guessing."
    ),
    _header(
        "referrer_policy",
        choice(*REFERRER_POLICIES),
        "same-origin",
        "REFERRER_POLICY",
        "Referrer-Policy: what other sites learn.",
    ),
    _header(
        "permissions_policy",
        field_value(),
        None,
        "PERMISSIONS_POLICY",
        "Permissions-Policy: what the page may use of the browser.",
    ),
    _header("cache_control", field_value(), None, "CACHE_CONTROL", "Cache-Control of answers that have none."),
    _header("download_options", choice("noopen"), None, "XDOWNLOAD_OPTIONS", "X-Download-Options: for old browsers."),
    _header(
        "cross_domain_policies",
        choice("none", "master-only", "by-content-type", "by-ftp-filename"),
        None,
        "XPERMITTED_CROSS_DOMAIN_POLICIES",
        "X-Permitted-Cross-Domain-Policies: for old plugins.",
    ),
    _header(
        "content_security_policy",
        field_value(),
        None,
        "CONTENT_SECURITY_POLICY",
        "Content-Security-Policy of the web page, instead of the strict one that it has; the API keeps its own.",
    ),
)

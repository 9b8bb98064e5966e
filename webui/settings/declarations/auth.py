from __future__ import annotations

from datetime import timedelta

from webui.settings.parsers import boolean, choice, duration, integer, path, regex, same_site, text, texts
from webui.settings.setting import Setting

AUTH = (
    Setting(
        "secret_key",
        text(minimum=16),
        None,
        "WEBUI_SECRET_KEY",
        "Key that signs tokens and encrypts stored secrets; at least 16 characters. When not given, one is generated"
        " and kept in a file.",
        secret=True,
        aliases=("WEBUI_JWT_SECRET_KEY",),
    ),
    Setting(
        "secret_key_previous",
        texts(";"),
        "",
        "WEBUI_SECRET_KEY_PREVIOUS",
        "Keys that were WEBUI_SECRET_KEY before, separated by ;. What they signed or encrypted can still be read.",
        secret=True,
    ),
    Setting(
        "secret_key_file",
        path(),
        None,
        "WEBUI_SECRET_KEY_FILE",
        "Where the generated key is kept, the first line; further lines are previous keys. .webui_secret_key in"
        " DATA_DIR when not given.",
    ),
    Setting("auth.enable", boolean(), "true", "WEBUI_AUTH", "Whether people sign in; false is for one person alone."),
    Setting(
        "auth.enable_password",
        boolean(),
        "true",
        "ENABLE_PASSWORD_AUTH",
        "Whether signing in with email and password is possible.",
    ),
    Setting(
        "auth.jwt_expiry",
        duration(optional=True, least=timedelta(minutes=1)),
        "4w",
        "JWT_EXPIRES_IN",
        "How long a sign-in lasts; -1 for ever.",
        runtime=True,
    ),
    Setting(
        "ui.enable_signup",
        boolean(),
        "true",
        "ENABLE_SIGNUP",
        "Whether people may create accounts themselves.",
        runtime=True,
    ),
    Setting(
        "ui.ENABLE_LOGIN_FORM",
        boolean(),
        "true",
        "ENABLE_LOGIN_FORM",
        "Whether the page shows the login form.",
        runtime=True,
    ),
    Setting(
        "auth.enable_initial_admin_signup",
        boolean(),
        "false",
        "ENABLE_INITIAL_ADMIN_SIGNUP",
        "Whether the first account may be created even where sign-up is off.",
    ),
    Setting(
        "ui.default_user_role",
        choice("pending", "user", "admin"),
        "pending",
        "DEFAULT_USER_ROLE",
        "Role of an account that somebody created for themselves; a pending one waits for an administrator.",
        runtime=True,
    ),
    Setting(
        "ui.default_group_id",
        text(),
        "",
        "DEFAULT_GROUP_ID",
        "Id of the group that every new account joins; empty is none.",
        runtime=True,
        planned=True,
    ),
    Setting(
        "auth.enable_signup_password_confirmation",
        boolean(),
        "false",
        "ENABLE_SIGNUP_PASSWORD_CONFIRMATION",
        "Whether the sign-up form asks for the password twice.",
    ),
    Setting(
        "auth.password_validation",
        boolean(),
        "false",
        "ENABLE_PASSWORD_VALIDATION",
        "Whether new passwords must match PASSWORD_VALIDATION_REGEX_PATTERN.",
    ),
    Setting(
        "auth.password_pattern",
        regex(),
        r"^(?=.*[a-z])(?=.*[A-Z])(?=.*\d)(?=.*[^\w\s]).{8,}$",
        "PASSWORD_VALIDATION_REGEX_PATTERN",
        "What a new password must match.",
    ),
    Setting(
        "auth.initial_admin.email",
        text(minimum=3),
        None,
        "WEBUI_ADMIN_EMAIL",
        "Creates an administrator with this address when there are no accounts yet.",
        alternatives=("ADMIN_USER_EMAIL",),
    ),
    Setting(
        "auth.initial_admin.password",
        text(minimum=1),
        None,
        "WEBUI_ADMIN_PASSWORD",
        "Password of that administrator.",
        secret=True,
        alternatives=("ADMIN_USER_PASSWORD",),
    ),
    Setting("auth.initial_admin.name", text(minimum=1), "Admin", "WEBUI_ADMIN_NAME", "Name of that administrator."),
    Setting(
        "auth.session_cookie.same_site",
        same_site(),
        "lax",
        "WEBUI_SESSION_COOKIE_SAME_SITE",
        "SameSite attribute of the session cookie.",
    ),
    Setting(
        "auth.session_cookie.secure",
        boolean(),
        "false",
        "WEBUI_SESSION_COOKIE_SECURE",
        "Whether the session cookie is sent over https only.",
    ),
    Setting(
        "auth.cookie.same_site",
        same_site(),
        None,
        "WEBUI_AUTH_COOKIE_SAME_SITE",
        "SameSite attribute of the sign-in cookie.",
        default_from="auth.session_cookie.same_site",
    ),
    Setting(
        "auth.cookie.secure",
        boolean(),
        None,
        "WEBUI_AUTH_COOKIE_SECURE",
        "Whether the sign-in cookie is sent over https only.",
        default_from="auth.session_cookie.secure",
    ),
    Setting(
        "auth.signin_rate.limit",
        integer(1),
        "15",
        "WEBUI_SIGNIN_RATE_LIMIT",
        "Sign-in attempts for one account from one address within the window below; more are refused with 429. From all"
        " addresses together ten times as many are allowed, so that strangers do not lock somebody out. Also the limit"
        " of changes of one's password.",
    ),
    Setting(
        "auth.signin_rate.address_limit",
        integer(0),
        "100",
        "WEBUI_SIGNIN_RATE_ADDRESS_LIMIT",
        "Attempts to sign in or up from one address within the window below, for all accounts together; 0 for any"
        " number. Behind a proxy that is not named as trusted_proxy everybody shares the proxy's address.",
    ),
    Setting(
        "auth.signin_rate.window",
        duration(),
        "180s",
        "WEBUI_SIGNIN_RATE_WINDOW",
        "Window in which attempts are counted.",
    ),
)

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from webui.settings import SETTINGS, Setting, Settings, SettingsError, default_permissions, load
from webui.settings.sources import one_edit_apart

SECRET = "correct-horse-battery-staple"


def resolve(
    environ: Mapping[str, str] | None = None,
    ini: Mapping[str, str] | None = None,
    dotenv: Path | None = None,
    database: Mapping[str, object] | None = None,
) -> Settings:
    return load(ini or {}, environ or {}, dotenv, database)


def problems(
    environ: Mapping[str, str] | None = None, ini: Mapping[str, str] | None = None, dotenv: Path | None = None
) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        resolve(environ, ini, dotenv)
    assert all(line in str(caught.value) for line in caught.value.problems)
    return caught.value.problems


def dotenv_file(folder: Path, text: str) -> Path:
    path = folder / ".env"
    path.write_text(text, encoding="utf-8")
    return path


def test_with_nothing_given_every_setting_has_its_default() -> None:
    settings = resolve()
    assert set(settings) == {setting.name for setting in SETTINGS}
    assert settings["server.port"] == 8080
    assert settings["auth.jwt_expiry"] == timedelta(weeks=4)
    assert settings["cors.allow_origin"] == []
    assert settings["ollama.base_urls"] == ["http://localhost:11434"]
    assert settings.resolved("server.port").source == "default"
    assert settings.warnings == ()


def test_the_strongest_source_wins(tmp_path: Path) -> None:
    name = "ui.default_locale"
    database = {name: "da"}
    ini = {f"webui.{name}": "in", "__file__": "/srv/production.ini"}
    dotenv = dotenv_file(tmp_path, "\nDEFAULT_LOCALE=do\n")
    environ = {"DEFAULT_LOCALE": "en"}

    def found(settings: Settings) -> tuple[str, str, bool]:
        return settings[name], settings.resolved(name).source, settings.resolved(name).locked

    assert found(resolve()) == ("", "default", False)
    assert found(resolve(database=database)) == ("da", "database", False)
    assert found(resolve(None, ini, None, database)) == ("in", "production.ini webui.ui.default_locale", True)
    assert found(resolve(None, ini, dotenv, database)) == ("do", ".env line 2 DEFAULT_LOCALE", True)
    assert found(resolve(environ, ini, dotenv, database)) == ("en", "environment DEFAULT_LOCALE", True)


@pytest.mark.parametrize(("name", "variable"), [("server.port", "PORT"), ("secret_key", "WEBUI_SECRET_KEY")])
def test_only_runtime_settings_are_locked_and_read_from_the_database(name: str, variable: str) -> None:
    settings = resolve({"PORT": "1", "WEBUI_SECRET_KEY": SECRET}, database={name: "9" * 20})
    assert not settings.resolved(name).locked
    assert settings[name] != "9" * 20
    assert settings.warnings == (f"database {name} is ignored: it cannot be changed at run time; set {variable}",)


def test_an_empty_value_counts_as_unset_everywhere(tmp_path: Path) -> None:
    dotenv = dotenv_file(tmp_path, "PORT=\nHOST\nWEBUI_THREADS=''\n")
    settings = resolve({"PORT": ""}, {"webui.server.port": ""}, dotenv)
    assert settings["server.port"] == 8080
    assert settings["server.host"] == "0.0.0.0"
    assert settings["server.threads"] == 4


def test_all_that_is_wrong_is_reported_at_once(tmp_path: Path) -> None:
    dotenv = dotenv_file(tmp_path, "ENABLE_SIGNUP=maybe\n")
    ini = {"webui.log.format": "loud", "webui.servr.port": "1", "__file__": "/srv/development.ini"}
    assert problems({"PORT": "http"}, ini, dotenv) == (
        "development.ini webui.servr.port: there is no such setting; did you mean webui.server.port?",
        "environment PORT: server.port must be a whole number from 0 to 65535 (it is 'http')",
        "development.ini webui.log.format: log.format must be one of text, json (it is 'loud')",
        ".env line 1 ENABLE_SIGNUP: ui.enable_signup must be true or false (1/0, yes/no and on/off work too)"
        " (it is 'maybe')",
    )


def test_a_problem_never_shows_a_secret() -> None:
    (line,) = problems({"WEBUI_SECRET_KEY": "tiny-secret"})
    assert line == "environment WEBUI_SECRET_KEY: secret_key must have at least 16 characters"


def test_a_problem_never_shows_credentials_in_an_address() -> None:
    (line,) = problems({"OLLAMA_BASE_URL": "http://user:p@ss;word@host:port"})
    assert "p@ss" not in line
    assert "word" not in line


def test_a_long_wrong_value_is_shortened() -> None:
    (line,) = problems({"PORT": "x" * 5000})
    assert len(line) < 200


def test_ini_keys_that_are_not_ours_are_left_alone() -> None:
    assert resolve(ini={"use": "egg:webui", "pyramid.reload_templates": "true", "here": "/srv"}).warnings == ()


def test_an_unknown_ini_key_without_a_similar_one_has_no_suggestion() -> None:
    assert problems(ini={"webui.qqqqqqqq": "1"}) == ("INI webui.qqqqqqqq: there is no such setting",)


@pytest.mark.parametrize(
    ("variable", "meant"),
    [
        ("WEBUI_SECERT_KEY", "WEBUI_SECRET_KEY"),
        ("DATABASE_URI", "DATABASE_URL"),
        ("ENABLE_SIGNUPS", "ENABLE_SIGNUP"),
        ("EABLE_SIGNUP", "ENABLE_SIGNUP"),
    ],
)
def test_a_variable_one_edit_away_from_a_known_one_is_reported(variable: str, meant: str) -> None:
    assert resolve({variable: "x"}).warnings == (f"environment {variable} is not a setting; did you mean {meant}?",)


def test_a_misspelt_line_of_dotenv_is_reported_with_its_place(tmp_path: Path) -> None:
    settings = resolve(dotenv=dotenv_file(tmp_path, "# comment\nDATABASE_ULR=x\n"))
    assert settings.warnings == (".env line 2 DATABASE_ULR is not a setting; did you mean DATABASE_URL?",)


@pytest.mark.parametrize("variable", ["POST", "HOSTS", "HTTP_PROXY", "DATABASE_UIR_X", "OPENAI_ORG"])
def test_other_variables_are_not_taken_for_typos(variable: str) -> None:
    assert resolve({variable: "x"}).warnings == ()


@pytest.mark.parametrize(
    ("left", "right", "near"),
    [
        ("abcdef", "abcdxf", True),
        ("abcdef", "abcde", True),
        ("abcdef", "bacdef", True),
        ("abcdef", "abcdeffg", False),
        ("abcdef", "abdcfe", False),
        ("abcdef", "xbcdey", False),
        ("abcdef", "fbcdea", False),
    ],
)
def test_one_edit_apart(left: str, right: str, near: bool) -> None:
    assert one_edit_apart(left, right) is one_edit_apart(right, left) is near


def test_a_deprecated_name_works_and_is_reported() -> None:
    settings = resolve({"WEBUI_JWT_SECRET_KEY": SECRET})
    assert settings["secret_key"] == SECRET
    assert settings.warnings == ("environment WEBUI_JWT_SECRET_KEY is deprecated; use WEBUI_SECRET_KEY",)


def test_an_alternative_name_works_without_a_word() -> None:
    settings = resolve({"ADMIN_USER_EMAIL": "a@example.com", "WEBUI_WORKERS": "3"})
    assert settings["auth.initial_admin.email"] == "a@example.com"
    assert settings["server.workers"] == 3
    assert settings.warnings == ()


def test_the_first_name_of_a_setting_wins_within_a_source() -> None:
    settings = resolve({"OPENAI_API_BASE_URL": "http://one", "OPENAI_API_BASE_URLS": "http://two;http://three/"})
    assert settings["openai.api_base_urls"] == ["http://two", "http://three"]


def test_a_single_address_and_key_make_lists_of_one() -> None:
    settings = resolve({"OPENAI_API_BASE_URL": "http://one/v1/", "OPENAI_API_KEY": "sk-1"})
    assert settings["openai.api_base_urls"] == ["http://one/v1"]
    assert settings["openai.api_keys"] == ["sk-1"]


def test_the_legacy_ollama_address_loses_its_suffix() -> None:
    assert resolve({"OLLAMA_API_BASE_URL": "http://h:11434/api"})["ollama.base_urls"] == ["http://h:11434"]


def test_a_default_may_follow_another_setting() -> None:
    settings = resolve({"WEBUI_SESSION_COOKIE_SECURE": "true"})
    assert settings["auth.cookie.secure"] is True
    assert settings.resolved("auth.cookie.secure").source == (
        "default, from auth.session_cookie.secure (environment WEBUI_SESSION_COOKIE_SECURE)"
    )
    assert (
        resolve({"WEBUI_SESSION_COOKIE_SECURE": "true", "WEBUI_AUTH_COOKIE_SECURE": "no"})["auth.cookie.secure"]
        is False
    )


def test_a_default_follows_what_is_stored_as_well() -> None:
    one, other = "code_execution.jupyter.url", "code_interpreter.jupyter.url"
    settings = resolve(database={one: "http://jupyter:8888"})
    assert settings[other] == "http://jupyter:8888"
    assert settings.resolved(other) == settings.default(other)
    assert settings.resolved(other).source == f"default, from {one} (database)"
    assert [(step.shown, step.used) for step in settings.explain(other)] == [("http://jupyter:8888", True)]
    assert not settings.resolved(other).locked
    assert settings.with_database({})[other] is None


def test_a_value_of_its_own_is_stronger_than_what_is_followed() -> None:
    one, other = "code_execution.jupyter.timeout", "code_interpreter.jupyter.timeout"
    pinned = resolve({"CODE_INTERPRETER_JUPYTER_TIMEOUT": "7"}, database={one: 5})
    stored = resolve(database={one: 5, other: 8})
    assert (pinned[other], pinned.default(other).value) == (7, 5)
    assert (stored[other], stored.default(other).value) == (8, 5)
    assert resolve({"CODE_EXECUTION_JUPYTER_TIMEOUT": "9"}, database={one: 5})[other] == 9


def test_stored_values_can_be_exchanged_and_taken_away() -> None:
    first = resolve()
    second = first.with_database({"ui.enable_signup": False, "auth.jwt_expiry": "-1"})
    third = second.with_database({"ui.enable_signup": None})
    assert [item["ui.enable_signup"] for item in (first, second, third)] == [True, False, True]
    assert second["auth.jwt_expiry"] is None
    assert third["auth.jwt_expiry"] == timedelta(weeks=4)


def test_a_change_of_the_stored_mapping_does_not_reach_the_settings() -> None:
    stored: dict[str, object] = {"ui.enable_signup": False}
    settings = resolve(database=stored)
    stored["ui.enable_signup"] = True
    assert settings["ui.enable_signup"] is False
    assert settings.explain("ui.enable_signup")[0].shown == "false"


def test_a_stored_value_that_does_not_parse_is_ignored_with_a_warning() -> None:
    settings = resolve(database={"ui.default_user_role": "king"})
    assert settings["ui.default_user_role"] == "pending"
    assert settings.warnings == ("database ui.default_user_role is ignored: it must be one of pending, user, admin",)


def test_a_stored_value_of_a_setting_that_is_gone_is_ignored_with_a_warning() -> None:
    assert resolve(database={"ui.colour": 1}).warnings == ("database ui.colour is ignored: there is no such setting",)


@pytest.mark.parametrize(
    "value",
    [True, 7, -1.5, 10**5000, "old", [], ["old", 1], {"old": {"type": None}}, [[]], "\0"],
    ids=lambda value: type(value).__name__,
)
def test_stored_values_of_old_types_never_keep_the_server_from_starting(value: object) -> None:
    runtime = [setting.name for setting in SETTINGS if setting.runtime]
    settings = resolve(database=dict.fromkeys(runtime, value))
    ignored = [name for name in runtime if settings.resolved(name).source != "database"]
    assert [line.split(": it ")[0] for line in settings.warnings] == [f"database {name} is ignored" for name in ignored]
    assert all(settings.explain(name) for name in runtime)


PARTS = {"DATABASE_TYPE": "sqlite", "DATABASE_NAME": "parts.db"}


@pytest.mark.parametrize(
    ("environ", "ini", "database", "unused", "used"),
    [
        (
            {"DATABASE_URL": "sqlite:///whole.db", **PARTS},
            {},
            "parts.db",
            "environment DATABASE_URL",
            "environment DATABASE_TYPE, DATABASE_NAME",
        ),
        (
            {"DATABASE_URL": "sqlite:///whole.db"},
            {"webui.database.type": "sqlite", "webui.database.name": "parts.db"},
            "whole.db",
            "INI webui.database.type, webui.database.name",
            "environment DATABASE_URL",
        ),
        (
            PARTS,
            {"sqlalchemy.url": "sqlite:///whole.db"},
            "parts.db",
            "INI sqlalchemy.url",
            "environment DATABASE_TYPE, DATABASE_NAME",
        ),
    ],
)
def test_a_database_given_by_an_address_and_by_parts_is_reported(
    environ: dict[str, str], ini: dict[str, str], database: str, unused: str, used: str
) -> None:
    settings = resolve(environ, ini)
    assert settings["database.url"].database == database
    assert settings.warnings == (f"{unused} is not used: the database is given by {used}; remove one of the two",)


def test_a_stored_value_that_the_environment_overrides_is_reported() -> None:
    settings = resolve({"ENABLE_SIGNUP": "true"}, database={"ui.enable_signup": False})
    assert settings["ui.enable_signup"] is True
    assert settings.overridden == {"ui.enable_signup": "environment ENABLE_SIGNUP"}
    assert resolve({"ENABLE_SIGNUP": "true"}, database={"ui.enable_signup": True}).overridden == {}


def test_the_database_can_be_left_out() -> None:
    settings = resolve({"ENABLE_PERSISTENT_CONFIG": "false"}, database={"ui.enable_signup": False})
    assert settings["ui.enable_signup"] is True
    assert settings.with_database({"ui.enable_signup": False})["ui.enable_signup"] is True


def test_an_explanation_tells_the_whole_chain() -> None:
    ini = {"webui.ollama.base_urls": "http://ini"}
    environ = {"OLLAMA_BASE_URL": "http://one", "OLLAMA_API_BASE_URL": "http://old/api"}
    steps = resolve(environ, ini, database={"ollama.base_urls": ["http://stored"]}).explain("ollama.base_urls")
    assert [(step.source, step.shown, step.used) for step in steps] == [
        ("environment OLLAMA_BASE_URL", "http://one", True),
        ("environment OLLAMA_API_BASE_URL", "http://old", False),
        ("INI webui.ollama.base_urls", "http://ini", False),
        ("database", "http://stored", False),
        ("default", "http://localhost:11434", False),
    ]


def test_an_explanation_shows_an_overridden_value_that_is_wrong() -> None:
    steps = resolve({"PORT": "1"}, {"webui.server.port": "none"}).explain("server.port")
    assert [(step.shown, step.used) for step in steps] == [("1", True), ("'none' (not valid)", False), ("8080", False)]


def test_secrets_are_nowhere_in_what_is_shown(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    environ = {
        "WEBUI_SECRET_KEY": SECRET,
        "OPENAI_API_KEYS": f"sk-{SECRET}",
        "WEBUI_ADMIN_PASSWORD": SECRET,
        "DATABASE_URL": f"postgresql://user:{SECRET}@host/name",
        "OLLAMA_BASE_URL": f"http://user:{SECRET}@host",
    }
    settings = resolve(environ, database={"openai.api_keys": [SECRET]})
    shown = [repr(settings), str(settings.warnings), caplog.text]
    for name in settings:
        shown += [repr(settings.resolved(name)), settings.resolved(name).shown, repr(settings.explain(name))]
    assert not [text for text in shown if SECRET in text]
    assert settings["openai.api_keys"] == [f"sk-{SECRET}"]


def test_loading_parses_each_default_once_and_compares_few_names(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: Counter[str] = Counter()
    compared: list[str] = []

    def counted(setting: Setting) -> Setting:
        def parse(raw: object) -> object:
            parsed[setting.name] += 1
            return setting.type.parse(raw)

        return replace(setting, type=replace(setting.type, parse=parse))

    def noted(left: str, right: str) -> bool:
        compared.append(left)
        return one_edit_apart(left, right)

    monkeypatch.setattr("webui.settings.resolve.SETTINGS", tuple(map(counted, SETTINGS)))
    monkeypatch.setattr("webui.settings.sources.one_edit_apart", noted)
    resolve({f"ENABLE_SERVICE_{number}_PORT": "1" for number in range(1000)})
    assert parsed == {setting.name: 1 for setting in SETTINGS if setting.default is not None}
    assert len(compared) < 1000


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        resolve()["server.port"] = 1  # type: ignore[index]


def test_an_unknown_name_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        resolve().resolved("server.prot")


def test_default_permissions_have_the_shape_of_the_contract() -> None:
    document = default_permissions(resolve({"USER_PERMISSIONS_WORKSPACE_MODELS_ALLOW_PUBLIC_SHARING": "true"}))
    assert {area: len(permissions) for area, permissions in document.items()} == {
        "workspace": 10,
        "sharing": 10,
        "chat": 19,
        "features": 8,
    }
    allowed = {f"{area}.{name}" for area, names in document.items() for name, value in names.items() if value}
    assert "sharing.public_models" in allowed
    assert "chat.share" in allowed
    assert not allowed & {"chat.temporary_enforced", "features.api_keys", "features.direct_tool_servers"}
    assert not [name for name in allowed if name.startswith("workspace")]


def test_permissions_can_be_changed_at_run_time() -> None:
    settings = resolve(database={"user.permissions.features.api_keys": True})
    assert default_permissions(settings)["features"]["api_keys"] is True

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from webui.doctor.finding import Finding, Status
from webui.settings.unsupported import COMMON, UNSUPPORTED

Look = Callable[..., Finding]


def store(place: Path, **values: object) -> None:
    """Write stored settings past all checks; ``__`` stands for a dot."""
    with sqlite3.connect(place / "webui.db") as database:
        for version, (name, value) in enumerate(values.items(), 1):
            row = (name.replace("__", "."), json.dumps(value), version)
            database.execute(
                "INSERT INTO settings (name, value, version, updated_at) VALUES (?, ?, ?, '2026-11-23')", row
            )
    database.close()


@pytest.mark.parametrize("name", ["readable", "names", "planned", "stored", "overridden"])
def test_good_settings(look: Look, place: Path, name: str) -> None:
    store(place, ui__enable_signup=True)
    assert look(f"settings.{name}").status is Status.OK


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"[app:main]\nwebui.server.port = many\n", "webui.server.port"),
        (b"[app:main]\nwebui.server.prot = 1\n", "did you mean webui.server.port?"),
        (b"[server:main]\nport = 1\n", "there is no section [app:main]"),
        (b"[app:main]\nwebui.name = 100%\n", "percent"),
        (b"\xff\xfe\x00 no text", "cannot be read"),
        (b"no section at all", "bad.ini"),
    ],
)
def test_an_ini_file_that_cannot_be_used(look: Look, place: Path, text: bytes, said: str) -> None:
    (place / "bad.ini").write_bytes(text)
    found = look("settings.readable", ini=place / "bad.ini")
    assert found.status is Status.PROBLEM
    assert said in found.message
    assert found.remedy


def test_an_ini_file_that_is_not_there(look: Look, place: Path) -> None:
    assert "there is no such file" in look("settings.readable", ini=place / "missing.ini").message


def test_all_wrong_values_are_told_at_once(look: Look) -> None:
    found = look("settings.readable", PORT="many", WEBUI_THREADS="none")
    assert "environment PORT" in found.message
    assert "environment WEBUI_THREADS" in found.message


def test_what_needs_settings_is_skipped_without_them(look: Look) -> None:
    found = look("settings.names", PORT="many")
    assert (found.status, found.message) == (Status.SKIPPED, "The settings cannot be used (settings.readable).")


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"ENABLE_SINGUP": "true"}, "did you mean ENABLE_SIGNUP?"),
        ({"OLLAMA_API_BASE_URL": "http://localhost:1"}, "deprecated"),
        ({next(name for name in UNSUPPORTED if name not in COMMON): "x"}, "is not supported"),
    ],
)
def test_names_that_have_no_effect_or_are_old(look: Look, environ: dict[str, str], said: str) -> None:
    found = look("settings.names", **environ)
    assert found.status is Status.WARNING
    assert said in found.message


def test_what_is_set_ahead_of_its_feature_is_no_wrong_name(look: Look) -> None:
    found = look("settings.planned", ENABLE_WEB_SEARCH="true")
    assert found.status is Status.WARNING
    assert found.message == "environment ENABLE_WEB_SEARCH has no effect yet: rag.web.search.enable is planned."
    assert found.remedy == "Leave it, and it will count once the feature is there; or unset it until then."
    assert look("settings.names", ENABLE_WEB_SEARCH="true").status is Status.OK
    assert look("settings.planned", ENABLE_SINGUP="true").status is Status.OK


def test_a_line_of_dotenv_that_cannot_be_read(look: Look, place: Path) -> None:
    (place / ".env").write_text("WEBUI_NAME=ours\nnot a variable\n", encoding="utf-8")
    assert ".env line 2" in look("settings.names").message


@pytest.mark.parametrize("values", [{"ui__enable_signup": "perhaps"}, {"no__such__setting": 1}, {"server__port": 1}])
def test_stored_values_that_cannot_be_used(look: Look, place: Path, values: dict[str, object]) -> None:
    store(place, **values, ui__ENABLE_LOGIN_FORM=True)
    found = look("settings.stored")
    assert found.status is Status.WARNING
    (name,) = values
    assert found.message == f"Stored values are not used: {name.replace('__', '.')}."


def test_stored_settings_are_counted_in_words_that_fit(look: Look, place: Path) -> None:
    assert look("settings.stored").message == "No setting is stored."
    store(place, ui__enable_signup=True)
    assert look("settings.stored").message == "1 setting stored, and all can be used."
    assert look("settings.overridden", ENABLE_PERSISTENT_CONFIG="false").message == "Not in force: 1 stored setting."


def test_a_stored_value_that_the_environment_overrides(look: Look, place: Path) -> None:
    store(place, ui__enable_signup=True, ui__ENABLE_LOGIN_FORM=True)
    found = look("settings.overridden", ENABLE_SIGNUP="false", ENABLE_LOGIN_FORM="true")
    assert found.status is Status.WARNING
    assert found.message == "Stored settings are overridden: ui.enable_signup by environment ENABLE_SIGNUP."
    assert "webui settings explain" in found.remedy


def test_stored_settings_that_are_switched_off(look: Look, place: Path) -> None:
    store(place, ui__enable_signup=True)
    found = look("settings.overridden", ENABLE_PERSISTENT_CONFIG="false")
    assert found.status is Status.WARNING
    assert "ENABLE_PERSISTENT_CONFIG" in found.cause


@pytest.mark.parametrize("name", ["stored", "overridden"])
def test_without_a_database_nothing_is_said_of_stored_settings(look: Look, place: Path, name: str) -> None:
    (place / "webui.db").unlink()
    assert look(f"settings.{name}").status is Status.SKIPPED
    assert not (place / "webui.db").exists()

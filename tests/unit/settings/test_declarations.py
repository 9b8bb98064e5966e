from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from webui.settings import SETTINGS, Setting, from_ini_file, load
from webui.settings.reference import dotenv_example, markdown

ROOT = Path(__file__).parents[3]
BY_NAME = {setting.name: setting for setting in SETTINGS}


def each(values: list[str]) -> list[str]:
    return [value for value, count in Counter(values).items() if count > 1]


def test_no_name_is_taken_twice() -> None:
    assert not each([setting.name for setting in SETTINGS])
    assert not each([variable for setting in SETTINGS for variable in setting.variables])
    assert not each([key for setting in SETTINGS for key in setting.ini_keys])


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_a_declaration_is_complete(setting: Setting) -> None:
    assert setting.help.endswith((".", "]."))
    assert setting.ini_key.startswith("webui.")
    if setting.default is not None:
        value = setting.type.parse(setting.default)
        assert setting.type.parse(setting.type.format(value)) == value


@pytest.mark.parametrize(
    ("name", "raw"),
    [("auth.jwt_expiry", "400000000000s"), ("auth.jwt_expiry", "1ms"), ("models.list_timeout", "0")],
)
def test_durations_that_would_lock_everybody_out_are_refused(name: str, raw: str) -> None:
    with pytest.raises(ValueError, match="must be a duration from"):
        BY_NAME[name].type.parse(raw)


def test_a_default_follows_only_a_setting_that_stands_before_it_and_is_not_less_secret() -> None:
    names = [setting.name for setting in SETTINGS]
    for setting in SETTINGS:
        if setting.default_from:
            assert names.index(setting.default_from) < names.index(setting.name)
            assert setting.default is None
            assert setting.secret >= BY_NAME[setting.default_from].secret


def test_what_is_called_a_key_or_a_password_is_secret() -> None:
    called = re.compile(r"(KEY|PASSWORD|SECRET|TOKEN|CREDENTIALS)S?$")
    values = [setting for setting in SETTINGS if setting.type.label != "boolean" and called.search(setting.env)]
    assert [setting.env for setting in values if not setting.secret] == []


def test_a_secret_has_no_default() -> None:
    assert not [
        setting.name for setting in SETTINGS if setting.secret and setting.default not in (None, "", "{}", "[]")
    ]


def test_the_files_made_from_the_declarations_are_up_to_date() -> None:
    remedy = (
        "make it anew with `webui settings --format dotenv > .env.example` or `--format markdown > docs/settings.md`"
    )
    assert (ROOT / ".env.example").read_text(encoding="utf-8") == dotenv_example(), remedy
    assert (ROOT / "docs" / "settings.md").read_text(encoding="utf-8") == markdown(), remedy


def test_the_example_changes_nothing_when_every_line_is_used(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text(dotenv_example().replace("\n#", "\n").replace("\n ", "\n# "), encoding="utf-8")
    settings, defaults = load({}, {}, path), load({}, {})
    assert settings.warnings == ()
    assert dict(settings) == dict(defaults)
    for setting in SETTINGS:
        assert settings.resolved(setting.name).source.startswith(".env line") == bool(setting.default), setting.name


@pytest.mark.parametrize("name", ["development.ini", "production.ini"])
def test_our_ini_files_have_only_known_settings(name: str) -> None:
    assert from_ini_file(ROOT / name, {}).warnings == ()

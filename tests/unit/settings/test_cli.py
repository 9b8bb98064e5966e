from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from webui.cli import settings as command
from webui.models import migrate
from webui.models.setting import StoredSetting
from webui.settings.reference import dotenv_example, markdown
from webui.settings.unsupported import UNSUPPORTED

NOW = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for variable in ("WEBUI_INI", "DATABASE_URL", "WEBUI_SECRET_KEY", "ENABLE_SIGNUP", "PORT"):
        monkeypatch.delenv(variable, raising=False)


def database_file(path: Path, *rows: object) -> None:
    url = sa.make_url(f"sqlite:///{path}")
    migrate.upgrade(url)
    engine = sa.create_engine(url)
    with Session(engine) as session, session.begin():
        session.add_all(rows)
    engine.dispose()


def webui(*arguments: str) -> int:
    parser = argparse.ArgumentParser("webui")
    command.add_parser(parser.add_subparsers())
    args = parser.parse_args(arguments)
    code: int = args.run(args)
    return code


def test_every_setting_is_listed_with_value_source_and_lock(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ENABLE_SIGNUP", "no")
    monkeypatch.setenv("WEBUI_SECRET_KEY", "correct-horse-battery")
    assert webui("settings") == 0
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert "server.port 8080 (default)" in lines
    assert "ui.enable_signup false (environment ENABLE_SIGNUP, locked)" in lines
    assert "secret_key •••••• (environment WEBUI_SECRET_KEY)" in lines
    assert lines[-1].startswith("warning: stored settings are not shown: sqlite:///")
    assert not Path("data").exists()


def test_values_cannot_write_to_the_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WEBUI_NAME", "a\x1b[2Jb\nc\x9b\u202e")
    for arguments in (["settings"], ["settings", "--json"], ["settings", "explain", "webui.name"]):
        assert webui(*arguments) == 0
        out = capsys.readouterr().out
        assert out.replace("\n", "").isprintable()
        assert "[2Jb" in out


def test_the_ini_file_may_be_named_before_or_after_the_action(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "other.ini").write_text("[app:main]\nwebui.server.port = 4242\n")
    for arguments in (["--ini", "other.ini", "explain", "PORT"], ["explain", "PORT", "--ini", "other.ini"]):
        assert webui("settings", *arguments) == 0
        assert "other.ini webui.server.port: 4242" in capsys.readouterr().out


def test_secrets_are_shown_to_who_asks_for_them(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OPENAI_API_KEYS", "sk-one;sk-two")
    for arguments, wanted in (((), False), (("--reveal",), True), (("--json",), False), (("--json", "--reveal"), True)):
        assert webui("settings", *arguments) == 0
        assert ("sk-one;sk-two" in capsys.readouterr().out) is wanted


def test_json_is_for_programs(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("ENABLE_SIGNUP", "no")
    assert webui("settings", "--json") == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)["settings"]}
    assert rows["ui.enable_signup"] == {
        "name": "ui.enable_signup",
        "group": "Accounts and security",
        "type": "boolean",
        "help": "Whether people may create accounts themselves.",
        "default": "true",
        "environment": "ENABLE_SIGNUP",
        "ini": "webui.ui.enable_signup",
        "value": "false",
        "source": "environment ENABLE_SIGNUP",
        "locked": True,
        "runtime": True,
        "secret": False,
        "planned": False,
    }


@pytest.mark.parametrize("name", ["server.port", "PORT", "webui.server.port"])
def test_explain_takes_every_name_of_a_setting(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PORT", "8081")
    assert webui("settings", "explain", name) == 0
    out = capsys.readouterr().out
    assert "used        environment PORT: 8081" in out
    assert "overridden  default: 8080" in out


def test_explain_tells_why_a_variable_is_not_supported(capsys: pytest.CaptureFixture[str]) -> None:
    assert webui("settings", "explain", "REDIS_URL") == 0
    assert f"REDIS_URL is a variable of Open WebUI that is not supported here. {UNSUPPORTED['REDIS_URL']}" in (
        capsys.readouterr().out
    )


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("server.prot", "no setting server.prot. Did you mean server.port"),
        ("enable_signp", "no setting enable_signp. Did you mean ENABLE_SIGNUP"),
        ("qqqq", "no setting qqqq. `webui settings` lists"),
    ],
)
def test_explain_of_an_unknown_name_fails_and_tells_a_similar_one(
    name: str, answer: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert webui("settings", "explain", name) == 2
    assert answer in capsys.readouterr().err


@pytest.mark.parametrize("form", ["text", "json"])
def test_only_what_is_given_can_be_listed(
    form: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PORT", "8081")
    assert webui("settings", "--changed", "--format", form) == 0
    out = capsys.readouterr().out
    assert "server.port" in out
    assert "server.host" not in out


def test_wrong_settings_are_reported_on_standard_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PORT", "http")
    assert webui("settings") == 2
    assert "environment PORT" in capsys.readouterr().err


def test_the_ini_file_is_named_or_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, port in (("development.ini", 1), ("named.ini", 2), ("variable.ini", 3)):
        (tmp_path / name).write_text(f"[app:main]\nwebui.server.port = {port}\n", encoding="utf-8")
    webui("settings", "explain", "PORT")
    assert "development.ini webui.server.port: 1" in capsys.readouterr().out
    monkeypatch.setenv("WEBUI_INI", "variable.ini")
    webui("settings", "explain", "PORT")
    assert "variable.ini webui.server.port: 3" in capsys.readouterr().out
    webui("settings", "--ini", "named.ini", "explain", "PORT")
    assert "named.ini webui.server.port: 2" in capsys.readouterr().out


def test_stored_values_that_are_overridden_are_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    database_file(tmp_path / "webui.db", StoredSetting(name="ui.enable_signup", value=False, version=1, updated_at=NOW))
    monkeypatch.setenv("DATABASE_URL", "sqlite:///webui.db")
    monkeypatch.setenv("ENABLE_SIGNUP", "true")
    webui("settings")
    assert "database ui.enable_signup is overridden by environment ENABLE_SIGNUP" in capsys.readouterr().out


def test_stored_values_are_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    database_file(tmp_path / "webui.db", StoredSetting(name="ui.enable_signup", value=False, version=1, updated_at=NOW))
    monkeypatch.setenv("DATABASE_URL", "sqlite:///webui.db")
    assert webui("settings", "explain", "ui.enable_signup") == 0
    out = capsys.readouterr().out
    assert "used        database: false" in out
    assert "warning" not in out


@pytest.mark.parametrize("content", [b"", b"this is no database, and it is longer than a header would be" * 9])
def test_a_database_that_cannot_be_read_is_a_warning(
    content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "webui.db").write_bytes(content)
    monkeypatch.setenv("DATABASE_URL", "sqlite:///webui.db")
    assert webui("settings") == 0
    assert "warning: stored settings are not shown: sqlite:///webui.db cannot be read" in capsys.readouterr().out


@pytest.mark.parametrize(("form", "text"), [("dotenv", dotenv_example()), ("markdown", markdown())])
def test_the_reference_is_printed_whatever_the_settings_are(
    form: str, text: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PORT", "http")
    assert webui("settings", "--format", form) == 0
    assert capsys.readouterr().out == text


def test_explain_tells_what_names_alone_do_not(capsys: pytest.CaptureFixture[str]) -> None:
    said = {
        "PORT": "port under [server:main]",
        "WEBUI_JWT_SECRET_KEY": ".webui_secret_key is used",
        "USE_OLLAMA_DOCKER": "is read by scripts/start.sh",
    }
    for name, told in said.items():
        assert webui("settings", "explain", name) == 0
        assert told in capsys.readouterr().out

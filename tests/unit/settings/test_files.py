from __future__ import annotations

import builtins
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webui.settings import SettingsError, find_dotenv, from_ini_file, load


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
    return path


def ini_file(folder: Path, *lines: str) -> Path:
    return write(folder / "site.ini", "\n".join(["[app:main]", "use = egg:webui", *lines, ""]))


def problem(action: Callable[[], object]) -> str:
    with pytest.raises(SettingsError) as caught:
        action()
    (line,) = caught.value.problems
    return line


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cwd").mkdir()
    monkeypatch.chdir(tmp_path / "cwd")


def test_an_ini_file_gives_values_with_its_name_as_source(tmp_path: Path) -> None:
    settings = from_ini_file(ini_file(tmp_path, "webui.server.port = 8081", "webui.ui.ENABLE_LOGIN_FORM = off"), {})
    assert settings["server.port"] == 8081
    assert settings["ui.ENABLE_LOGIN_FORM"] is False
    assert settings.resolved("server.port").source == "site.ini webui.server.port"


def test_without_an_ini_file_the_environment_is_enough() -> None:
    assert from_ini_file(None, {"PORT": "1"})["server.port"] == 1


def test_an_ini_file_may_use_its_own_folder(tmp_path: Path) -> None:
    assert from_ini_file(ini_file(tmp_path, "webui.data_dir = %(here)s/data"), {})["data_dir"] == tmp_path / "data"


def test_the_environment_is_not_expanded_in_an_ini_file(tmp_path: Path) -> None:
    settings = from_ini_file(ini_file(tmp_path, "webui.name = $HOME ${HOME}"), {"HOME": "/root"})
    assert settings["webui.name"] == "$HOME ${HOME}"


def test_a_doubled_percent_sign_in_an_ini_file_is_one(tmp_path: Path) -> None:
    path = ini_file(tmp_path, "sqlalchemy.url = postgresql://u:p%%40ss@h/n")
    assert from_ini_file(path, {})["database.url"].password == "p@ss"


def test_a_single_percent_sign_in_an_ini_file_is_an_error_that_keeps_the_secret(tmp_path: Path) -> None:
    path = ini_file(tmp_path, "sqlalchemy.url = postgresql://u:s3cret%40@h/n")
    line = problem(lambda: from_ini_file(path, {}))
    assert "write a percent sign as %%" in line
    assert "sqlalchemy.url" in line
    assert "s3cret" not in line
    assert "%40" not in line


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("s3cret\n", "line 1: there is no [section] before it, or the file begins with a byte order mark"),
        ("\ufeff[app:main]\n", "line 1: there is no [section] before it, or the file begins with a byte order mark"),
        ("[app:main]\nuse = s3cret\nuse = b\n", "line 3: use is given a second time; remove one of the two"),
        ("[app:main]\n[a]\n[app:main]\n", "line 3: the section [app:main] is there a second time; make them one"),
        ("[app:main]\ns3cret\n", "line 2: it is not of the form key = value"),
        ("[app:main]\nwebui.name = 5% s3cret\n", "webui.name: write a percent sign as %%"),
        ("[app:main]\nwebui.name = %(s3cret)s\n", "webui.name: write a percent sign as %%"),
        ("[app:main]\nwebui.name = %(name\n", "webui.name: write a percent sign as %%"),
        (
            "[app:main]\nget webui.name = s3cret\n",
            "cannot be read: [DEFAULT] lacks the KEY of a line get NAME = KEY",
        ),
    ],
)
def test_what_is_wrong_with_an_ini_file_is_told_with_its_place(tmp_path: Path, text: str, complaint: str) -> None:
    path = write(tmp_path / "broken.ini", text)
    line = problem(lambda: from_ini_file(path, {}))
    assert line.startswith(f"{path} {complaint}")
    assert "s3cret" not in line


INI_PIECES = ["[app:main]", "[DEFAULT]", "use = a", "get a=b", "webui.name", "%(x)s", *"\n\n\n \0;#\ufeff[]:=%é"]


@settings(deadline=None)
@given(content=st.lists(st.sampled_from(INI_PIECES) | st.text(max_size=3), max_size=20).map("".join))
def test_whatever_an_ini_file_holds_only_a_settings_error_comes_out(
    tmp_path_factory: pytest.TempPathFactory, content: str
) -> None:
    path = write(tmp_path_factory.getbasetemp() / "any.ini", "[app:main]\n" + content)
    with suppress(SettingsError):
        from_ini_file(path, {})


def test_an_ini_file_that_is_not_text_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "latin.ini"
    path.write_bytes(b"[app:main]\nwebui.name = caf\xe9\n")
    assert problem(lambda: from_ini_file(path, {})) == f"{path} cannot be read: it is not UTF-8 text"


def test_an_ini_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    assert "there is no such file" in problem(lambda: from_ini_file(tmp_path / "none.ini", {}))


def test_an_ini_file_without_the_section_is_an_error(tmp_path: Path) -> None:
    path = write(tmp_path / "other.ini", "[server:main]\nport = 1\n")
    assert "there is no section [app:main]" in problem(lambda: from_ini_file(path, {}))


def test_dotenv_is_looked_for_in_the_working_directory_then_beside_the_ini_file(tmp_path: Path) -> None:
    path = ini_file(tmp_path)
    assert find_dotenv(path) is None
    write(tmp_path / ".env", "PORT=2\n")
    assert from_ini_file(path, {})["server.port"] == 2
    assert from_ini_file(None, {})["server.port"] == 8080
    write(tmp_path / "cwd" / ".env", "PORT=3\n")
    assert from_ini_file(path, {})["server.port"] == 3


def test_a_folder_named_dotenv_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "cwd" / ".env").mkdir()
    assert find_dotenv(None) is None
    assert load({}, {}, tmp_path / "cwd" / ".env").warnings == ()


DOTENV = (
    "\ufeff# a comment",
    "export WEBUI_NAME='single # quoted'",
    "",
    'DEFAULT_LOCALE="de-DE" # trailing comment',
    "RESPONSE_WATERMARK=a # comment",
    "PENDING_USER_OVERLAY_TITLE=a#b",
    r'PENDING_USER_OVERLAY_CONTENT="two\nlines"',
    "DATABASE_URL=postgresql://u:p%40$HOME@h/n",
    "  PORT = 8090  ",
    "PORT=8091",
    "DEFAULT_MODELS=${WEBUI_NAME}",
    "HOST=127.0.0.1",
    "HOST=",
)


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_dotenv_is_read_as_people_write_it(tmp_path: Path, newline: str) -> None:
    settings = load({}, {}, write(tmp_path / ".env", newline.join(DOTENV)))
    assert settings["webui.name"] == "single # quoted"
    assert settings["ui.default_locale"] == "de-DE"
    assert settings["ui.watermark"] == "a"
    assert settings["ui.pending_user_overlay_title"] == "a#b"
    assert settings["ui.pending_user_overlay_content"] == "two\nlines"
    assert settings["database.url"].password == "p@$HOME"
    assert settings["server.port"] == 8091
    assert settings["ui.default_models"] == "${WEBUI_NAME}"
    assert settings["server.host"] == "0.0.0.0"
    assert settings.resolved("ui.default_locale").source == ".env line 4 DEFAULT_LOCALE"
    assert settings.warnings == (
        ".env line 9 PORT is ignored: the one on line 10 counts",
        ".env line 12 HOST is ignored: the one on line 13 counts",
    )


def test_a_line_of_dotenv_that_makes_no_sense_is_reported_without_its_text(tmp_path: Path) -> None:
    settings = load({}, {}, write(tmp_path / ".env", "WEBUI_NAME=a\n\nWEBUI_SECRET_KEY='unfinished\nPORT=1\n"))
    assert settings.warnings == (".env line 3 is ignored: it is not of the form NAME=value",)
    assert settings["server.port"] == 1


def test_a_dotenv_file_that_is_not_there_is_no_error(tmp_path: Path) -> None:
    assert load({}, {}, tmp_path / ".env").warnings == ()


def test_a_dotenv_file_that_is_not_text_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_bytes(b"WEBUI_NAME=caf\xe9\n")
    assert "is not UTF-8 text" in problem(lambda: load({}, {}, path))


def test_without_python_dotenv_the_file_is_skipped_with_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real_import = builtins.__import__

    def without_dotenv(name: str, *args: Any, **options: Any) -> Any:
        if name.startswith("dotenv"):
            raise ModuleNotFoundError(name=name)
        return real_import(name, *args, **options)

    monkeypatch.setattr(builtins, "__import__", without_dotenv)
    settings = load({}, {}, write(tmp_path / ".env", "PORT=1\n"))
    assert settings["server.port"] == 8080
    assert settings.warnings == (".env is not read: the package python-dotenv is not installed",)

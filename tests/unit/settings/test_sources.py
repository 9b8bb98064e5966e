"""Lines of ``.env`` as people write them, and names that are nearly right."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webui.settings import Settings, SettingsError, load
from webui.settings.declarations import VARIABLES
from webui.settings.sources import SHORTEST_TYPO, nearest_variable, read_sources


def read(folder: Path, content: str | bytes) -> Settings:
    path = folder / ".env"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return load({}, {}, path)


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("WEBUI_NAME=a=b==", "a=b=="),
        ("export WEBUI_NAME=a", "a"),
        ("  export   WEBUI_NAME = a  ", "a"),
        ("WEBUI_NAME='a # b' # comment", "a # b"),
        ('WEBUI_NAME="a \\"quoted\\" b"', 'a "quoted" b'),
        ("WEBUI_NAME='it\\'s'", "it's"),
        ("WEBUI_NAME=100%", "100%"),
        ("WEBUI_NAME=$HOME ${HOME}", "$HOME ${HOME}"),
        ('WEBUI_NAME="a\nb"\nPORT=1', "a\nb"),
        ('WEBUI_NAME="a\r\nb"\r\n', "a\nb"),
        ("\ufeffWEBUI_NAME=a", "a"),
        ("WEBUI_NAME=a\rPORT=1\r", "a"),
    ],
)
def test_a_line_of_dotenv(tmp_path: Path, line: str, value: str) -> None:
    settings = read(tmp_path, line)
    assert settings["webui.name"] == value
    assert settings.warnings == ()


def test_the_last_of_several_lines_counts_and_the_others_are_reported(tmp_path: Path) -> None:
    settings = read(tmp_path, "PORT=1\nHOST=a\nPORT=2\n\nPORT=3\n")
    assert settings["server.port"] == 3
    assert settings.warnings == (
        ".env line 1 PORT is ignored: the one on line 3 counts",
        ".env line 3 PORT is ignored: the one on line 5 counts",
    )


def test_lines_that_set_no_variable_are_reported(tmp_path: Path) -> None:
    settings = read(tmp_path, "FOO\n1BAD=3\nwebui.server.port=9\nPORT=\n")
    assert settings.warnings == (
        ".env line 1 is ignored: it is not of the form NAME=value",
        ".env line 2 is ignored: 1BAD is no name of a variable",
        ".env line 3 is ignored: webui.server.port is a key of the INI file; write PORT here",
    )


def test_a_quote_that_is_closed_too_late_is_reported(tmp_path: Path) -> None:
    settings = read(tmp_path, 'WEBUI_NAME="a\nexport PORT=1\nHOST="b"\n')
    assert settings.warnings == (
        ".env line 1 is ignored: it is not of the form NAME=value. So are the 2 lines after it, up to the next quote",
    )
    settings = read(tmp_path, 'WEBUI_NAME="a\nexport PORT=1\nHOST="\n')
    assert settings.warnings == (
        ".env line 1 WEBUI_NAME goes on over the line of PORT: is a quote missing?",
        ".env line 1 WEBUI_NAME goes on over the line of HOST: is a quote missing?",
    )


@pytest.mark.parametrize(
    "content", [b"PORT=1\nWEBUI_NAME=caf\xe9\n", "PORT=1\nWEBUI_NAME=a\n".encode("utf-16"), b"\xff\xfe\n\n"]
)
def test_a_dotenv_file_in_another_encoding_is_an_error_that_names_the_line(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(SettingsError, match=r"line [12] is not UTF-8 text; save the file as UTF-8"):
        read(tmp_path, content)


def test_a_nul_character_in_dotenv_is_an_error_that_names_the_line(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"\.env line 2 DATA_DIR: data_dir must be text without NUL"):
        read(tmp_path, "PORT=1\nDATA_DIR=a\0b\n")


@settings(deadline=None)
@given(content=st.binary(max_size=200) | st.text(alphabet="AB=\"'\\#\n\r \0é", max_size=60).map(str.encode))
def test_whatever_dotenv_holds_only_a_settings_error_comes_out(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    with suppress(SettingsError):
        read(tmp_path_factory.getbasetemp(), content)


def slow_nearest(key: str) -> bool:
    """Whether any known variable is one edit away, found by making all edits."""
    letters = {*"_", *"".join(VARIABLES)}
    places = range(len(key) + 1)
    edits = {key[:at] + key[at + 1 :] for at in places}
    edits |= {key[:at] + letter + key[at + width :] for at in places for letter in letters for width in (0, 1)}
    edits |= {key[:at] + key[at + 1 : at + 2] + key[at : at + 1] + key[at + 2 :] for at in places}
    return bool(edits & VARIABLES)


@settings(deadline=None)
@given(data=st.data())
def test_every_name_one_edit_from_a_known_one_is_found_and_no_other(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(name for name in VARIABLES if len(name) > SHORTEST_TYPO)))
    at = data.draw(st.integers(0, len(name) - 1))
    end = data.draw(st.integers(at, min(at + 2, len(name))))
    key = name[:at] + data.draw(st.text("AEIOU_S", max_size=2)) + name[end:]
    if key not in VARIABLES and len(key) >= SHORTEST_TYPO:
        assert (nearest_variable(key) is not None) == slow_nearest(key)


@pytest.mark.parametrize("key", ["enable_signup", "Enable_Signup", "port"])
def test_a_name_in_other_case_is_reported(key: str) -> None:
    assert load({}, {key: "1"}).warnings == (f"environment {key} is not a setting; did you mean {key.upper()}?",)


@pytest.mark.parametrize(
    ("key", "full"),
    [("enable_signup", "webui.ui.enable_signup"), ("PORT", "webui.server.port"), ("ui.enable_signup",) * 2],
)
def test_keys_of_the_ini_file_without_our_prefix_are_told(key: str, full: str) -> None:
    full = full if full.startswith("webui.") else f"webui.{full}"
    found = read_sources({"__file__": "/x/p.ini", "use": "egg:webui", "here": "/x", key: "true"}, {}, None)
    assert found.warnings == (f"p.ini {key} is not read; write {full}",)
    assert not found.ini

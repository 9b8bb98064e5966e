from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from webui.settings import parsers
from webui.settings.parsers import Parser


@pytest.mark.parametrize("raw", ["true", "TRUE", "1", "yes", "On", " true "])
def test_spellings_of_true(raw: str) -> None:
    assert parsers.boolean().parse(raw) is True


@pytest.mark.parametrize("raw", ["false", "False", "0", "no", "OFF"])
def test_spellings_of_false(raw: str) -> None:
    assert parsers.boolean().parse(raw) is False


@pytest.mark.parametrize("raw", ["", "2", "enabled", "truee", "y", 1, 0, None, []])
def test_anything_else_is_no_boolean(raw: object) -> None:
    with pytest.raises(ValueError, match=r"true or false|must be text"):
        parsers.boolean().parse(raw)


@pytest.mark.parametrize("raw", ["70000", "-1", "8080.0", "0x50", "٣", "", "1_000", True, 1.0, "9" * 5000])
def test_an_integer_keeps_its_bounds_and_its_form(raw: object) -> None:
    with pytest.raises(ValueError, match=r"whole number from 0 to 65535|must be text"):
        parsers.integer(0, 65535).parse(raw)


@pytest.mark.parametrize(
    ("raw", "length"),
    [
        ("4w", timedelta(weeks=4)),
        ("1h30m", timedelta(minutes=90)),
        ("500ms", timedelta(milliseconds=500)),
        ("30", timedelta(seconds=30)),
        (30, timedelta(seconds=30)),
        (0.5, timedelta(milliseconds=500)),
        ("1.5h", timedelta(minutes=90)),
        ("2D", timedelta(days=2)),
        ("0", timedelta()),
    ],
)
def test_durations(raw: object, length: timedelta) -> None:
    assert parsers.duration().parse(raw) == length


@pytest.mark.parametrize("raw", ["-1", "0", "0s", -1, 0])
def test_an_optional_duration_may_be_none(raw: object) -> None:
    assert parsers.duration(optional=True).parse(raw) is None


@pytest.mark.parametrize("raw", ["-1", "4 weeks", "w", "", "1y", "-5m", "999999999999w", True])
def test_wrong_durations(raw: object) -> None:
    with pytest.raises(ValueError, match=r"duration|must be text"):
        parsers.duration().parse(raw)


def test_a_duration_has_bounds() -> None:
    with pytest.raises(ValueError, match="from 0s to 5200w"):
        parsers.duration().parse("400000000000s")
    parser = parsers.duration(optional=True, least=timedelta(minutes=1), most=timedelta(hours=2))
    assert [parser.parse(raw) for raw in ("-1", "0", "60s", "2h")] == [None, None, timedelta(0, 60), timedelta(hours=2)]
    for raw in ("1ms", "59s", "121m"):
        with pytest.raises(ValueError, match="from 1m to 2h"):
            parser.parse(raw)


@pytest.mark.parametrize(
    ("length", "written"),
    [
        (timedelta(weeks=4), "4w"),
        (timedelta(seconds=90), "1m30s"),
        (timedelta(milliseconds=1500), "1s500ms"),
        (timedelta(), "0s"),
        (None, "-1"),
    ],
)
def test_a_duration_is_written_as_people_write_it(length: timedelta | None, written: str) -> None:
    assert parsers.duration(optional=True).format(length) == written


@pytest.mark.parametrize(
    ("raw", "size"), [("25MB", 25 << 20), ("1 gb", 1 << 30), ("512KB", 512 << 10), ("100", 100), (100, 100)]
)
def test_sizes(raw: object, size: int) -> None:
    assert parsers.size().parse(raw) == size


@pytest.mark.parametrize("raw", ["", "0", "-1MB", "25 megabytes", "1.5MB", "MB", 1.5])
def test_wrong_sizes(raw: object) -> None:
    with pytest.raises(ValueError, match=r"size|must be text"):
        parsers.size().parse(raw)


def test_an_address_loses_its_trailing_slash() -> None:
    assert parsers.url().parse(" https://chat.example.com/app/ ") == "https://chat.example.com/app"


def test_an_empty_address_is_none() -> None:
    assert parsers.url().parse("") is None


@pytest.mark.parametrize(
    "raw", ["localhost:11434", "ftp://h", "http://", "http://h:port", "http://h:99999", "http://a b", "http://[", "//h"]
)
def test_wrong_addresses(raw: str) -> None:
    with pytest.raises(ValueError, match="http:// or https://"):
        parsers.url().parse(raw)


def test_an_empty_item_stands_for_the_default_address_and_keeps_its_position() -> None:
    parser = parsers.urls(empty_item="https://api.openai.com/v1")
    assert parser.parse(";http://h/v1") == ["https://api.openai.com/v1", "http://h/v1"]


def test_without_a_default_address_empty_items_are_dropped() -> None:
    assert parsers.urls().parse("http://a; ;http://b;") == ["http://a", "http://b"]


def test_the_legacy_suffix_is_cut_off() -> None:
    assert parsers.urls(drop_suffix="/api").parse("http://h:11434/api/") == ["http://h:11434"]


def test_a_list_comes_from_text_or_from_json() -> None:
    assert parsers.texts(";").parse("a; b;;c") == parsers.texts(";").parse(["a", "b", "", "c"]) == ["a", "b", "", "c"]


def test_credentials_in_an_address_are_not_shown() -> None:
    redact = parsers.url().redact
    assert redact is not None
    assert redact("http://user:pw@host/a@b") == "http://••••••@host/a@b"


@pytest.mark.parametrize(
    ("raw", "origins"),
    [
        ("", []),
        ("*", ["*"]),
        ("https://Chat.example.com;http://localhost:5173", ["https://chat.example.com", "http://localhost:5173"]),
        ("http://[::1]:8080", ["http://[::1]:8080"]),
        ("app://desktop", ["app://desktop"]),
    ],
)
def test_origins(raw: str, origins: list[str]) -> None:
    assert parsers.origins().parse(raw) == origins


@pytest.mark.parametrize(
    "raw",
    [
        "https://a/",
        "https://a/path",
        "a.example.com",
        "https://*.a",
        "*;https://a",
        "https://u@a",
        "null",
        "http://a:b",
    ],
)
def test_wrong_origins(raw: str) -> None:
    with pytest.raises(ValueError, match="origins"):
        parsers.origins().parse(raw)


def test_a_choice_has_one_spelling() -> None:
    assert parsers.log_level().parse("debug") == "DEBUG"


def test_a_wrong_choice_names_the_right_ones() -> None:
    with pytest.raises(ValueError, match="must be one of lax, strict, none"):
        parsers.same_site().parse("loose")


def test_a_relative_path_is_in_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert parsers.path().parse("data") == tmp_path / "data"


def test_a_path_may_start_at_home() -> None:
    assert parsers.path().parse("~/data") == Path.home() / "data"


@pytest.mark.parametrize("raw", ["", "~nobody-of-this-name/data"])
def test_wrong_paths(raw: str) -> None:
    with pytest.raises(ValueError, match="must be a path"):
        parsers.path().parse(raw)


def test_a_regular_expression_is_compiled() -> None:
    assert parsers.regex().parse(r"^\d+$") == re.compile(r"^\d+$")


def test_json_comes_as_text_or_as_it_is() -> None:
    assert parsers.json_objects().parse('[{"a": 1}]') == parsers.json_objects().parse([{"a": 1}]) == [{"a": 1}]


@pytest.mark.parametrize("raw", ["", "{}", "[1]", "[{]", '[{"a": NaN}]', '[{"a": 1e999}]', "[" * 100_000, {}, None])
def test_wrong_json(raw: object) -> None:
    with pytest.raises(ValueError, match="JSON array of objects"):
        parsers.json_objects().parse(raw)


@pytest.mark.parametrize("raw", [{"a": float("nan")}, {"a": "\ud800"}, {"a": float("inf")}, {"a": b"\xe9"}])
def test_a_stored_value_that_is_no_json_is_an_error(raw: object) -> None:
    with pytest.raises(ValueError, match="JSON object"):
        parsers.json_object().parse(raw)


def test_a_stored_value_is_not_shared_with_whoever_brought_it() -> None:
    stored = {"0": {"enable": True}}
    found = parsers.json_object().parse(stored)
    stored["0"]["enable"] = False
    assert found == {"0": {"enable": True}}


@pytest.mark.parametrize("parser", [parsers.text(), parsers.path(), parsers.texts(";"), parsers.url()])
def test_nul_characters_are_an_error(parser: Parser[Any]) -> None:
    with pytest.raises(ValueError, match="without NUL"):
        parser.parse("a\0b")


@pytest.mark.parametrize(
    "raw", [10**5000, -(10**5000), float("inf"), float("nan")], ids=["most", "least", "inf", "nan"]
)
@pytest.mark.parametrize("parser", [parsers.integer(0), parsers.number(0, 2), parsers.duration(), parsers.size()])
def test_numbers_beyond_all_measure_are_an_error(parser: Parser[Any], raw: float) -> None:
    with pytest.raises(ValueError, match=r"^must be"):
        parser.parse(raw)


@pytest.mark.parametrize("raw", ["http://a\x01b", "http://a\u2028b", "http://a/b\x7f", "http://a/b c"])
def test_an_address_has_no_spaces_and_no_control_characters(raw: str) -> None:
    with pytest.raises(ValueError, match="http:// or https://"):
        parsers.url().parse(raw)


def test_an_item_of_a_stored_list_cannot_hold_the_separator() -> None:
    """It would be two when it is written as text."""
    with pytest.raises(ValueError, match="must have no ; within an item"):
        parsers.texts(";").parse(["a;b"])


def test_bytes_that_are_not_utf8_are_an_error() -> None:
    with pytest.raises(ValueError, match="UTF-8"):
        parsers.text().parse(b"caf\xe9".decode("utf-8", "surrogateescape"))

from __future__ import annotations

from typing import Any

import pytest

from webui.settings.optional import optional
from webui.settings.parsers import HIDDEN, choice, integer, json_object, url


@pytest.mark.parametrize("raw", ["", "  "])
def test_empty_text_has_the_meaning_that_was_declared(raw: str) -> None:
    assert optional(integer(1, 9), None).parse(raw) is None
    assert optional(choice("tika"), "").parse(raw) == ""
    assert optional(json_object(), {}).parse(raw) == {}


def test_anything_else_is_up_to_the_type() -> None:
    assert optional(integer(1, 9), None).parse("7") == 7


@pytest.mark.parametrize("raw", ["10", "seven", None, []])
def test_what_the_type_refuses_is_refused(raw: object) -> None:
    with pytest.raises(ValueError, match=r"from 1 to 9|must be text"):
        optional(integer(1, 9), None).parse(raw)


def test_both_are_written_so_that_they_are_read_alike() -> None:
    nothing: dict[str, Any] = {}
    parser = optional(json_object(), nothing)
    assert [parser.format(parser.parse(text)) for text in ("", '{"a":1}')] == ["", '{"a":1}']


def test_what_the_type_conceals_stays_concealed() -> None:
    parser = optional(url(), "")
    assert parser.redact is not None
    assert [parser.redact(value) for value in ("", "http://a:b@h")] == ["", f"http://{HIDDEN}@h"]

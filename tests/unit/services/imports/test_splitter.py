from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webui.services.imports import splitter
from webui.services.imports.splitter import BrokenFile, Splitter, parse

TEXTS = st.text(st.sampled_from('ab"\\{}[],:é😀\n'), max_size=8)
VALUES = st.recursive(
    st.none() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.lists(st.dictionaries(TEXTS, VALUES, max_size=3), max_size=4)


def split(body: bytes, size: int = 1 << 20) -> list[Any]:
    """The objects of a file that comes in pieces of ``size`` bytes."""
    file = io.BytesIO(body)
    pieces = Splitter(lambda _: file.read(size))
    return [parse(raw) for raw in pieces if raw is not None]


@settings(deadline=None, max_examples=50)
@given(OBJECTS, st.integers(1, 9), st.booleans(), st.sampled_from([None, 1]))
def test_objects_come_out_as_they_went_in_however_the_file_is_cut(
    objects: list[Any], size: int, ascii_only: bool, indent: int | None
) -> None:
    body = json.dumps(objects, ensure_ascii=ascii_only, indent=indent).encode()
    assert split(body, size) == objects
    assert split(b"\xef\xbb\xbf \n" + body + b"\n", size) == objects


@pytest.mark.parametrize("size", [1, 100])
def test_a_file_that_is_cut_off_anywhere_is_broken(size: int) -> None:
    body = json.dumps([{"a\\": [1, {"b": '"}'}]}, {}, {"c": None}], indent=1).encode()
    for length in range(len(body)):
        with pytest.raises(BrokenFile):
            split(body[:length], size)


def test_one_object_alone_is_one_chat() -> None:
    assert split(b' {"a": [1]} ') == [{"a": [1]}]


def test_an_error_says_at_which_byte_and_in_which_chat() -> None:
    with pytest.raises(BrokenFile, match=r"The file is cut off \(at byte 18, in chat 2\)\."):
        split(b'[{"a": 1}, {"b": 2')
    with pytest.raises(BrokenFile, match=r"expected here \(at byte 10, in chat 1\)\."):
        split(b'[{"a": 1} {"b": 2}]')


def test_a_chat_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(splitter, "MAX_VALUE", 100)
    with pytest.raises(BrokenFile, match="larger than"):
        split(b'[{"a": "' + b"x" * 1000, 10)


def test_characters_that_no_database_stores_are_replaced() -> None:
    assert parse(rb'{"a\u0000b": ["\ud83d x \ud83d\ude00 \u0000"]}') == {"ab": ["? x 😀 "]}


def test_millions_of_empty_lists_are_refused_before_they_are_made() -> None:
    raw = b'[{"chat": [' + b"[]," * splitter.MAX_CONTAINERS + b"[]]}]"
    with pytest.raises(BrokenFile, match="lists and objects"):
        list(Splitter(io.BytesIO(raw).read))

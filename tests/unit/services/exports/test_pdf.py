from __future__ import annotations

import re
import zlib
from pathlib import Path
from typing import Any

import pytest

from webui.errors import ApiError
from webui.services.exports import pdf

pytest.importorskip("fpdf", reason="the extra pdf is not installed")


def chat(*texts: str) -> dict[str, Any]:
    return {"title": "A title", "chat": {"messages": [{"role": "user", "content": text} for text in texts]}}


@pytest.fixture
def no_font(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "USUAL_FONT", Path("/nowhere"))


def text_of(file: bytes) -> str:
    """The words on the pages of a file in a built-in font."""
    pages = (zlib.decompress(page) for page in re.findall(rb"/FlateDecode.*?stream\n(.*?)\nendstream", file, re.DOTALL))
    return " ".join(found.decode("latin-1") for page in pages for found in re.findall(rb"\((.*?)\) Tj", page))


@pytest.mark.usefixtures("no_font")
def test_characters_that_the_font_does_not_have_are_named() -> None:
    found = text_of(pdf.as_pdf(chat("Zwölf <b>漢字</b>"), None))
    assert "Zwölf <b>??</b>" in found
    assert "U+5B57, U+6F22" in found


@pytest.mark.usefixtures("no_font")
def test_a_text_that_can_be_shown_has_no_remark() -> None:
    assert text_of(pdf.as_pdf(chat("Hello\tyou\r\n", ""), None)).startswith("A title User Hello")


@pytest.mark.skipif(not pdf.USUAL_FONT.is_file(), reason="DejaVu Sans is not installed")
def test_a_font_shows_more_than_latin_letters() -> None:
    assert b"DejaVuSans" in pdf.as_pdf(chat("Привет, κόσμε"), pdf.USUAL_FONT)


def test_a_chat_that_is_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "MAX_LENGTH", 10)
    with pytest.raises(ApiError, match="413"):
        pdf.as_pdf(chat("x" * 11), None)


def test_without_the_library_the_answer_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "find_spec", lambda _: None)
    with pytest.raises(ApiError, match=r"pip install -e .\.\[pdf\]"):
        pdf.as_pdf(chat("x"), None)

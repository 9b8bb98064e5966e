"""A chat as PDF. Text is text: nothing in it is read as markup, and nothing is fetched."""

from __future__ import annotations

from collections.abc import Container
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from webui.errors import ApiError, Problem
from webui.services.exports.chat import heading, said

if TYPE_CHECKING:
    from fpdf import FPDF

USUAL_FONT = Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")  # where Debian has it; Latin, Greek, Cyrillic, ...
BUILT_IN = "Helvetica"  # of every PDF reader, for the characters of Latin-1
MISSING = "?"
MAX_LENGTH = 250_000  # characters: about 50 pages, and five seconds of CPU
MAX_SPEAKER = 255  # characters
MAX_TOLD = 20  # characters that the font does not have
SIZES = {"title": 18, "speaker": 13, "text": 10}  # points


def as_pdf(chat: dict[str, Any], font: Path | None) -> bytes:
    """The chat of ``read_chat``; characters that the font does not have become "?", and the first page names them."""
    if find_spec("fpdf") is None:
        text = (
            "This server makes no PDFs: its administrator has to run .venv/bin/pip install -e '.[pdf]' in the folder of"
            " the checkout. Export the chat as Markdown."
        )
        raise ApiError(Problem.UNAVAILABLE, text)
    title, parts = heading(chat), [(speaker[:MAX_SPEAKER], text) for speaker, text in said(chat)]
    if sum(MAX_SPEAKER + len(text) for _, text in parts) > MAX_LENGTH:
        raise ApiError(Problem.TOO_LARGE, "This chat is too long for a PDF. Export it as Markdown.")
    page = _Page(font or (USUAL_FONT if USUAL_FONT.is_file() else None))
    page.write("title", title)
    if lacking := page.lacking([title, *(text for part in parts for text in part)]):
        page.write("text", _remark(lacking))
    for speaker, text in parts:
        page.write("speaker", speaker)
        page.write("text", text)
    return page.finish()


def _remark(lacking: list[str]) -> str:
    told = ", ".join(f"U+{ord(char):04X}" for char in lacking[:MAX_TOLD]) + (", ..." if lacking[MAX_TOLD:] else "")
    return f"Shown as {MISSING}, since the font of this server does not have them: {told}"


class _Page:
    """A document being written, from top to bottom."""

    def __init__(self, font: Path | None) -> None:
        from fpdf import FPDF

        self._pdf: FPDF = FPDF(format="A4")
        self._family = "chat" if font else BUILT_IN
        self._known = _characters(font) if font else frozenset(map(chr, range(256)))
        if font:
            self._pdf.add_font(self._family, fname=font)
        self._pdf.set_auto_page_break(auto=True, margin=20)
        self._pdf.add_page()

    def lacking(self, texts: list[str]) -> list[str]:
        """The characters in these texts that cannot be shown."""
        return sorted({char for text in texts for char in _lines(text) if not _shows(self._known, char)})

    def write(self, kind: str, text: str) -> None:
        """A paragraph of its own."""
        size = SIZES[kind]
        shown = "".join(char if _shows(self._known, char) else MISSING for char in _lines(text))
        self._pdf.set_font(self._family, size=size)
        self._pdf.multi_cell(0, size * 0.5, shown, align="L", new_x="LMARGIN", new_y="NEXT")
        self._pdf.ln(size * 0.2)

    def finish(self) -> bytes:
        """The file."""
        return bytes(self._pdf.output())


def _lines(text: str) -> str:
    return text.expandtabs(4).replace("\r\n", "\n").replace("\r", "\n")


def _shows(known: Container[str], char: str) -> bool:
    return char == "\n" or (char in known and char >= " ")


@cache
def _characters(font: Path) -> frozenset[str]:
    from fontTools.ttLib import TTFont

    with TTFont(font, lazy=True) as file:
        return frozenset(map(chr, file.getBestCmap()))

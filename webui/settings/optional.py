from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

from webui.settings.parsers import Parser

T = TypeVar("T")
E = TypeVar("E")


def optional(parser: Parser[T], empty: E) -> Parser[T | E]:
    """The same type, whose values may also be empty text: that parses to ``empty``."""

    def parse(raw: object) -> T | E:
        return empty if isinstance(raw, str) and not raw.strip() else parser.parse(raw)

    def unless_empty(write: Callable[[T], str]) -> Callable[[T | E], str]:
        return lambda value: "" if value == empty else write(cast(T, value))

    redact = unless_empty(parser.redact) if parser.redact else None
    return Parser(f"{parser.label} or empty", parse, unless_empty(parser.format), redact)

"""One parser a type, whatever the source of the value.

``parse`` takes text (environment, ``.env``, INI, a declared default) or the JSON value that the database holds, and
raises only ``ValueError``. Its messages say what is wanted and never repeat the value: whether a value may be shown
depends on the setting, which a parser does not know.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit

from pydantic_core import from_json, to_json

from webui.settings.raw import items_of, number_or_word, text_of, word_of

T = TypeVar("T")

TRUE = frozenset({"true", "1", "yes", "on"})
FALSE = frozenset({"false", "0", "no", "off"})
UNITS = {"w": 604_800_000, "d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1_000, "ms": 1}  # milliseconds
SIZES = {"GB": 1 << 30, "MB": 1 << 20, "KB": 1 << 10, "B": 1}
HTTP = ("http", "https")
ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://([^/?#@\s*:\[\]]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?")
NUMBER = re.compile(r"[+-]?[0-9]{1,18}(\.[0-9]{1,24})?(e[+-]?[0-9]{1,3})?")
HIDDEN = "••••••"
CENTURY = timedelta(weeks=5200)  # nobody waits longer, and a date that far ahead can still be written


@dataclass(frozen=True, slots=True)
class Parser(Generic[T]):
    """A type of setting: ``label`` for people, ``parse`` from any source, ``format`` back to text that parses alike.

    ``redact`` is for types whose values may hold credentials: the text without them.
    """

    label: str
    parse: Callable[[object], T]
    format: Callable[[T], str] = str
    redact: Callable[[T], str] | None = None


def text(*, minimum: int = 0) -> Parser[str]:
    """Any text, kept as it is; ``minimum`` is its least length."""

    def parse(raw: object) -> str:
        if len(value := text_of(raw)) < minimum:
            raise ValueError(f"must have at least {minimum} characters")
        return value

    return Parser("text", parse)


def boolean() -> Parser[bool]:
    """True or false, in the usual spellings; anything else is an error."""

    def parse(raw: object) -> bool:
        if isinstance(raw, bool):
            return raw
        word = word_of(raw).lower()
        if word in TRUE:
            return True
        if word in FALSE:
            return False
        raise ValueError("must be true or false (1/0, yes/no and on/off work too)")

    return Parser("boolean", parse, lambda value: "true" if value else "false")


def integer(least: int, most: int = 2**31 - 1) -> Parser[int]:
    """A whole number within bounds."""
    wanted = f"must be a whole number from {least} to {most}"

    def parse(raw: object) -> int:
        if isinstance(raw, int) and not isinstance(raw, bool):
            number = raw
        elif re.fullmatch(r"[+-]?[0-9]{1,18}", word := word_of(raw)):
            number = int(word)
        else:
            raise ValueError(wanted)
        if not least <= number <= most:
            raise ValueError(wanted)
        return number

    return Parser("integer", parse)


def number(least: float, most: float) -> Parser[float]:
    """A number within bounds, with a fraction or without."""
    wanted = f"must be a number from {least:g} to {most:g}"

    def parse(raw: object) -> float:
        word = number_or_word(raw)
        if not NUMBER.fullmatch(word) or not least <= float(word) <= most:
            raise ValueError(wanted)
        return float(word)

    return Parser("number", parse)


def duration(
    *, optional: bool = False, least: timedelta = timedelta(), most: timedelta = CENTURY
) -> Parser[timedelta | None]:
    """A length of time within bounds: ``4w``, ``1h30m``, ``500ms``; a bare number counts seconds.

    ``optional`` adds the contract's ``-1`` and ``0`` for no limit, which parse to ``None``.
    """
    wanted = (
        f"must be a duration from {_format_duration(least)} to {_format_duration(most)}, such as 30s, 5m, 1h30m or 4w"
        + (", or -1 for none" if optional else "")
    )

    def parse(raw: object) -> timedelta | None:
        word = number_or_word(raw).lower()
        if optional and word == "-1":
            return None
        if re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,6})?", word):
            word += "s"
        if not re.fullmatch(r"([0-9]{1,12}(\.[0-9]{1,6})?(ms|[smhdw]))+", word):
            raise ValueError(wanted)
        parts = re.findall(r"([0-9.]+)(ms|[smhdw])", word)
        try:
            length = timedelta(milliseconds=sum(float(number) * UNITS[unit] for number, unit in parts))
        except OverflowError:
            raise ValueError(wanted) from None
        if optional and not length:
            return None
        if not least <= length <= most:
            raise ValueError(wanted)
        return length

    return Parser("duration", parse, _format_duration)


def size() -> Parser[int]:
    """An amount of bytes: ``25MB``; a bare number counts bytes."""

    def parse(raw: object) -> int:
        word = number_or_word(raw)
        match = re.fullmatch(r"([0-9]{1,15})\s*([KMG]?B)?", word.upper())
        if match is None or not int(match[1]):
            raise ValueError("must be a size such as 512KB, 25MB or 2GB")
        return int(match[1]) * SIZES[match[2] or "B"]

    return Parser("size", parse, _format_size)


def url(*schemes: str) -> Parser[str | None]:
    """An address without its trailing slash, http or https unless told; empty text is ``None``."""

    def parse(raw: object) -> str | None:
        address = word_of(raw)
        return _url(address, schemes or HTTP) if address else None

    return Parser("URL", parse, lambda value: value or "", lambda value: _without_credentials(value or ""))


def urls(*, empty_item: str | None = None, drop_suffix: str = "") -> Parser[list[str]]:
    """Addresses separated by ``;``; an empty item stands for ``empty_item`` or nothing, ``drop_suffix`` is cut off."""

    def parse(raw: object) -> list[str]:
        items = (item or empty_item for item in items_of(raw, ";"))
        return [_url(item, HTTP).removesuffix(drop_suffix) for item in items if item]

    return Parser(
        "URLs separated by ;",
        parse,
        ";".join,
        lambda value: ";".join(map(_without_credentials, value)),
    )


def texts(separator: str) -> Parser[list[str]]:
    """Texts with a separator between them; positions count, so empty items stay."""
    return Parser(f"list separated by {separator}", lambda raw: items_of(raw, separator), separator.join)


def origins() -> Parser[list[str]]:
    """Origins of web pages separated by ``;``, or ``*`` alone."""
    wanted = "must be origins such as https://chat.example.com separated by ;, or * alone; an origin has no path"

    def parse(raw: object) -> list[str]:
        items = [item.lower() for item in items_of(raw, ";") if item]
        if items != ["*"] and not all(ORIGIN.fullmatch(item) for item in items):
            raise ValueError(wanted)
        return items

    return Parser("origins separated by ;", parse, ";".join)


def choice(*options: str) -> Parser[str]:
    """One word of a few, in any case."""
    spelling = {option.lower(): option for option in options}

    def parse(raw: object) -> str:
        try:
            return spelling[word_of(raw).lower()]
        except KeyError:
            raise ValueError(f"must be one of {', '.join(options)}") from None

    return Parser(" | ".join(options), parse)


def log_level() -> Parser[str]:
    """A level of the standard library's logging."""
    return choice("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


def same_site() -> Parser[str]:
    """The SameSite attribute of a cookie."""
    return choice("lax", "strict", "none")


def path() -> Parser[Path]:
    """A path of the file system, made absolute against the working directory."""

    def parse(raw: object) -> Path:
        word = word_of(raw)
        if not word:
            raise ValueError("must be a path")
        try:
            return Path(word).expanduser().absolute()
        except RuntimeError:
            raise ValueError("must be a path; the home directory in it is not known") from None

    return Parser("path", parse)


def regex() -> Parser[re.Pattern[str]]:
    """A regular expression in Python's syntax."""

    def parse(raw: object) -> re.Pattern[str]:
        try:
            return re.compile(text_of(raw))
        except (re.error, OverflowError, RecursionError):
            raise ValueError("must be a regular expression in Python's syntax") from None

    return Parser("regular expression", parse, lambda value: value.pattern)


def json_objects() -> Parser[list[dict[str, Any]]]:
    """A JSON array of objects; from the database as it is, from elsewhere as JSON text."""
    return _json("must be a JSON array of objects", "JSON array", _is_array_of_objects)


def json_texts() -> Parser[list[str]]:
    """A JSON array of texts; from the database as it is, from elsewhere as JSON text."""
    return _json("must be a JSON array of texts", "JSON array", _is_array_of_texts)


def json_object(*, redact: Callable[[dict[str, Any]], str] | None = None) -> Parser[dict[str, Any]]:
    """A JSON object; from the database as it is, from elsewhere as JSON text."""
    return _json("must be a JSON object", "JSON object", lambda value: isinstance(value, dict), redact)


def _json(
    wanted: str, label: str, fits: Callable[[Any], bool], redact: Callable[[Any], str] | None = None
) -> Parser[Any]:
    def parse(raw: object) -> Any:
        try:
            value = from_json(text_of(raw)) if isinstance(raw, str) else raw
            # Written and read again it is JSON for sure, without the infinity of 1e999, and a copy that nobody shares.
            value = from_json(to_json(value), allow_inf_nan=False)
        except ValueError:
            raise ValueError(wanted) from None
        if not fits(value):
            raise ValueError(wanted)
        return value

    return Parser(label, parse, lambda value: to_json(value).decode(), redact)


def _is_array_of_objects(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def _is_array_of_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _url(address: str, schemes: tuple[str, ...]) -> str:
    wanted = "must be an address that starts with " + " or ".join(f"{scheme}://" for scheme in schemes)
    try:
        parts = urlsplit(address)
        valid = parts.scheme in schemes and parts.hostname and (parts.port is None or parts.port > 0)
    except ValueError:
        raise ValueError(wanted) from None
    if not valid or " " in address or not address.isprintable():
        raise ValueError(wanted)
    return address.rstrip("/")


def _without_credentials(address: str) -> str:
    return re.sub(r"//[^/?#]*@", f"//{HIDDEN}@", address)


def _format_duration(value: timedelta | None) -> str:
    if value is None:
        return "-1"
    rest, words = value, ""
    for unit, length in UNITS.items():
        step = timedelta(milliseconds=length)
        count, rest = (rest / step, rest) if unit == "ms" else divmod(rest, step)  # what is below a millisecond is kept
        words += f"{count:.10g}{unit}" if count else ""
    return words or "0s"


def _format_size(value: int) -> str:
    unit = next(unit for unit, length in SIZES.items() if value % length == 0)
    return f"{value // SIZES[unit]}{unit}"

"""What parsers begin with: a raw value as text, surely text that everything behind can take."""

from __future__ import annotations


def text_of(raw: object) -> str:
    """Text as it is. NUL is refused: neither PostgreSQL nor the operating system takes it.

    So are lone surrogates, as which the bytes of a variable arrive that are not UTF-8.
    """
    if not isinstance(raw, str):
        raise ValueError("must be text")
    if "\0" in raw:
        raise ValueError("must be text without NUL characters")
    try:
        raw.encode()
    except UnicodeEncodeError:
        raise ValueError("must be text in UTF-8") from None
    return raw


def word_of(raw: object) -> str:
    """Text where space around it means nothing."""
    return text_of(raw).strip()


def number_or_word(raw: object) -> str:
    """A word, or a JSON number as one would write it."""
    if isinstance(raw, int | float) and not isinstance(raw, bool):
        if not abs(raw) < 10**15:  # NaN too; and above 4300 digits Python refuses to write a number at all
            raise ValueError("must be a smaller number")
        return str(raw)
    return word_of(raw)


def items_of(raw: object, separator: str) -> list[str]:
    """Items of a text, or of the database's JSON array."""
    if isinstance(raw, list):
        items = [word_of(item) for item in raw]
        if any(separator in item for item in items):
            raise ValueError(f"must have no {separator} within an item")
        return [] if items == [""] else items  # as text both are empty
    whole = word_of(raw)
    return [item.strip() for item in whole.split(separator)] if whole else []

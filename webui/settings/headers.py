"""Fields of HTTP messages as values of settings (RFC 9110, section 5)."""

from __future__ import annotations

import re

from webui.settings.parsers import Parser

NAME = r"[A-Za-z0-9!#$%&'*+.^_`|~-]+"  # a token, section 5.6.2
VALUE = r"[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?"  # section 5.5, without what is obsolete there


def field_name() -> Parser[str]:
    """The name of a header field."""
    return _matching(NAME, "header name", "must be the name of a header, such as X-Forwarded-Email")


def field_value(pattern: str = VALUE, wanted: str = "must be printable ASCII characters") -> Parser[str]:
    """The value of a header field; ``pattern`` in any case, with ``wanted`` to say what that is."""
    return _matching(pattern, "header value", wanted)


def _matching(pattern: str, label: str, wanted: str) -> Parser[str]:
    def parse(raw: object) -> str:
        if not isinstance(raw, str) or not re.fullmatch(pattern, value := raw.strip(), re.IGNORECASE):
            raise ValueError(wanted)
        return value

    return Parser(label, parse)

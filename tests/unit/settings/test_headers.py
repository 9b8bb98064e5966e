from __future__ import annotations

import pytest

from webui.settings.declarations.headers import HSTS
from webui.settings.headers import field_name, field_value
from webui.settings.parsers import Parser


@pytest.mark.parametrize(
    ("kind", "raw", "value"),
    [
        (field_name(), " X-Forwarded-Email ", "X-Forwarded-Email"),
        (field_value(), "camera=(), geolocation=(self)", "camera=(), geolocation=(self)"),
        (HSTS, "max-age=31536000;includeSubDomains", "max-age=31536000;includeSubDomains"),
        (HSTS, "MAX-AGE=0 ; includesubdomains ; preload", "MAX-AGE=0 ; includesubdomains ; preload"),
    ],
)
def test_what_a_header_may_have_is_taken(kind: Parser[str], raw: str, value: str) -> None:
    assert kind.parse(raw) == value


@pytest.mark.parametrize(
    ("kind", "raw"),
    [
        (field_name(), "X Forwarded"),
        (field_name(), "X-Name:"),
        (field_name(), ""),
        (field_value(), "self\r\nSet-Cookie: token=stolen"),
        (field_value(), "a\0b"),
        (field_value(), "é"),
        (field_value(), 1),
        (HSTS, "true"),
        (HSTS, "max-age=-1"),
        (HSTS, "max-age=1; and more"),
    ],
)
def test_what_would_break_a_header_is_refused(kind: Parser[str], raw: object) -> None:
    with pytest.raises(ValueError, match="must be"):
        kind.parse(raw)

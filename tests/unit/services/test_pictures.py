from __future__ import annotations

import pytest

from webui.services.pictures import Picture, default, elsewhere, read_data_url


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("data:image/png;base64,AAEC", Picture("image/png", b"\0\1\2")),
        ("data:IMAGE/PNG;BASE64,AAEC", Picture("image/png", b"\0\1\2")),
        ("data:image/jpeg;name=a.jpg;base64,AA%3D%3D", Picture("image/jpeg", b"\0")),
        ("data:image/svg+xml,%3Csvg/%3E", Picture("image/svg+xml", b"<svg/>")),
        ("data:image/svg+xml;utf8,<svg>ä</svg>", Picture("image/svg+xml", "<svg>ä</svg>".encode())),
        ("data:image/png;base64,", Picture("image/png", b"")),
    ],
)
def test_a_data_url_has_a_picture(url: str, expected: Picture) -> None:
    assert read_data_url(url) == expected


@pytest.mark.parametrize(
    "url",
    [
        *("", "/a.png", "https://x/a.png", "data:", "data:,x", "data:image/png", "data:image/png;base64,A"),
        *("data:image/png;base64,A A=", "data:image/png;base64,ä", "data:text/html,<p>", "data:image/png\n,x"),
        *("data:application/xhtml+xml,<p>", "data:image/x-unknown,x", "xdata:image/png,x"),
    ],
)
def test_anything_else_has_none(url: str) -> None:
    assert read_data_url(url) is None


@pytest.mark.parametrize(
    ("url", "goes"),
    [
        ("https://x.example/a.png?b=%20", True),
        ("http://x/", True),
        ("https://", False),
        ("//x/a.png", False),
        ("/a.png", False),
        ("https://x/\r\nX: y", False),
        ("https://x/\n", False),
        ("https://x/ä", False),
        ("https://x/" + "a" * 2048, False),
        ("ftp://x/a", False),
    ],
)
def test_only_addresses_that_can_stand_in_a_header_are_followed(url: str, *, goes: bool) -> None:
    assert elsewhere(url) == (url if goes else None)


def test_the_servers_own_picture_is_a_drawing() -> None:
    assert default().media_type == "image/svg+xml"
    assert default().content.lstrip().startswith(b"<svg")

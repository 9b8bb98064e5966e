"""Pictures that stand in the database as data URLs, or as the addresses of others' servers."""

from __future__ import annotations

import re
from base64 import b64decode
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import unquote_to_bytes

SVG = "image/svg+xml"
MEDIA_TYPES = frozenset(
    {SVG, "image/png", "image/jpeg", "image/gif", "image/webp", "image/avif", "image/bmp", "image/x-icon"}
)
MAX_ADDRESS = 2048  # characters
_DATA_URL = re.compile(r"data:(?P<type>[\w.+-]+/[\w.+-]+)(?P<options>(?:;[^,;]*)*),(?P<data>.*)", re.DOTALL | re.ASCII)
# What can stand in a Location header as it is.
_ADDRESS = re.compile(r"https?://[!-~]+")


@dataclass(frozen=True)
class Picture:
    media_type: str
    content: bytes


def read_data_url(url: str) -> Picture | None:
    """The picture in a data URL, None if there is none that a browser shows."""
    found = _DATA_URL.fullmatch(url)
    if found is None or found["type"].lower() not in MEDIA_TYPES:
        return None
    content = unquote_to_bytes(found["data"])
    if found["options"].lower().endswith(";base64"):
        try:
            content = b64decode(content, validate=True)
        except ValueError:
            return None
    return Picture(found["type"].lower(), content)


def elsewhere(url: str) -> str | None:
    """The address of a picture on another server, which the browser is to ask and never this server."""
    return url if len(url) <= MAX_ADDRESS and _ADDRESS.fullmatch(url) else None


@cache
def default() -> Picture:
    """The server's own."""
    return Picture(SVG, Path(__file__).with_name("picture.svg").read_bytes())

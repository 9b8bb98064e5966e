"""Files of the web by addresses that people give: over https, from public addresses alone.

Every hop of a redirection is checked. A name is resolved once, and the connection goes to the very address that was
checked, so a name that answers differently the second time (DNS rebinding) gains nothing.
"""

from __future__ import annotations

import ipaddress
import re
import socket

import aiohttp
from aiohttp.abc import ResolveResult
from yarl import URL

from webui.errors import ApiError, Problem
from webui.providers.connector import Connector
from webui.providers.http import refused, translated_errors

# A number would not be resolved by our resolver: aiohttp takes 127.0.0.1 and 2130706433 as they are. No public name
# ends in a label that begins with a digit.
NAME = re.compile(r"([a-z0-9_-]+\.)+[a-z][a-z0-9-]*")
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052 section 2.1
REDIRECTIONS = (301, 302, 303, 307, 308)
MAX_HOPS = 5
CONNECT_SECONDS = 10
SILENCE_SECONDS = 60


class PublicResolver(aiohttp.ThreadedResolver):
    """Finds public addresses alone."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = [item for item in await super().resolve(host, port, family) if is_public(item["host"])]
        if not found:
            raise ApiError(Problem.MALFORMED_REQUEST, f"{host} is not at a public address.")
        return found


class NotingResolver(aiohttp.ThreadedResolver):
    """Notes each name that was ever at a public address, whatever it says later."""

    def __init__(self, public_names: set[str]) -> None:
        super().__init__()
        self._public_names = public_names

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await super().resolve(host, port, family)
        if any(is_public(item["host"]) for item in found):
            self._public_names.add(host)
        return found


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the internet, and not to a local network, to this machine or to nobody."""
    ip = ipaddress.ip_address(address)
    return all(item.is_global and not item.is_multicast for item in (ip, _inner(ip)) if item is not None)


def _inner(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that an IPv6 address leads to by way of a gateway."""
    if isinstance(ip, ipaddress.IPv4Address):
        return None
    if ip in NAT64:
        return ipaddress.IPv4Address(ip.packed[-4:])
    return ip.ipv4_mapped or ip.sixtofour


def public_session() -> aiohttp.ClientSession:
    """A session that reaches public addresses alone; it sends no cookies and no credentials."""
    return aiohttp.ClientSession(
        connector=Connector(resolver=PublicResolver()),
        headers={"Accept-Encoding": "identity", "User-Agent": "webui"},
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS, sock_read=SILENCE_SECONDS),
    )


async def fetch(session: aiohttp.ClientSession, url: str) -> aiohttp.ClientResponse:
    """The head of the file at ``url``, or where that leads to; 400 for a way that must not be gone."""
    place = URL(url)
    for _ in range(MAX_HOPS):
        check_public(place)
        with translated_errors(str(place.host)):
            response = await session.get(place, allow_redirects=False)
        compressed = response.headers.get("Content-Encoding", "identity") != "identity"
        if response.status == 200 and not compressed:
            return response
        response.close()
        if response.status not in REDIRECTIONS:
            text = f"{place.host} compressed the file without being asked to." if compressed else None
            raise refused(response, connection=str(place.host), text=text)
        with translated_errors(str(place.host)):
            place = place.join(URL(response.headers.get("Location", "")))
    raise ApiError(Problem.UPSTREAM_FAILED, f"{URL(url).host} redirects too often.")


def check_public(address: URL | str) -> None:
    """400 for an address that no stranger may send us to, as far as it can be seen from it."""
    try:
        place = URL(address)
    except ValueError:
        raise ApiError(Problem.MALFORMED_REQUEST, "This is no address of the web.") from None
    if place.scheme != "https" or place.user is not None or not NAME.fullmatch(place.raw_host or ""):
        raise ApiError(Problem.MALFORMED_REQUEST, f"{place.host} may not be asked: only https and public names may.")

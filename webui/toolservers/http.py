"""Requests to tool servers, and to the addresses that these name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from webui.errors import ApiError, Problem
from webui.providers.factory import place
from webui.providers.http import HttpClient, parse_json, read_whole, refused, secrets_of, without_secrets
from webui.settings import Settings

if TYPE_CHECKING:
    import aiohttp

MAX_SAID = 500  # characters of a server's words in an error
MAX_DESCRIPTION = 4 * 1024 * 1024  # bytes that a server may say of its tools


@dataclass(frozen=True)
class ToolServer:
    """``url`` is what an administrator gave; ``headers`` go with every request to it, keys among them."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def name(self) -> str:
        """What may stand in errors and logs."""
        return place(self.url)


class ToolHttp:
    """Asks tool servers, and whom these name.

    A server of the internet does not lead into private networks: what it names is asked over https and at public
    addresses alone. A server of a private network was named by an administrator, and may name its neighbours.
    """

    def __init__(self, settings: Settings) -> None:
        self.seconds = settings["tool_server.timeout"].total_seconds()
        verify_tls = settings["tool_server.verify_tls"]
        self._public_names: set[str] = set()
        self._named = HttpClient(verify_tls=verify_tls, public_names=self._public_names)
        self._public = HttpClient(verify_tls=verify_tls, public=True)

    async def ask(
        self,
        server: ToolServer,
        method: str = "GET",
        *,
        headers: Mapping[str, str] | None = None,
        payload: dict[str, Any] | None = None,
    ) -> aiohttp.ClientResponse:
        """The head of the server's answer, whatever its status."""
        return await self._named.request(
            method,
            server.url,
            connection=server.name,
            headers={**server.headers, **(headers or {})},
            payload=payload,
            seconds=self.seconds,
        )

    async def get_json(self, server: ToolServer) -> Any:
        """The JSON of an answer with status 200, without the key that it was asked with."""
        response = await self.ask(server, headers={"Accept": "application/json"})
        check_key(response, server)
        if response.status != 200:
            raise refused(response, connection=server.name)
        secrets = secrets_of(response)
        async with response:
            body = await read_whole(response, connection=server.name, limit=MAX_DESCRIPTION)
        return without_secrets(parse_json(body, connection=server.name), secrets)

    async def ask_named(
        self, url: str, by: ToolServer, method: str = "GET", *, payload: dict[str, Any] | None = None
    ) -> aiohttp.ClientResponse:
        """The head of the answer at an address that the server named; without the server's key."""
        check_address(url, by)
        client = self._named if self._is_private(by.url) else self._public
        headers = {"Accept": "application/json"}
        return await client.request(
            method, url, connection=place(url), headers=headers, payload=payload, seconds=self.seconds
        )

    def _is_private(self, url: str) -> bool:
        """Whether a server that has been asked is in a private network. A name that was ever elsewhere is not: it could
        answer differently each time.
        """
        from webui.providers.public import is_public

        host = urlsplit(url).hostname or ""
        try:
            return not is_public(host)
        except ValueError:  # a name
            return host not in self._public_names


def check_address(url: str, by: ToolServer) -> None:
    """502 for an address that the server named and that is none."""
    try:
        parts = urlsplit(url)
        is_one = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_one = False
    if not is_one:
        raise ApiError(Problem.UPSTREAM_FAILED, f"{by.name} names an address that is none.")


def in_short(said: object) -> str:
    """What a server said, as a line that can stand in an error."""
    text = "".join(letter if letter.isprintable() else " " for letter in str(said)[:MAX_SAID])
    return " ".join(text.split()) or "no reason given"


def check_key(response: aiohttp.ClientResponse, server: ToolServer) -> None:
    """400 when the server wants another key; 401 would tell our own clients that they are not signed in."""
    if response.status in (401, 403):
        response.close()
        text = f"{server.name} refused the key: it answered with status {response.status}."
        raise ApiError(Problem.KEY_REFUSED, text)

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest

from webui.errors import ApiError
from webui.providers.public import NotingResolver, PublicResolver, fetch, is_public, public_session

PRIVATE = (
    *("127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.1.1"),
    *("255.255.255.255", "240.0.0.1", "198.18.0.1", "192.0.2.1"),
    *("::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1", "ff0e::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1"),
    *("2002:7f00:1::", "2002:a00:1::", "64:ff9b::7f00:1", "64:ff9b::a00:1", "2001:db8::1"),
)


@pytest.mark.parametrize("address", PRIVATE)
def test_addresses_that_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "140.82.121.3", "2606:4700::1111", "::ffff:1.1.1.1"])
def test_public_addresses(address: str) -> None:
    assert is_public(address)


def resolving(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    async def resolve(self: Any, host: str, port: int = 0, family: Any = None) -> Any:
        return [{"hostname": host, "host": address, "port": port} for address in addresses]

    monkeypatch.setattr(aiohttp.ThreadedResolver, "resolve", resolve)


def test_of_several_addresses_the_public_ones_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async def found() -> list[str]:
        return [item["host"] for item in await PublicResolver().resolve("x.example.com", 443)]

    resolving(monkeypatch, "127.0.0.1", "1.1.1.1")
    assert asyncio.run(found()) == ["1.1.1.1"]


def test_a_name_that_was_ever_public_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    names: set[str] = set()

    async def found() -> list[str]:
        return [item["host"] for item in await NotingResolver(names).resolve("x.example.com")]

    noted = []
    for address in ("10.0.0.1", "1.1.1.1", "10.0.0.1"):
        resolving(monkeypatch, address)
        assert asyncio.run(found()) == [address]
        noted.append(set(names))
    assert noted == [set(), {"x.example.com"}, {"x.example.com"}]


def test_a_name_of_this_machine_is_not_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    async def ask() -> None:
        async with public_session() as session:
            await fetch(session, "https://inside.example.com/x")

    resolving(monkeypatch, "127.0.0.1", "10.0.0.1")
    with pytest.raises(ApiError, match="not at a public address"):
        asyncio.run(ask())

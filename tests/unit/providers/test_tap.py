from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.support_tls import contexts
from webui.providers import tap
from webui.providers.tap import Tap

HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
END = b"0\r\n\r\n"
WAIT = 20.0


class Server:
    """Answers each request with what ``play(writer)`` writes; ``connections`` counts those it has had."""

    def __init__(self, play: Callable[[asyncio.StreamWriter], Coroutine[Any, Any, None]]) -> None:
        self.play = play
        self.connections = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        while await reader.readline():
            await reader.readuntil(b"\r\n\r\n")
            writer.write(HEAD)
            await self.play(writer)
        writer.close()


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


@asynccontextmanager
async def answer(
    server: Server, tls: tuple[ssl.SSLContext, ssl.SSLContext] | None = None, **timeouts: float
) -> AsyncIterator[Callable[[], Any]]:
    """A way to ask the server, with one connection for all that follow each other."""
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=tls[0] if tls else None)
    port = listener.sockets[0].getsockname()[1]
    url = f"https://localhost:{port}/" if tls else f"http://127.0.0.1:{port}/"
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(**timeouts)) as session:
        yield lambda: session.get(url, ssl=tls[1] if tls else True)
    listener.close()


def tapped(response: aiohttp.ClientResponse, take: Callable[[bytes], bool]) -> Tap:
    connection = response.connection
    assert connection is not None
    assert connection.protocol is not None
    assert connection.transport is not None
    return Tap(connection.protocol, connection.transport, response.content, take)


async def rest(source: Tap) -> list[bytes]:
    """What is read to the end."""
    found = []
    while data := await source.read():
        found.append(data)
    return found


def run(test: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(test, WAIT))


def test_pieces_are_taken_as_they_come_and_nothing_is_left_to_read() -> None:
    async def scenario() -> None:
        taken: list[bytes] = []
        arrived = asyncio.Event()

        def take(data: bytes) -> bool:
            taken.append(data)
            arrived.set()
            return True

        async def play(writer: asyncio.StreamWriter) -> None:
            for index in range(5):
                writer.write(chunk(b"%d" % index))
                await arrived.wait()
                arrived.clear()
            writer.write(END)

        async with answer(Server(play)) as ask, ask() as response:
            assert await rest(tapped(response, take)) == []
        assert taken == [b"0", b"1", b"2", b"3", b"4"]

    run(scenario())


def test_what_is_refused_is_read_and_the_order_stays() -> None:
    async def scenario() -> None:
        pieces = [b"%06d" % index for index in range(20_000)]
        said: list[bytes] = []

        def take(data: bytes) -> bool:
            if len(said) % 3 == 0:
                return False
            said.append(data)
            return True

        async def play(writer: asyncio.StreamWriter) -> None:
            for piece in pieces:
                writer.write(chunk(piece))
                await writer.drain()
            writer.write(END)

        async with answer(Server(play)) as ask, ask() as response:
            source = tapped(response, take)
            while data := await source.read():
                said.append(data)
                await asyncio.sleep(0)  # meanwhile aiohttp collects
        assert b"".join(said) == b"".join(pieces)

    run(scenario())


@pytest.mark.parametrize("with_tls", [False, True])
def test_the_connection_serves_the_next_request(tmp_path: Path, with_tls: bool) -> None:
    tls = contexts(tmp_path, "localhost") if with_tls else None

    async def scenario() -> None:
        tapped_now = asyncio.Event()

        async def play(writer: asyncio.StreamWriter) -> None:
            await tapped_now.wait()
            tapped_now.clear()
            writer.write(chunk(b"x" * 100_000) + END)

        server = Server(play)
        async with answer(server, tls) as ask:
            for _ in range(3):
                async with ask() as response:
                    source = tapped(response, lambda data: False)
                    tapped_now.set()
                    assert b"".join(await rest(source)) == b"x" * 100_000
            tapped_now.set()
            async with ask() as response:
                assert await response.read() == b"x" * 100_000
        assert server.connections == 1

    run(scenario())


def test_a_break_is_raised_where_it_is_read() -> None:
    async def play(writer: asyncio.StreamWriter) -> None:
        writer.write(chunk(b"Hello") + b"5\r\nHe")
        await writer.drain()
        writer.close()

    async def scenario() -> None:
        taken: list[bytes] = []
        async with answer(Server(play)) as ask, ask() as response:
            with pytest.raises(aiohttp.ClientError):
                await rest(tapped(response, lambda data: taken.append(data) or True))
        assert b"".join(taken) in (b"Hello", b"HelloHe")

    run(scenario())


@pytest.mark.parametrize("limit", ["total", "sock_read"])
def test_silence_ends_in_a_timeout(monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    monkeypatch.setattr(tap, "TICK", 0.05)

    async def play(writer: asyncio.StreamWriter) -> None:
        writer.write(chunk(b"Hello"))

    async def scenario() -> None:
        async with answer(Server(play), **{limit: 0.3}) as ask, ask() as response:
            with pytest.raises(TimeoutError):
                await rest(tapped(response, lambda data: True))

    run(scenario())


def test_an_error_of_the_taker_reaches_the_reader() -> None:
    async def play(writer: asyncio.StreamWriter) -> None:
        writer.write(chunk(b"Hello"))

    def take(data: bytes) -> bool:
        raise RuntimeError("cannot take it")

    async def scenario() -> None:
        async with answer(Server(play)) as ask, ask() as response:
            with pytest.raises(RuntimeError, match="cannot take it"):
                await rest(tapped(response, take))

    run(scenario())

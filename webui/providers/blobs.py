"""A file of a model on its way to Ollama, from the web or from a person: hashed, and stored there as a blob.

What these generators yield are server-sent events: ``{progress, completed, total}`` in percent and bytes, and at the
end ``{done, blob, name}``.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path
from typing import IO
from urllib.parse import unquote, urlsplit

from webui.errors import ApiError
from webui.providers.connection import Connection
from webui.providers.http import event, read_error, refused, translated_errors
from webui.streaming import Reply

SOURCES = ("https://huggingface.co/", "https://github.com/")  # where files of models may be fetched from
EVENTS = (("Content-Type", "text/event-stream"),)
PIECE = 1024 * 1024  # bytes
STEP = 4 * PIECE  # how often progress is told


async def transfer(steps: AsyncGenerator[bytes, None]) -> Reply:
    """The events as a reply. What goes wrong before the first is raised."""
    return Reply(200, EVENTS, Events(await anext(steps), steps))


class Events:
    """A first event and those after it; a failure among these becomes the last."""

    def __init__(self, first: bytes, rest: AsyncGenerator[bytes, None]) -> None:
        self._first = first
        self._rest = rest

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        if first := self._first:
            self._first = b""
            return first
        try:
            return await anext(self._rest)
        except ApiError as error:
            return event({"error": error.detail})
        except OSError as error:
            return event({"error": f"The file cannot be kept here: {error.strerror}."})

    async def aclose(self) -> None:
        await self._rest.aclose()


async def downloaded(url: str, server: Connection, folder: Path) -> AsyncGenerator[bytes, None]:
    """Fetch the file at ``url`` into ``folder`` and give it to the server."""
    from webui.providers.public import fetch, public_session  # with aiohttp, which is loaded at first use

    async with public_session() as session, await fetch(session, url) as response:
        with tempfile.TemporaryFile(dir=folder) as file:  # without a name: it is gone however this ends
            digest, completed, told = hashlib.sha256(), 0, 0
            yield _progress(0, response.content_length)
            with translated_errors(str(response.host)):
                async for piece in response.content.iter_chunked(PIECE):
                    await asyncio.to_thread(_keep, piece, file, digest)
                    completed += len(piece)
                    if completed - told >= STEP:
                        told = completed
                        yield _progress(completed, response.content_length)
            yield _progress(completed, completed)
            yield await _store(server, file, digest.hexdigest(), _file_name(url))


async def uploaded(file: IO[bytes], name: str, server: Connection) -> AsyncGenerator[bytes, None]:
    """Give the server a file that has been received already."""
    with file:
        digest, completed, size = hashlib.sha256(), 0, file.seek(0, os.SEEK_END)
        file.seek(0)
        yield _progress(0, size)
        while piece := await asyncio.to_thread(file.read, STEP):
            await asyncio.to_thread(digest.update, piece)
            completed += len(piece)
            yield _progress(completed, size)
        yield await _store(server, file, digest.hexdigest(), name)


def _keep(piece: bytes, file: IO[bytes], digest: hashlib._Hash) -> None:
    file.write(piece)
    digest.update(piece)


def _progress(completed: int, total: int | None) -> bytes:
    percent = round(100 * completed / total, 1) if total else None
    return event({"progress": percent, "completed": completed, "total": total})


async def _store(server: Connection, file: IO[bytes], digest: str, name: str) -> bytes:
    """Store the file unless the server has it already (Ollama's docs/api.md, "Push a Blob"); the last event."""
    blob = f"sha256:{digest}"
    path = f"/api/blobs/{blob}"
    known = await server.request("HEAD", path)
    known.close()
    if known.status != 200:
        response = await server.request("POST", path, data=_pieces(file), content_type="application/octet-stream")
        if response.status not in (200, 201):
            said = (await read_error(response, connection=server.name) or {}).get("error")
            raise refused(response, connection=server.name, text=said if isinstance(said, str) else None)
        response.close()
    return event({"done": True, "blob": blob, "name": name})


async def _pieces(file: IO[bytes]) -> AsyncIterator[bytes]:
    await asyncio.to_thread(file.seek, 0)
    while piece := await asyncio.to_thread(file.read, PIECE):
        yield piece


def _file_name(url: str) -> str:
    return unquote(urlsplit(url).path.rpartition("/")[2])

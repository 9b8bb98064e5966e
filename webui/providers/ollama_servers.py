"""What Ollama servers say of themselves: their versions, and the models in their memory."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

from webui.errors import ApiError, Problem
from webui.providers.connection import Connection
from webui.providers.http import parse_json, read_whole, refused

log = logging.getLogger(__name__)

MAX_ANSWER = 1024 * 1024  # bytes
ANSWER_SECONDS = 10.0  # they answer from memory
VERSION_SECONDS = 5.0  # how long a version is believed


class Versions:
    """The versions of servers, each asked for once in a few seconds, since anybody may want to know."""

    def __init__(self) -> None:
        self._asked: WeakKeyDictionary[Connection, tuple[float, asyncio.Task[str | None]]] = WeakKeyDictionary()

    async def lowest(self, servers: Sequence[Connection]) -> str:
        """The lowest version of those that answer; 502 when none does, without naming them to strangers."""
        found = await asyncio.gather(*(self._of(server) for server in servers))
        known = [version for version in found if version is not None]
        if not known:
            raise ApiError(Problem.UPSTREAM_FAILED, "Ollama cannot be reached.")
        return min(known, key=_numbers)

    async def _of(self, server: Connection) -> str | None:
        asked_at, task = self._asked.get(server, (float("-inf"), None))
        if task is None or time.monotonic() - asked_at > VERSION_SECONDS:
            task = asyncio.create_task(_version(server))
            self._asked[server] = time.monotonic(), task
        return await asyncio.shield(task)  # others wait for it too


async def loaded_models(servers: Sequence[Connection]) -> list[dict[str, Any]]:
    """The models in the memory of these servers, each once; the first error when no server answers."""
    answers = await asyncio.gather(*(_value(server, "/api/ps") for server in servers), return_exceptions=True)
    errors = [answer for answer in answers if isinstance(answer, BaseException)]
    if errors and len(errors) == len(answers):
        raise errors[0]
    found: dict[str, dict[str, Any]] = {}
    for server, answer in zip(servers, answers, strict=True):
        for model in [] if isinstance(answer, BaseException) else _models(answer):
            name = server.spec.config.outside(model["model"])
            found.setdefault(name, {**model, "model": name, "urls": []})["urls"].append(server.spec.index)
    return list(found.values())


def _models(answer: dict[str, Any]) -> list[dict[str, Any]]:
    models = answer.get("models")
    items = models if isinstance(models, list) else []
    return [item for item in items if isinstance(item, dict) and isinstance(item.get("model"), str)]


async def _version(server: Connection) -> str | None:
    try:
        version = (await _value(server, "/api/version")).get("version")
    except ApiError as error:
        log.info("The version of Ollama is unknown: %s", error.detail)
        return None
    return version if isinstance(version, str) else None


def _numbers(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d{1,9}", version)[:3]]


async def _value(server: Connection, path: str) -> dict[str, Any]:
    """The JSON object that a server answers to a short question."""
    response = await server.request("GET", path, seconds=ANSWER_SECONDS)
    async with response:
        if response.status != 200:
            raise refused(response, connection=server.name)
        body = await read_whole(response, connection=server.name, limit=MAX_ANSWER)
    answer = parse_json(body, connection=server.name)
    if not isinstance(answer, dict):
        raise ApiError(Problem.UPSTREAM_FAILED, f"{server.name} does not answer like Ollama.")
    return answer

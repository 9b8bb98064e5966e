"""Servers of pipelines (github.com/open-webui/pipelines): OpenAI-compatible APIs that can be given programs.

Their list of models says ``"pipelines": true``. Their answers are JSON, and those with an error hold a ``detail``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from webui.errors import ApiError, Problem
from webui.providers.connection import Connection
from webui.providers.content import Content
from webui.providers.http import read_error, read_json, refused
from webui.providers.openai import OpenAIProvider


async def find_servers(connections: Sequence[Connection]) -> list[Connection]:
    """Those of these that have pipelines; what does not answer in time has none."""
    answers = await asyncio.gather(*map(_has_pipelines, connections))
    return [connection for connection, found in zip(connections, answers, strict=True) if found]


async def ask(server: Connection, method: str, path: str, content: Content) -> Any:
    """The JSON of the answer. Errors are raised with the server's status and words, but for a refused key (400)."""
    response = await server.request(method, path, **await content.body(None))
    if response.status in (401, 403):  # would tell our own clients that they are not signed in
        response.close()
        raise ApiError(Problem.KEY_REFUSED, f"{server.name} refused the key: it answered with {response.status}.")
    if response.status in (404, 405) and not await _has_pipelines(server):
        response.close()
        text = f"{server.name} is there, but is no server of pipelines: it answered with status {response.status}."
        raise ApiError(Problem.UPSTREAM_FAILED, text, status=404)
    if response.status >= 400:
        detail = (await read_error(response, connection=server.name) or {}).get("detail")
        raise refused(response, connection=server.name, text=detail if isinstance(detail, str) else None)
    return await read_json(response, connection=server.name)


async def _has_pipelines(connection: Connection) -> bool:
    if not isinstance(connection.provider, OpenAIProvider):
        return False
    try:
        answer = await connection.watched(connection.provider.get_json("/models"))
    except ApiError:
        return False  # its state and its error stand among the connections
    return isinstance(answer, dict) and bool(answer.get("pipelines"))

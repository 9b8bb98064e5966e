"""Arenas: models behind which one of several answers by lot, and the reader learns which one only afterwards."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from typing import Any

from pydantic_core import from_json, to_json

from webui.errors import ApiError, Problem
from webui.providers.base import ModelInfo
from webui.providers.http import event
from webui.security.identity import Identity
from webui.services.access import has_access, sees_everything
from webui.settings import Settings
from webui.streaming import Reply

MAX_WHOLE_REPLY = 16 * 1024 * 1024  # bytes; a reply of a model is kilobytes
# The one there is when administrators have made none.
DEFAULT = {
    "id": "arena-model",
    "name": "Arena Model",
    "meta": {"description": "One of your models answers, and you judge without knowing which.", "access_control": None},
}


def arenas(settings: Settings) -> dict[str, dict[str, Any]]:
    """The arenas by id, each ``{id, name, meta: {model_ids, filter_mode, access_control, ...}}``."""
    if not settings["evaluation.arena.enable"]:
        return {}
    return {item["id"]: item for item in settings["evaluation.arena.models"] or [DEFAULT]}


def listed(settings: Settings, user: Identity, models: list[ModelInfo]) -> list[ModelInfo]:
    """The arenas that have something to choose for this user, who may use these models."""
    return [
        describe(item)
        for item in arenas(settings).values()
        if may_enter(user, settings, item) and _contenders(item, models)
    ]


def may_enter(user: Identity, settings: Settings, item: dict[str, Any]) -> bool:
    """Whether this user may use an arena; one that does not say who may is the administrators' alone."""
    if settings["models.bypass_access_control"] or sees_everything(user, settings):
        return True
    return has_access(user.id, item["meta"].get("access_control", {}), "read")


def choose(item: dict[str, Any], models: list[ModelInfo]) -> ModelInfo:
    """One of these models by lot, of those that the arena admits."""
    if not (contenders := _contenders(item, models)):
        raise ApiError(Problem.MODEL_NOT_FOUND)
    return secrets.choice(contenders)


def _contenders(item: dict[str, Any], models: list[ModelInfo]) -> list[ModelInfo]:
    ids = item["meta"].get("model_ids")
    if not ids:
        return models
    excluded = item["meta"].get("filter_mode") == "exclude"
    return [model for model in models if (model["id"] in ids) is not excluded]


def describe(item: dict[str, Any]) -> ModelInfo:
    """The list's item for an arena."""
    meta = {name: value for name, value in item["meta"].items() if name != "profile_image_url"}
    return {
        **{"id": item["id"], "name": item["name"], "object": "model", "created": 0, "owned_by": "arena"},
        **{"arena": True, "tags": [], "actions": [], "filters": [], "info": {"meta": meta}},
    }


async def announced(reply: Reply, model_id: str) -> Reply:
    """The answer of the model that was chosen, saying which: in a first event, or as a key of a whole answer."""
    if reply.status != 200:
        return reply
    said = {"selected_model_id": model_id}
    kind = next((value for name, value in reply.headers if name.lower() == "content-type"), "")
    if kind.startswith("text/event-stream"):
        return Reply(reply.status, reply.headers, Preceded(event(said), reply.body))
    body = reply.body if isinstance(reply.body, bytes) else await _whole(reply.body)
    try:
        answer = from_json(body)
    except ValueError:
        answer = None  # it is the client's to see what the server said
    return Reply(reply.status, reply.headers, to_json(answer | said) if isinstance(answer, dict) else body)


class Preceded:
    """A body with a piece before it. A class, so that closing it always closes what it wraps."""

    def __init__(self, first: bytes, rest: bytes | AsyncIterator[bytes]) -> None:
        self._waiting = [rest, first] if isinstance(rest, bytes) else [first]
        self._rest = None if isinstance(rest, bytes) else rest

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        if self._waiting:
            return self._waiting.pop()
        if self._rest is None:
            raise StopAsyncIteration
        return await anext(self._rest)

    async def aclose(self) -> None:
        await _close(self._rest)


async def _whole(body: AsyncIterator[bytes]) -> bytes:
    """A body that came in pieces, since an answer has its length only now and then."""
    whole = bytearray()
    try:
        async for piece in body:
            whole += piece
            if len(whole) > MAX_WHOLE_REPLY:
                text = f"The model answered with more than {MAX_WHOLE_REPLY // 1024**2} MB, which is too much."
                raise ApiError(Problem.UPSTREAM_FAILED, text)
    finally:
        await _close(body)
    return bytes(whole)


async def _close(body: AsyncIterator[bytes] | None) -> None:
    aclose = getattr(body, "aclose", None)
    if aclose is not None:
        await aclose()

"""Stored models and the people who may use them or not."""

from __future__ import annotations

import json
from typing import Any

from tests.support import Client
from tests.support_upstream import Upstream
from webui.models import Model, utcnow


def store_model(client: Client, model_id: str, base: str | None = None, **fields: Any) -> None:
    """Put a row into the table, past every check: public and active unless the fields say otherwise."""
    row = {"name": model_id, "meta": {}, "params": {}, "access_control": None, "is_active": True, **fields}
    with client.registry.database.begin() as db:
        db.add(Model(id=model_id, base_model_id=base, updated_at=utcnow(), **row))


def granted(*people: Client, kind: str = "read") -> dict[str, Any]:
    """Access rules that name these people."""
    return {kind: {"group_ids": [], "user_ids": [person.user["id"] for person in people]}}


def arena(model_id: str, **meta: Any) -> dict[str, Any]:
    """An arena for everybody unless ``meta`` says otherwise."""
    return {"id": model_id, "name": model_id, "meta": {"access_control": None, **meta}}


def server(upstream: Upstream, *arenas: dict[str, Any], **more: str) -> dict[str, str]:
    """Settings of a server with this connection and these arenas, on which everybody may sign up."""
    return {
        **{"ENABLE_SIGNUP": "true", "DEFAULT_USER_ROLE": "user", "MODELS_CACHE_TTL": "1h"},
        "OPENAI_API_BASE_URLS": f"{upstream.url}/v1",
        **({"ENABLE_EVALUATION_ARENA_MODELS": "true", "EVALUATION_ARENA_MODELS": json.dumps(arenas)} if arenas else {}),
        **more,
    }


def listed(person: Client) -> list[str]:
    """The ids that the list has for somebody."""
    return [model["id"] for model in person.get("/api/models", status=200).json["data"]]

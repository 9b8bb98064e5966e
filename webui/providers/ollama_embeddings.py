"""Embeddings: OpenAI's request and answer, and Ollama's (its docs/api.md, "Generate Embeddings")."""

from __future__ import annotations

import base64
from array import array
from typing import Any

from webui.errors import ApiError, Problem

TAKEN = ("model", "input", "truncate", "options", "keep_alive", "dimensions")


def embed_request(payload: dict[str, Any]) -> dict[str, Any]:
    """The body of ``/api/embed``; 400 for tokens, which Ollama does not take."""
    given = payload.get("input")
    if not isinstance(given, str) and not (isinstance(given, list) and all(isinstance(item, str) for item in given)):
        raise ApiError(Problem.MALFORMED_REQUEST, "Ollama makes embeddings of texts alone, not of tokens.")
    return {name: payload[name] for name in TAKEN if name in payload}


def embeddings(answer: Any, payload: dict[str, Any]) -> dict[str, Any]:
    """OpenAI's answer; ``ValueError`` when Ollama's is none."""
    vectors = answer.get("embeddings") if isinstance(answer, dict) else None
    if not isinstance(vectors, list) or not all(isinstance(vector, list) for vector in vectors):
        raise ValueError("no embeddings")
    encoded = [_base64(vector) for vector in vectors] if payload.get("encoding_format") == "base64" else vectors
    data = [{"object": "embedding", "embedding": vector, "index": at} for at, vector in enumerate(encoded)]
    tokens = answer.get("prompt_eval_count") or 0
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return {"object": "list", "data": data, "model": payload["model"], "usage": usage}


def _base64(vector: list[float]) -> str:
    """As 32-bit floats, which OpenAI's SDKs ask for unless told otherwise."""
    try:
        return base64.b64encode(array("f", vector).tobytes()).decode()
    except TypeError:
        raise ValueError("an embedding that is not of numbers") from None

"""Tools out of the description of an HTTP API (OpenAPI 3): one for each operation that has a name."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

from webui.errors import ApiError, Problem
from webui.toolservers.http import ToolHttp, ToolServer

METHODS = ("get", "put", "post", "delete", "patch")
MAX_DEPTH = 32  # of a schema; what lies deeper may be anything
MAX_SIZE = 2_000_000  # characters of all schemas: references within references may stand for any number
MAX_REFERENCE = 1000  # characters

Spec = dict[str, Any]  # {type, name, description, parameters}; the last is JSON Schema of the arguments, an object


async def describe(http: ToolHttp, server: ToolServer) -> dict[str, Any]:
    """The description that the server gives of itself, and the tools in it."""
    document = await http.get_json(server)
    return await asyncio.to_thread(described, document, server.name)


def described(document: Any, name: str) -> dict[str, Any]:
    """``{openapi, info, specs}`` of a description; 502 for something else. ``name`` says whose it is."""
    if not isinstance(document, dict) or not isinstance(document.get("paths"), dict):
        text = f"{name} does not describe an API there: the answer has no paths, as OpenAPI has them."
        raise ApiError(Problem.UPSTREAM_FAILED, text)
    info = document.get("info")
    return {"openapi": document, "info": info if isinstance(info, dict) else {}, "specs": list(specs(document))}


def specs(document: dict[str, Any]) -> Iterator[Spec]:
    """The tools; operations without an ``operationId`` cannot be called by name, and are left out."""
    references = _References(document)
    for path in document["paths"].values():
        if not isinstance(path, dict):
            continue
        for method, operation in path.items():
            if method in METHODS and isinstance(operation, dict) and isinstance(operation.get("operationId"), str):
                yield _spec(operation, _dicts(path.get("parameters")), references)


def _spec(operation: dict[str, Any], shared: list[dict[str, Any]], references: _References) -> Spec:
    properties: dict[str, Any] = {}
    required: list[str] = []
    for item in (*shared, *_dicts(operation.get("parameters"))):
        parameter = references.resolved(item)
        if not isinstance(name := parameter.get("name"), str):
            continue
        schema = _dict(parameter.get("schema"))
        if "description" in parameter:
            schema = schema | {"description": parameter["description"]}
        properties[name] = schema
        if parameter.get("required") and name not in required:
            required.append(name)
    body = references.resolved(_dict(operation.get("requestBody")))
    schema = _dict(_dict(_dict(body.get("content")).get("application/json")).get("schema"))
    properties |= _dict(schema.get("properties"))
    required += [name for name in _list(schema.get("required")) if isinstance(name, str) and name not in required]
    return {
        "type": "function",
        "name": operation["operationId"],
        "description": str(operation.get("description") or operation.get("summary") or "No description available."),
        "parameters": {"type": "object", "properties": properties, "required": required},
    }


class _References:
    """Puts what references of a document (``#/components/…``) stand for in their places."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document
        self._left = MAX_SIZE
        self._known: dict[str, Any] = {}

    def resolved(self, value: dict[str, Any]) -> dict[str, Any]:
        found = self._walk(value, ())
        return found if isinstance(found, dict) else {}

    def _walk(self, value: Any, within: tuple[str, ...], depth: int = 0) -> Any:
        """``within`` are the references that led here: a schema that is part of itself ends at the second time."""
        self._left -= len(value) if isinstance(value, str) else 1
        if depth > MAX_DEPTH or self._left < 0:
            return {}
        if isinstance(value, list):
            return [self._walk(item, within, depth + 1) for item in value]
        if not isinstance(value, dict):
            return value
        if not isinstance(reference := value.get("$ref"), str):
            self._left -= sum(map(len, value))
            return {name: self._walk(item, within, depth + 1) for name, item in value.items()}
        known = reference in within
        found = {} if known else self._walk(self._find(reference), (*within, reference), depth + 1)
        beside = {name: item for name, item in value.items() if name != "$ref"}
        return found | beside if isinstance(found, dict) else found

    def _find(self, reference: str) -> Any:
        """What stands there in this document (RFC 6901); other documents are not fetched."""
        if reference not in self._known:
            found: Any = self._document if reference.startswith("#/") and len(reference) <= MAX_REFERENCE else {}
            for step in reference[2:].split("/") if found else ():
                found = _dict(found).get(step.replace("~1", "/").replace("~0", "~"))
            self._known[reference] = {} if found is None else found
        return self._known[reference]


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [item for item in _list(value) if isinstance(item, dict)]

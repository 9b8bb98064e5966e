"""The OpenAPI 3.1 document, read back from what the views declared."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter
from pyramid.security import NO_PERMISSION_REQUIRED

import webui
from webui.errors import Problem

if TYPE_CHECKING:
    from pyramid.registry import Registry

REF_TEMPLATE = "#/components/schemas/{model}"
ERROR_SCHEMA = {
    "type": "object",
    "required": ["detail"],
    "properties": {
        "detail": {
            "anyOf": [
                {"type": "string"},
                {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["type", "loc", "msg"],
                        "properties": {
                            "type": {"type": "string"},
                            "loc": {"type": "array", "items": {"type": ["string", "integer"]}},
                            "msg": {"type": "string"},
                        },
                    },
                },
            ]
        },
        "error": {
            "type": ["object", "string"],
            "description": "The same in the form of OpenAI, Anthropic or Ollama, on the paths of their APIs",
        },
    },
}


@dataclass(frozen=True)
class Endpoint:
    """A declared view on one of its routes."""

    path: str
    method: str
    view: Any
    options: dict[str, Any]
    public: bool

    @property
    def area(self) -> str:
        """The noun it belongs to: the name of its module."""
        return str(self.view.__module__).rpartition(".")[2]


def endpoints(registry: Registry) -> Iterator[Endpoint]:
    """Every view made by ``api_view``, in the order of the routes."""
    introspector = registry.introspector
    routes = [item["introspectable"] for item in introspector.get_category("routes", default=())]
    patterns = {route["name"]: (order, route["pattern"]) for order, route in enumerate(routes)}
    found = []
    for item in introspector.get_category("views", default=()):
        view = item["introspectable"]
        if "media_type" not in view or view["route_name"] is None:
            continue
        (permission,) = [rel["value"] for rel in item["related"] if rel.category_name == "permissions"]
        methods = view["request_methods"]
        method = methods if isinstance(methods, str) else "GET"
        order, pattern = patterns[view["route_name"]]
        pattern = re.sub(r"{(\w+):[^}]*}", r"{\1}", pattern)  # OpenAPI has no regular expressions in paths
        public = permission == NO_PERMISSION_REQUIRED
        found.append((order, Endpoint(pattern, method, view["callable"], dict(view), public)))
    return iter(endpoint for _, endpoint in sorted(found, key=lambda pair: (pair[0], pair[1].method)))


def document(registry: Registry) -> dict[str, Any]:
    """The whole description of the API."""
    schemas: dict[str, Any] = {"Error": ERROR_SCHEMA}
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in endpoints(registry):
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "webui", "version": webui.__version__},
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(endpoint: Endpoint, schemas: dict[str, Any]) -> dict[str, Any]:
    summary, _, description = (inspect.getdoc(endpoint.view) or endpoint.view.__name__).partition("\n")
    slug = re.sub(r"\W+", "_", endpoint.path).strip("_")
    operation: dict[str, Any] = {
        "operationId": f"{endpoint.method.lower()}_{slug}",
        "summary": summary.rstrip("."),
        "tags": [endpoint.area],
        "parameters": [
            {"in": "path", "name": name, "required": True, "schema": {"type": "string"}}
            for name in re.findall(r"{(\w+)", endpoint.path)
        ],
        "responses": _responses(endpoint, schemas),
    }
    if description.strip():
        operation["description"] = description.strip()
    if not endpoint.public:
        operation["security"] = [{"bearer": []}]
    if endpoint.options["request_query"] is not None:
        operation["parameters"] += _query_parameters(endpoint.options["request_query"])
    if endpoint.options["request_body"] is not None:
        schema = _schema(endpoint.options["request_body"], schemas, "validation")
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    elif endpoint.options["accepts"]:
        operation["requestBody"] = {"required": True, "content": {kind: {} for kind in endpoint.options["accepts"]}}
    return operation


def _responses(endpoint: Endpoint, schemas: dict[str, Any]) -> dict[str, Any]:
    options = endpoint.options
    success: dict[str, Any] = {"description": "Success"}
    if options["returns"] is not None:
        success["content"] = {options["media_type"]: {"schema": _schema(options["returns"], schemas, "serialization")}}
    elif options["media_type"] != "application/json":
        success["content"] = {options["media_type"]: {}}
    problems = {Problem.MALFORMED_REQUEST, *options["errors"]}
    if not endpoint.public:
        problems |= {Problem.NOT_AUTHENTICATED, Problem.FOREIGN_ORIGIN}
    if options["request_body"] is not None:
        problems.add(Problem.TOO_LARGE)
    if options["request_body"] is not None or options["request_query"] is not None or "{" in endpoint.path:
        problems.add(Problem.INVALID)
    failure = {"application/json": {"schema": {"$ref": REF_TEMPLATE.format(model="Error")}}}
    responses = {str(options["status"]): success}
    for status in sorted({problem.status for problem in problems}):
        texts = sorted(problem.text for problem in problems if problem.status == status)
        responses[str(status)] = {"description": " / ".join(texts), "content": failure}
    return responses


def _query_parameters(schema: Any) -> list[dict[str, Any]]:
    described = schema.model_json_schema()
    return [
        {"in": "query", "name": name, "required": name in described.get("required", ()), "schema": field}
        for name, field in described["properties"].items()
    ]


def _schema(annotation: Any, schemas: dict[str, Any], mode: Any) -> dict[str, Any]:
    """A reference to the schema, whose definitions go to ``schemas``."""
    schema = TypeAdapter(annotation).json_schema(mode=mode, ref_template=REF_TEMPLATE)
    schemas.update(schema.pop("$defs", {}))
    if "title" in schema and schema.get("type") == "object" and "properties" in schema:
        schemas[schema["title"]] = schema
        return {"$ref": REF_TEMPLATE.format(model=schema["title"])}
    return schema

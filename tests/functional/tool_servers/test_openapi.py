"""Trying servers that describe their tools with OpenAPI."""

from __future__ import annotations

import json
from typing import Any

import pytest
from webtest import TestResponse

from tests.support import Client
from tests.support_upstream import Answer, Upstream

DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Weather"},
    "paths": {
        "/{city}": {
            "parameters": [{"name": "city", "in": "path", "required": True, "schema": {"type": "string"}}],
            "get": {
                "operationId": "forecast",
                "summary": "How the weather will be",
                "parameters": [{"$ref": "#/components/parameters/Days"}],
            },
            "post": {
                "operationId": "report",
                "description": "Tell the weather",
                "requestBody": {
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Report"}}},
                },
            },
            "delete": {"summary": "Has no name"},
        }
    },
    "components": {
        "parameters": {
            "Days": {"name": "days", "in": "query", "description": "How many", "schema": {"type": "integer"}}
        },
        "schemas": {
            "Report": {
                "type": "object",
                "required": ["degrees"],
                "properties": {
                    "degrees": {"type": "number"},
                    "before": {"$ref": "#/components/schemas/Report", "description": "The one before"},
                },
            }
        },
    },
}


def verify(person: Client, url: str, **more: Any) -> TestResponse:
    form = {"url": url, "path": "openapi.json", "auth_type": "bearer", "key": "sk-tools", "config": {}} | more
    return person.post("/api/v1/configs/tool_servers/verify", form)


def test_each_operation_with_a_name_is_a_tool(person: Client, server: Upstream) -> None:
    server.answers["/openapi.json"] = Answer.json(DOCUMENT)
    found = verify(person, server.url)
    assert found.status_int == 200
    assert found.json["openapi"] == DOCUMENT
    assert found.json["info"] == {"title": "Weather"}
    forecast, report = found.json["specs"]
    assert forecast == {
        "type": "function",
        "name": "forecast",
        "description": "How the weather will be",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "days": {"type": "integer", "description": "How many"}},
            "required": ["city"],
        },
    }
    assert report["description"] == "Tell the weather"
    assert report["parameters"]["required"] == ["city", "degrees"]
    assert report["parameters"]["properties"]["before"] == {"description": "The one before"}


def test_the_key_and_the_headers_go_to_the_server(person: Client, server: Upstream) -> None:
    server.answers["/v2/spec.json"] = Answer.json({"paths": {}})
    assert verify(person, f"{server.url}/", path="/v2/spec.json", headers={"X-Team": "a"}).status_int == 200
    assert server.asked[-1].headers["Authorization"] == "Bearer sk-tools"
    assert server.asked[-1].headers["X-Team"] == "a"
    assert verify(person, "http://else", path=f"{server.url}/v2/spec.json", headers='{"X-Team": "b"}').status_int == 200
    assert server.asked[-1].headers["X-Team"] == "b"


@pytest.mark.parametrize(("kind", "sent"), [("none", False), (None, False), ("session", True)])
def test_a_server_knows_people_by_their_own_token_if_told_so(
    person: Client, server: Upstream, kind: str | None, sent: bool
) -> None:
    server.answers["/openapi.json"] = Answer.json({"paths": {}})
    verify(person, server.url, auth_type=kind)
    token = server.asked[-1].headers.get("Authorization")
    assert token == (f"Bearer {person.token}" if sent else None)


def test_a_description_that_is_entered_by_hand(person: Client, server: Upstream) -> None:
    found = verify(person, server.url, spec_type="json", spec=json.dumps(DOCUMENT))
    assert [spec["name"] for spec in found.json["specs"]] == ["forecast", "report"]
    assert verify(person, server.url, spec_type="json", spec="{").status_int == 400
    assert server.asked == []


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (Answer.json({"detail": "no"}, 401), "refused the key"),
        (Answer.json({}, 404), "answered with status 404"),
        (Answer.json({}, 302), "answered with status 302"),
        (Answer([b"<html>"]), "something else than JSON"),
        (Answer.json([]), "does not describe an API"),
        (Answer.json({"paths": []}), "does not describe an API"),
        (Answer([b'{"paths"'], cut=True), "broke off"),
    ],
)
def test_what_failed_is_told(person: Client, server: Upstream, answer: Answer, text: str) -> None:
    server.answers["/openapi.json"] = answer
    found = verify(person, server.url)
    assert found.status_int == 400
    assert text in found.json["detail"]
    assert "sk-tools" not in found.text


def test_a_server_that_is_not_there(person: Client) -> None:
    found = verify(person, "http://127.0.0.1:1")
    assert (found.status_int, found.json["detail"]) == (400, "127.0.0.1:1 cannot be used: the connection was refused.")


@pytest.mark.parametrize(
    "more",
    [
        *({"url": ""}, {"url": "ftp://x"}, {"url": "http://"}, {"path": "file:///etc/passwd"}, {"type": "soap"}),
        *({"key": "a\nb"}, {"headers": {"X": "a\r\nb"}}, {"headers": "[1]"}, {"headers": "{"}, {"key": 1}),
        *({"auth_type": "system_oauth"}, {"key": "••••12345678"}),
    ],
)
def test_connections_that_cannot_be(person: Client, server: Upstream, more: dict[str, Any]) -> None:
    assert verify(person, **{"url": server.url} | more).status_int == 422
    assert server.asked == []


def test_a_mask_is_good_for_the_server_that_its_key_is_stored_for(person: Client, server: Upstream) -> None:
    server.answers["/openapi.json"] = Answer.json({"paths": {}})
    stored = {"url": server.url, "path": "openapi.json", "auth_type": "bearer", "key": "sk-stored", "config": {}}
    form = {"TOOL_SERVER_CONNECTIONS": [stored]}
    shown = person.post("/api/v1/configs/tool_servers", form, status=200).json["TOOL_SERVER_CONNECTIONS"][0]
    assert shown["key"].startswith("••••")
    assert verify(person, server.url, key=shown["key"]).status_int == 200
    assert server.asked[-1].headers["Authorization"] == "Bearer sk-stored"
    assert verify(person, "http://127.0.0.1:1", key=shown["key"]).status_int == 422
    assert verify(person, server.url, path="http://127.0.0.1:1/", key=shown["key"]).status_int == 422


def test_references_that_would_never_end(person: Client, server: Upstream) -> None:
    schemas = {
        f"S{n}": {"properties": {f"p{i}": {"$ref": f"#/components/schemas/S{n + 1}"} for i in range(9)}}
        for n in range(30)
    }
    body = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/S0"}}}}
    operation = {"operationId": "x", "requestBody": body, "parameters": [{"$ref": "#/nowhere"}, {"$ref": 1}, 3]}
    document = {"paths": {"/x": {"post": operation}, "/y": 1}, "components": {"schemas": schemas}}
    server.answers["/openapi.json"] = Answer.json(document)
    found = verify(person, server.url)
    assert found.status_int == 200
    assert len(found.json["specs"][0]["parameters"]["properties"]) == 9
    assert len(found.body) < 10_000_000


def test_references_that_stand_for_more_than_they_are(person: Client, server: Upstream) -> None:
    long = {"$ref": "#" + "/" * 1_000_000}
    parameters = [{"$ref": "#/text"}] * 600 + [{"$ref": "#/long"}] * 600
    operation = {"operationId": "x", "parameters": parameters}
    text = {"name": "a", "schema": {"description": "x" * 500_000}}
    document = {"paths": {"/x": {"post": operation}}, "text": text, "long": long}
    server.answers["/openapi.json"] = Answer.json(document)
    found = verify(person, server.url)
    assert found.status_int == 200
    assert len(found.body) < 6_000_000


def test_a_description_that_is_too_much(person: Client, server: Upstream) -> None:
    server.answers["/openapi.json"] = Answer.json({"paths": {}, "x": "x" * 5_000_000})
    found = verify(person, server.url)
    assert (found.status_int, "more than 4 MB" in found.json["detail"]) == (400, True)


def test_what_the_server_says_is_json_and_has_no_key(person: Client, server: Upstream) -> None:
    server.answers["/openapi.json"] = Answer([b'{"paths": {}, "info": {"x": NaN, "said": "key sk-tools1"}}'])
    found = verify(person, server.url, key="sk-tools1")
    assert found.json["info"]["x"] is None
    assert b"NaN" not in found.body
    assert b"sk-tools1" not in found.body


def test_tool_servers_are_the_administrators_alone(person: Client, server: Upstream) -> None:
    user = person.sign_up()
    assert verify(user, server.url).status_int == 401
    assert user.post("/api/v1/configs/oauth/clients/register", {"url": server.url, "client_id": "x"}).status_int == 401
    assert server.asked == []

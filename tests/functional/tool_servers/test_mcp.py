"""Trying MCP servers: one of the protocol's own SDK, and one whose every byte the test decides."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from webtest import TestResponse

from tests.support import Client
from tests.support_mcp import Accounts, mcp_server
from tests.support_upstream import Answer, Upstream

OPENED = {"jsonrpc": "2.0", "id": 1, "result": {"protocolVersion": "2025-06-18", "capabilities": {}}}


@pytest.fixture(params=["events", "JSON", "without sessions"])
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    options = {"events": {}, "JSON": {"json_response": True}, "without sessions": {"stateless_http": True}}
    with mcp_server(**options[request.param]) as address:
        yield address


def verify(person: Client, url: str, **more: Any) -> TestResponse:
    form = {"url": url, "path": "", "type": "mcp", "auth_type": "none", "key": None, "config": None} | more
    return person.post("/api/v1/configs/tool_servers/verify", form)


def test_the_tools_of_a_server(person: Client, url: str) -> None:
    found = verify(person, url)
    assert found.status_int == 200, found.text
    assert found.json["status"] is True
    (tool,) = found.json["specs"]
    assert (tool["name"], tool["description"]) == ("add", "Add two numbers.")
    assert tool["parameters"]["required"] == ["a", "b"]


def test_a_server_at_another_path(person: Client) -> None:
    with mcp_server() as url:
        found = verify(person, f"{url}/else")
    assert found.status_int == 400
    assert "is no MCP server at this address: it answered with status 404" in found.json["detail"]


def test_a_server_where_people_sign_in(person: Client) -> None:
    with mcp_server(accounts=Accounts()) as url:
        refused = verify(person, url)
        assert (refused.status_int, "refused the key" in refused.json["detail"]) == (400, True)
        found = verify(person, url, auth_type="oauth_2.1")
    assert found.status_int == 200, found.text
    metadata = found.json["oauth_server_metadata"]
    assert found.json["status"] is True
    assert metadata["registration_endpoint"].endswith("/register")
    assert metadata["scopes_supported"] == ["tools"]


def script(server: Upstream, *pages: dict[str, Any]) -> None:
    """Open the conversation under a number of its own, then list these pages."""
    left = list(pages)

    def answer(body: Any) -> Answer:
        match body:
            case {"method": "initialize"}:
                return Answer.json(OPENED, headers=(("Mcp-Session-Id", "s1"),))
            case {"method": "tools/list", "id": number}:
                said = {"jsonrpc": "2.0", "id": number, "result": left.pop(0)}
                return Answer.events(b'data: {"jsonrpc": "2.0", "method": "ping"}\n\n', event(said), b": late\n\n")
            case {"method": "notifications/initialized"}:
                return Answer.json(None, 202)
        return Answer.json(None, 405)

    server.answers["/mcp"] = answer


def event(message: Any) -> bytes:
    return f"event: message\ndata: {json.dumps(message)}\n\n".encode()


def test_a_list_on_several_pages_within_one_conversation(person: Client, server: Upstream) -> None:
    script(server, {"tools": [{"name": "a"}, 1, {}], "nextCursor": "2"}, {"tools": [{"name": "b", "inputSchema": {}}]})
    found = verify(person, f"{server.url}/mcp", auth_type="bearer", key="sk-mcp")
    assert [tool["name"] for tool in found.json["specs"]] == ["a", "b"]
    first, *later = server.asked
    assert "Mcp-Session-Id" not in first.headers
    assert {(item.headers["Mcp-Session-Id"], item.headers["MCP-Protocol-Version"]) for item in later} == {
        ("s1", "2025-06-18")
    }
    assert {item.headers["Authorization"] for item in server.asked} == {"Bearer sk-mcp"}
    assert [item.method for item in server.asked][-1] == "DELETE"


def test_a_list_without_end(person: Client, server: Upstream) -> None:
    script(server, *[{"tools": [], "nextCursor": "again"}] * 200)
    found = verify(person, f"{server.url}/mcp")
    assert (found.status_int, "more than 100 pages" in found.json["detail"]) == (400, True)


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (Answer.json({"jsonrpc": "2.0", "id": 1, "error": {"code": -32000, "message": "not today"}}), "not today"),
        (Answer.json({"error": {"code": -32600, "message": "bad"}}, 400), "answered with status 400: bad"),
        (Answer([b"oops"], 500), "answered with status 500"),
        (Answer.json({"jsonrpc": "2.0", "id": 1, "result": {"protocolVersion": "a\r\nb"}}), "no version"),
        (Answer.json({"jsonrpc": "2.0", "id": 1, "result": []}), "has no result"),
        (Answer.json([]), "no JSON object"),
        (Answer([b"<html>"]), "something else than JSON"),
        (Answer.events(event({"id": 7})), "ended early"),
        (Answer.events(b"data: {"), "ended early"),
        (Answer.events(b"data: {\n\n"), "something else than JSON"),
        (Answer.events(b"data: ", cut=True), "broke off"),
        (Answer.json({}, 307), "answered with status 307"),
    ],
)
def test_what_failed_is_told(person: Client, server: Upstream, answer: Answer, text: str) -> None:
    server.answers["/mcp"] = answer
    found = verify(person, f"{server.url}/mcp")
    assert found.status_int == 400
    assert text in found.json["detail"]


def test_an_event_that_never_ends(person: Client, server: Upstream) -> None:
    server.answers["/mcp"] = Answer.events(*[b"x" * 1024 * 1024] * 17)
    found = verify(person, f"{server.url}/mcp")
    assert (found.status_int, "more than 4 MB" in found.json["detail"]) == (400, True)


def test_pages_that_are_too_much_together(person: Client, server: Upstream) -> None:
    page = {"tools": [{"name": "a", "description": "x" * 1_500_000}], "nextCursor": "again"}
    script(server, *[page] * 9)
    found = verify(person, f"{server.url}/mcp")
    assert (found.status_int, "more than 4 MB" in found.json["detail"]) == (400, True)
    assert len(server.asked) < 8


def test_a_server_that_takes_its_time_with_each_page(make_client, server: Upstream) -> None:  # type: ignore[no-untyped-def]
    person = make_client(AIOHTTP_CLIENT_TIMEOUT_TOOL_SERVER_DATA="1").sign_up()
    never = threading.Event()
    script(server, {"tools": []})
    opening = server.answers["/mcp"]

    def answer(body: Any) -> Answer:
        return Answer([], after=never) if body and body["method"] == "tools/list" else opening(body)  # type: ignore[operator]

    server.answers["/mcp"] = answer
    found = verify(person, f"{server.url}/mcp")
    never.set()
    assert (found.status_int, "took" in found.json["detail"]) == (400, True)


def test_a_key_that_the_server_repeats_is_hidden(person: Client, server: Upstream) -> None:
    said = {"code": 1, "message": "your key is\r\n\u001b[31m Bearer sekretsekret"}
    server.answers["/mcp"] = Answer.json({"jsonrpc": "2.0", "id": 1, "error": said})
    detail = verify(person, f"{server.url}/mcp", auth_type="bearer", key="sekretsekret").json["detail"]
    assert "sekret" not in detail
    assert detail.isprintable()

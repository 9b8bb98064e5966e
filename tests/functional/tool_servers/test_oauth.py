"""Becoming a client of a tool server's authorization server."""

from __future__ import annotations

import json
from typing import Any

import pytest
from webtest import TestResponse

from tests.support import Client
from tests.support_mcp import Accounts, mcp_server
from tests.support_upstream import Answer, Upstream, scripted_upstream

RESOURCE = "/.well-known/oauth-protected-resource"
SERVER = "/.well-known/oauth-authorization-server"


def register(person: Client, url: str, query: str = "", **more: Any) -> TestResponse:
    return person.post(f"/api/v1/configs/oauth/clients/register{query}", {"url": url, "client_id": "sums"} | more)


def metadata(server: Upstream, **more: Any) -> dict[str, Any]:
    return {
        "issuer": server.url,
        "authorization_endpoint": f"{server.url}/authorize",
        "token_endpoint": f"{server.url}/token",
        "registration_endpoint": f"{server.url}/register",
    } | more


def read(person: Client, answer: TestResponse) -> Any:
    return person.app.app.registry.vault.open(json.loads(answer.json["oauth_client_info"]))


def test_an_authorization_server_registers_this_server(person: Client) -> None:
    accounts = Accounts()
    with mcp_server(accounts=accounts) as url:
        answer = register(person, url, "?type=mcp", client_name="Our chat")
    assert answer.status_int == 200, answer.text
    (client,) = accounts.clients.values()
    assert client.client_name == "Our chat"
    assert [str(uri) for uri in client.redirect_uris] == ["https://chat.example.org/oauth/clients/mcp:sums/callback"]
    assert client.client_secret not in answer.text
    info = read(person, answer)
    assert (info["client_id"], info["client_secret"]) == (client.client_id, client.client_secret)
    assert info["server_metadata"]["token_endpoint"].endswith("/token")


def test_a_server_that_names_its_authorization_server_nowhere_is_its_own(person: Client, server: Upstream) -> None:
    server.answers[SERVER] = Answer.json(metadata(server, token_endpoint_auth_methods_supported=["none"]))
    server.answers["/register"] = Answer.json({"client_id": "c1"}, 201)
    assert read(person, register(person, f"{server.url}/sse"))["client_id"] == "c1"
    sent = server.asked[-1].body
    assert sent["token_endpoint_auth_method"] == "none"
    assert sent["redirect_uris"] == ["https://chat.example.org/oauth/clients/sums/callback"]


def test_the_way_over_the_address_in_the_refusal(person: Client, server: Upstream) -> None:
    challenge = f'Bearer error="invalid_token", resource_metadata="{server.url}/here"'
    server.answers["/mcp"] = Answer.json({}, 401, headers=(("WWW-Authenticate", challenge),))
    server.answers["/here"] = Answer.json({"authorization_servers": [f"{server.url}/tenant/"]})
    server.answers["/tenant/.well-known/openid-configuration"] = Answer.json(metadata(server))
    server.answers["/register"] = Answer.json({"client_id": "c1"}, 201)
    assert register(person, f"{server.url}/mcp").status_int == 200
    assert f"{SERVER}/tenant" in {asked.path for asked in server.asked}


def test_pages_for_people_are_no_metadata(person: Client, server: Upstream) -> None:
    page = Answer([b"<html>"], content_type="text/html")
    server.answers |= {RESOURCE: page, SERVER: page, f"{RESOURCE}/mcp": Answer.json([])}
    answer = register(person, f"{server.url}/mcp")
    assert (answer.status_int, "no OAuth metadata" in answer.json["detail"]) == (400, True)


@pytest.mark.parametrize(
    ("said", "text"),
    [
        (Answer.json({"error": "invalid_client_metadata", "error_description": "no such scope"}, 400), "no such scope"),
        (Answer([b"oops"], 500), "answered with status 500"),
        (Answer.json({}, 201), "gave it no client_id"),
        (Answer([b"{"], 201), "something else than JSON"),
    ],
)
def test_registrations_that_fail(person: Client, server: Upstream, said: Answer, text: str) -> None:
    server.answers |= {SERVER: Answer.json(metadata(server)), "/register": said}
    answer = register(person, server.url)
    assert answer.status_int == 400
    assert text in answer.json["detail"]


def test_an_authorization_server_that_registers_nobody(person: Client, server: Upstream) -> None:
    server.answers[SERVER] = Answer.json(metadata(server, registration_endpoint=None))
    answer = register(person, server.url)
    assert (answer.status_int, "does not register clients" in answer.json["detail"]) == (400, True)


def test_a_server_that_is_not_there(person: Client) -> None:
    answer = register(person, "http://127.0.0.1:1/mcp")
    assert (answer.status_int, "the connection was refused" in answer.json["detail"]) == (400, True)


@pytest.mark.parametrize("address", ["http://[", "http://[x", "http://[::", "http://h:99999/", "", "x"])
def test_addresses_that_are_none(person: Client, server: Upstream, address: str) -> None:
    headers = (("WWW-Authenticate", f'Bearer resource_metadata="{address}"'),)
    server.answers["/mcp"] = Answer.json({}, 401, headers=headers)
    assert register(person, f"{server.url}/mcp").status_int == 400
    server.answers[f"{RESOURCE}/mcp"] = Answer.json({"authorization_servers": [address]})
    assert register(person, f"{server.url}/mcp").status_int == 400
    del server.answers[f"{RESOURCE}/mcp"]
    server.answers[SERVER] = Answer.json(metadata(server, registration_endpoint=address, scopes_supported=None))
    assert register(person, f"{server.url}/mcp").status_int == 400


@pytest.mark.parametrize("named", ["http://169.254.169.254/", "https://10.0.0.1/", "https://localhost/", "file:///x"])
def test_a_server_of_the_internet_leads_into_no_private_network(person: Client, server: Upstream, named: str) -> None:
    person.app.app.registry.tool_http._public_names.add("localhost")  # as if it had been elsewhere before
    server.answers[RESOURCE] = Answer.json({"authorization_servers": [named]})
    answer = register(person, server.url.replace("127.0.0.1", "localhost"))
    assert answer.status_int == 400
    assert any(text in answer.json["detail"] for text in ("may not be asked", "not at a public address", "is none"))


def test_a_server_of_a_private_network_may_name_its_neighbours(person: Client, server: Upstream) -> None:
    with scripted_upstream() as neighbour:
        server.answers[RESOURCE] = Answer.json({"authorization_servers": [neighbour.url]})
        neighbour.answers[SERVER] = Answer.json(metadata(neighbour))
        neighbour.answers["/register"] = Answer.json({"client_id": "c1"}, 201)
        for url in (server.url, server.url.replace("127.0.0.1", "localhost")):
            assert register(person, url).status_int == 200


@pytest.mark.parametrize("more", [{"url": "x"}, {"client_id": ""}, {"client_id": "x" * 300}])
def test_clients_that_cannot_be(person: Client, server: Upstream, more: dict[str, Any]) -> None:
    assert register(person, **{"url": server.url} | more).status_int == 422
    assert register(person, server.url, "?type=a/b").status_int == 422

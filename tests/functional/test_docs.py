from __future__ import annotations

from html import escape

from tests.support import Client


def test_the_page_about_the_api_names_every_address(client: Client) -> None:
    page = client.get("/docs", status=200).text
    assert [path for path in client.get("/openapi.json").json["paths"] if escape(path) not in page] == []

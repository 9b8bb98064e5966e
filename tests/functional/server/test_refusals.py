"""Requests that waitress itself refuses."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from webui.routes.chats import IMPORT_FILE
from webui.server.parser import ANONYMOUS_BODY

LIMIT = 1 << 20


def refused(answer: tuple[int, dict[str, str], bytes], status: int) -> bool:
    """A JSON error that closes the connection and says nothing of waitress."""
    code, headers, body = answer
    assert headers["content-type"] == "application/json"
    assert headers["connection"] == "close"
    assert isinstance(json.loads(body)["detail"], str)
    assert b"waitress" not in body
    return code == status


def test_a_large_content_length_is_refused_before_the_body(site: Any) -> None:
    client = site.connect().get("/up", f"Content-Length: {LIMIT + 1}", method="POST")
    assert refused(client.answer(), 413)
    assert client.at_eof()


def test_a_client_that_asks_first_is_not_invited_to_send_too_much(site: Any) -> None:
    headers = f"Content-Length: {LIMIT + 1}", "Expect: 100-continue"
    assert refused(site.connect().get("/up", *headers, method="POST").answer(), 413)


def test_a_client_that_asks_first_is_invited_to_send_what_fits(site: Any) -> None:
    client = site.connect().get("/up", "Content-Length: 4", "Expect: 100-continue", method="POST")
    assert client.head()[0] == 100
    assert client.send(b"data").answer()[2] == b"plain /up 4"


def test_a_client_that_sends_too_much_all_the_same_can_read_why(site: Any) -> None:
    size = 20 * LIMIT
    client = site.connect().get("/up", f"Content-Length: {size}", method="POST").send(b"x" * size)
    assert refused(client.answer(), 413)
    assert client.at_eof()


def test_a_chunked_body_is_refused_when_it_grows_too_large(site: Any) -> None:
    client = site.connect().get("/up", "Transfer-Encoding: chunked", method="POST")
    for _ in range(20):
        client.send(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
    assert refused(client.answer(), 413)


def test_a_file_of_chats_may_be_larger_than_other_bodies(make_site: Any) -> None:
    site = make_site(max_import_size=2 * LIMIT)
    for path, size, status in ((IMPORT_FILE, 2, 200), (IMPORT_FILE, 3, 413), ("/up", 2, 413)):
        client = site.connect().get(path, f"Content-Length: {size * LIMIT}", method="POST").send(b"x" * size * LIMIT)
        assert client.answer()[0] == status


def test_a_body_of_exactly_the_limit_is_accepted(site: Any) -> None:
    client = site.connect().get("/up", f"Content-Length: {LIMIT}", method="POST").send(b"x" * LIMIT)
    assert client.answer()[2] == b"plain /up %d" % LIMIT


@pytest.fixture
def roomy(make_site: Any) -> Any:
    """A site that accepts more than anybody may send without credentials."""
    return make_site(max_body_size=3 * ANONYMOUS_BODY)


@pytest.mark.parametrize("cookie", [(), ("Cookie: not_token=x; other=y",)])
def test_without_credentials_a_body_over_4_mb_is_refused_before_it_is_sent(roomy: Any, cookie: tuple[str, ...]) -> None:
    headers = f"Content-Length: {ANONYMOUS_BODY + 1}", "Expect: 100-continue", *cookie
    answer = roomy.connect().get("/up", *headers, method="POST").answer()
    assert refused(answer, 413)
    assert str(ANONYMOUS_BODY) in json.loads(answer[2])["detail"]


def test_without_credentials_a_chunked_body_over_4_mb_is_refused(roomy: Any) -> None:
    client = roomy.connect().get("/up", "Transfer-Encoding: chunked", method="POST")
    client.send(b"%x\r\n" % (2 * ANONYMOUS_BODY) + b"x" * (ANONYMOUS_BODY + 1))  # the chunk is not complete
    assert refused(client.answer(), 413)


def test_without_credentials_a_body_of_4_mb_is_accepted(roomy: Any) -> None:
    client = roomy.connect().get("/up", f"Content-Length: {ANONYMOUS_BODY}", method="POST").send(b"x" * ANONYMOUS_BODY)
    assert client.answer()[2] == b"plain /up %d" % ANONYMOUS_BODY


@pytest.mark.parametrize("header", ["Authorization: Bearer x", "Cookie: token=x", "Cookie: other=y; token=x"])
def test_with_credentials_the_limit_is_that_of_the_settings(roomy: Any, header: str) -> None:
    size = 3 * ANONYMOUS_BODY
    client = roomy.connect().get("/up", f"Content-Length: {size}", header, method="POST").send(b"x" * size)
    assert client.answer()[2] == b"plain /up %d" % size
    answer = client.get("/up", f"Content-Length: {size + 1}", header, method="POST").answer()
    assert refused(answer, 413)
    assert str(size) in json.loads(answer[2])["detail"]


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_a_body_with_two_lengths_is_refused(site: Any, version: str) -> None:
    headers = "Content-Length: 4", "Transfer-Encoding: chunked"
    client = (
        site.connect().get("/up", *headers, method="POST", version=version).send(b"0\r\n\r\nGET /smuggled HTTP/1.1\r\n")
    )
    assert refused(client.answer(), 400)
    assert client.at_eof()
    assert not site.viewed


def test_what_is_no_http_is_refused(site: Any) -> None:
    assert refused(site.connect().send(b"secret\r\n\r\n").answer(), 400)


def test_headers_without_end_are_refused(site: Any) -> None:
    assert refused(site.connect().get("/", "X-Large: " + "x" * 300_000).answer(), 431)


def test_an_unknown_transfer_encoding_is_refused(site: Any) -> None:
    assert refused(site.connect().get("/up", "Transfer-Encoding: gzip", method="POST").answer(), 501)


def test_an_application_that_fails_is_answered_for_without_details(site: Any) -> None:
    site.callbacks = None
    site.reply("/fails", b"")
    client = site.connect().get("/fails")
    assert refused(client.answer(), 500)


def test_a_refused_request_has_a_line_in_the_log_with_its_id(site: Any, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="webui.access"):
        _, headers, _ = site.connect().get("/up", f"Content-Length: {LIMIT + 1}", method="POST").answer()
    (record,) = (record for record in caplog.records if record.name == "webui.access")
    assert (record.request_id, record.status) == (headers["x-request-id"], 413)

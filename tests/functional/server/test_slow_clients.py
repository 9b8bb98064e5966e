"""What clients cost that do not take their answers, or do not finish their requests."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest

from webui.server import channel as channel_module
from webui.server.channel import HEAD_TIME, STALLED, UNSENT_LIMIT

serve_module = import_module("webui.server.serve")  # the package has a function of this name

Eventually = Callable[[Callable[[], object]], None]

LARGE = bytes(range(256)) * 80_000  # 20 MB: more than waitress holds before it waits, and than the sockets hold
GET_LARGE = b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n"  # pipelined ones are read together if sent together


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve_module, "TICK", 0.05)
    monkeypatch.setattr(channel_module, "STALLED", 0.2)
    monkeypatch.setattr(channel_module, "HEAD_TIME", 0.2)


@pytest.fixture
def unwatched(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server itself does not look at the clock."""
    monkeypatch.setattr(serve_module.Server, "_close_overdue", lambda server, now: None)


def stalled(site: Any) -> list[Any]:
    return [channel for channel in site.channels() if channel.total_outbufs_len > UNSENT_LIMIT]


def test_clients_that_do_not_read_hold_no_worker_threads(site: Any, eventually: Eventually) -> None:
    site.plain["/large"] = LARGE
    for _ in range(3):  # the site has two threads
        site.connect(receive_buffer=4096).send(GET_LARGE * 2)
    eventually(lambda: len(stalled(site)) == 3)
    assert site.connect().get("/small").answer()[2] == b"plain /small 0"


def test_a_pipelined_request_waits_until_the_answer_before_it_is_taken(site: Any, eventually: Eventually) -> None:
    site.plain["/large"] = LARGE
    client = site.connect(receive_buffer=4096).send(GET_LARGE * 3)
    eventually(lambda: [channel for channel in site.channels() if channel.put_off])
    assert site.viewed == ["/large"]
    assert [client.answer()[2] for _ in range(3)] == [LARGE] * 3


def test_a_client_that_leaves_while_a_request_is_put_off_is_forgotten(site: Any, eventually: Eventually) -> None:
    site.plain["/large"] = LARGE
    client = site.connect(receive_buffer=4096).send(GET_LARGE * 2)
    eventually(lambda: [channel for channel in site.channels() if channel.put_off])
    client.reset()
    eventually(lambda: not site.channels())
    assert site.viewed == ["/large"]


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("requests", [1, 2])
def test_a_client_that_takes_nothing_of_its_answer_is_given_up(
    site: Any, eventually: Eventually, requests: int
) -> None:
    site.plain["/large"] = LARGE
    client = site.connect(receive_buffer=4096).send(GET_LARGE * requests)
    eventually(lambda: stalled(site))
    eventually(lambda: not site.channels())
    assert len(client.file.read()) < len(LARGE)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("begun", [b"GET / HT", b"POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\nab"])
def test_a_client_that_does_not_finish_its_request_is_given_up(site: Any, begun: bytes) -> None:
    assert site.connect().send(begun).at_eof()


@pytest.mark.usefixtures("impatient")
def test_half_sent_heads_do_not_keep_others_out(make_site: Any) -> None:
    site = make_site(connection_limit=20)
    for _ in range(30):
        site.connect().send(b"GET / HT")
    assert site.connect().get("/plain").answer()[0] == 200


@pytest.mark.usefixtures("unwatched")
def test_bytes_of_a_head_win_no_time_for_it(site: Any, eventually: Eventually) -> None:
    client = site.connect().send(b"GET / HT")
    eventually(lambda: site.channels() and site.channels()[0].request)
    (channel,) = site.channels()
    assert not channel.overdue(0)
    client.send(b"TP/1.1\r\n")
    eventually(lambda: channel.request.header_plus == b"GET / HTTP/1.1\r\n")
    assert not channel.overdue(HEAD_TIME)
    assert channel.overdue(HEAD_TIME + 1)


@pytest.mark.usefixtures("unwatched")
def test_bytes_of_a_body_win_time_for_the_rest(site: Any, eventually: Eventually) -> None:
    client = site.connect().get("/up", "Content-Length: 4", method="POST").send(b"a")
    eventually(lambda: [channel for channel in site.channels() if channel.request])
    (channel,) = site.channels()
    eventually(lambda: channel.request.body_bytes_received == 1)
    assert not channel.overdue(0)
    client.send(b"b")
    eventually(lambda: channel.request.body_bytes_received == 2)
    assert not channel.overdue(STALLED + 1)
    assert not channel.overdue(2 * STALLED)
    assert channel.overdue(2 * STALLED + 2)


@pytest.mark.usefixtures("unwatched")
def test_a_client_that_takes_some_of_its_answer_wins_time_for_the_rest(site: Any, eventually: Eventually) -> None:
    site.plain["/large"] = LARGE
    client = site.connect(receive_buffer=4096).get("/large")
    eventually(lambda: stalled(site))
    (channel,) = site.channels()
    eventually(lambda: not channel.requests)
    assert not channel.overdue(0)
    before = channel.last_activity
    while channel.last_activity == before:
        client.file.read(4096)
    assert not channel.overdue(STALLED + 1)


@pytest.mark.usefixtures("unwatched")
def test_neither_a_silent_reply_nor_an_idle_connection_is_overdue(site: Any, eventually: Eventually) -> None:
    source = site.source("/stream")
    client = site.connect().get("/stream")
    source.put(b"one")
    client.head()
    assert client.chunk() == b"one"
    idle = site.connect()
    assert idle.get("/plain").answer()[0] == 200
    eventually(lambda: sum(channel.idle for channel in site.channels()) == 1)
    for now in (0, 10 * STALLED):
        assert not any(channel.overdue(now) for channel in site.channels())

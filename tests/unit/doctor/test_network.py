from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

import webui
from tests.support_upstream import Answer, Upstream, scripted_upstream
from webui.doctor import network
from webui.doctor.finding import Finding, Status

Look = Callable[..., Finding]
VERSION = {"version": webui.__version__, "deployment_id": ""}


@pytest.fixture
def server() -> Iterator[Upstream]:
    """Something that answers as webui does, but for its streams, which come at once."""
    with scripted_upstream() as upstream:
        upstream.answers["/api/version"] = Answer.json(VERSION)
        upstream.answers["/health/stream"] = Answer.events(b"data: 0\n\ndata: 1\n\ndata: 2\n\n")
        yield upstream


def port_of(upstream: Upstream) -> dict[str, str]:
    return {"PORT": upstream.url.rpartition(":")[2]}


@contextmanager
def listener() -> Iterator[dict[str, str]]:
    """A program that accepts connections, and ends them without a word; its PORT."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        thread = threading.Thread(target=answer_nothing, args=(sock,))
        thread.start()
        try:
            yield {"PORT": str(sock.getsockname()[1])}
        finally:
            sock.shutdown(socket.SHUT_RDWR)
            thread.join()


def answer_nothing(sock: socket.socket) -> None:
    while True:
        try:
            sock.accept()[0].close()
        except OSError:
            return


def free_port() -> dict[str, str]:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return {"PORT": str(sock.getsockname()[1])}


def test_a_clock_that_is_right(look: Look, database_url: sa.URL) -> None:
    assert look("network.clock").status is Status.OK
    url = database_url.render_as_string(hide_password=False)
    assert look("network.clock", DATABASE_URL=url).status is Status.OK


def test_a_clock_that_went_back(look: Look, place: Path) -> None:
    os.utime(place / "webui.db", (time.time() + 3600,) * 2)
    found = look("network.clock")
    assert (found.status, found.remedy) == (Status.PROBLEM, "timedatectl set-ntp true")


def test_the_clock_of_another_machine(look: Look, database_url: sa.URL, monkeypatch: pytest.MonkeyPatch) -> None:
    if database_url.get_backend_name() == "sqlite":
        pytest.skip("SQLite is on this machine")
    monkeypatch.setattr(network.time, "time", lambda: 1_700_000_000.0)
    found = look("network.clock", DATABASE_URL=database_url.render_as_string(hide_password=False))
    assert found.status is Status.PROBLEM


def test_a_port_on_which_the_server_runs(look: Look, server: Upstream) -> None:
    assert look("network.port", **port_of(server)).status is Status.OK


def test_a_port_that_is_free(look: Look) -> None:
    found = look("network.port", **free_port())
    assert found.status is Status.OK
    assert "is free" in found.message


def test_a_port_that_the_system_chooses(look: Look) -> None:
    assert look("network.port", PORT="0").status is Status.SKIPPED


def test_a_port_that_another_program_has(look: Look) -> None:
    with listener() as port:
        found = look("network.port", **port)
    assert found.status is Status.PROBLEM
    assert found.message.startswith("Another program listens")


@pytest.mark.parametrize("answer", [Answer.json({"version": "1"}), Answer([b"<html>"]), Answer.json({}, status=404)])
def test_a_web_server_that_is_none_of_ours(look: Look, server: Upstream, answer: Answer) -> None:
    server.answers["/api/version"] = answer
    assert look("network.port", **port_of(server)).status is Status.PROBLEM


def test_a_server_that_was_not_started_again(look: Look, server: Upstream) -> None:
    server.answers["/api/version"] = Answer.json(VERSION | {"version": "0.0.1"})
    found = look("network.port", **port_of(server))
    assert (found.status, found.remedy) == (Status.WARNING, "Start the server again.")


def test_an_address_that_this_machine_does_not_have(look: Look) -> None:
    found = look("network.port", HOST="192.0.2.1")  # of no machine: RFC 5737
    assert found.status is Status.PROBLEM


def test_a_public_address_that_leads_here(look: Look, server: Upstream) -> None:
    found = look("network.public_url", WEBUI_URL=server.url, **port_of(server))
    assert found.status is Status.OK


@pytest.mark.parametrize("name", ["public_url", "streams"])
def test_no_public_address(look: Look, name: str) -> None:
    found = look(f"network.{name}")
    assert (found.status, found.message) == (Status.SKIPPED, "WEBUI_URL is not set.")


def test_a_public_address_is_not_judged_while_the_server_does_not_run(look: Look) -> None:
    port = free_port()
    found = look("network.public_url", WEBUI_URL=f"http://127.0.0.1:{port['PORT']}", **port)
    assert (found.status, found.message) == (Status.SKIPPED, "The server does not run.")


def test_a_public_address_that_leads_nowhere(look: Look, server: Upstream) -> None:
    found = look("network.public_url", WEBUI_URL=f"http://127.0.0.1:{free_port()['PORT']}", **port_of(server))
    assert found.status is Status.PROBLEM
    assert server.url in found.remedy


def test_a_public_address_that_leads_to_another_server(look: Look, server: Upstream) -> None:
    with scripted_upstream() as other:
        other.answers["/api/version"] = Answer.json(VERSION | {"deployment_id": "another"})
        found = look("network.public_url", WEBUI_URL=other.url, **port_of(server))
    assert found.status is Status.PROBLEM
    assert "another server" in found.message


def test_streams_that_come_all_at_once(look: Look, server: Upstream) -> None:
    found = look("network.streams", WEBUI_URL=server.url)
    assert found.status is Status.PROBLEM
    assert "proxy_buffering off" in found.remedy
    assert [asked.path for asked in server.asked] == ["/api/version", *["/health/stream"] * network.TRIES]


@pytest.mark.parametrize("answer", [Answer.json({"detail": "no"}, status=502), Answer.events(b"data: 0", cut=True)])
def test_streams_that_do_not_come(look: Look, server: Upstream, answer: Answer) -> None:
    server.answers["/health/stream"] = answer
    assert look("network.streams", WEBUI_URL=server.url).status is Status.PROBLEM


def test_streams_are_not_asked_of_another_server(look: Look, server: Upstream) -> None:
    server.answers["/api/version"] = Answer.json({})
    assert look("network.streams", WEBUI_URL=server.url).status is Status.SKIPPED

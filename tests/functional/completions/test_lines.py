"""A streamed reply leaves in whole lines, wherever the model server's pieces begin and end."""

from __future__ import annotations

import json

import pytest

from tests.support import Client
from tests.support_upstream import Answer, Upstream, ask, events
from webui.providers import relay

REPLY = b'data: {"n": 1}\n\ndata: {"n": 2}\n\ndata: [DONE]\n\n'


@pytest.mark.parametrize("size", [1, 3, 16, 1000])
def test_pieces_of_any_size_are_the_same_reply(person: Client, upstream: Upstream, size: int) -> None:
    upstream.chat(Answer.events(*(REPLY[at : at + size] for at in range(0, len(REPLY), size))))
    assert ask(person, stream=True).body == REPLY


@pytest.mark.parametrize("end", range(1, len(REPLY), 4))
def test_a_stream_that_is_cut_anywhere_is_well_formed(person: Client, upstream: Upstream, end: int) -> None:
    upstream.chat(Answer.events(REPLY[:end], cut=True))
    *lines, error = [line for line in ask(person, stream=True).body.split(b"\n") if line]
    assert lines == [line for line in REPLY[:end].split(b"\n")[:-1] if line]
    assert "broke off" in json.loads(error.removeprefix(b"data: "))["error"]["message"]


def test_a_last_line_without_its_end_is_passed_on(person: Client, upstream: Upstream) -> None:
    upstream.chat(Answer.events(b"data: {}\n\n", b"data: [DO", b"NE]"))
    assert ask(person, stream=True).body == b"data: {}\n\ndata: [DONE]"


@pytest.mark.parametrize(
    "line",
    [
        b"<html>",
        b"data: <html>",
        b'data: {"cut',
        b"data: \xff{}",
        b'data: {"\0": 1}',
        b"data: {}\r{",
        b"datum: {}",
        b"{}",
    ],
)
def test_what_is_no_event_ends_the_stream_with_an_error(person: Client, upstream: Upstream, line: bytes) -> None:
    upstream.chat(Answer.events(REPLY[:16], line + b"\n\n", REPLY[16:]))
    assert [sorted(event) for event in events(ask(person, stream=True).body)] == [["n"], ["error"]]


@pytest.mark.parametrize(
    "line",
    [b"data:{}", b"data: {} ", b"data: [DONE]", b"data:", b"data: {}\r", b": {", b"event: x\ndata: {}", b"id: 1"],
)
def test_every_form_of_event_is_passed_on(person: Client, upstream: Upstream, line: bytes) -> None:
    upstream.chat(Answer.events(REPLY[:16], line + b"\n\n", REPLY[16:]))
    assert ask(person, stream=True).body == REPLY[:16] + line + b"\n\n" + REPLY[16:]


def test_a_long_line_arrives_whole(person: Client, upstream: Upstream) -> None:
    line = b'data: {"text": "' + b"x" * 1_000_000 + b'"}\n\n'
    upstream.chat(Answer.events(*(line[at : at + 9999] for at in range(0, len(line), 9999))))
    assert ask(person, stream=True).body == line


def test_a_line_without_an_end_is_given_up(
    person: Client, upstream: Upstream, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(relay, "MAX_LINE_BYTES", 10_000)
    upstream.chat(Answer.events(b"data: {}\n\n", *[b"x" * 9000] * 200))
    first, error = events(ask(person, stream=True).body)
    assert first == {}
    assert error["error"]["code"] == "upstream_failed"
    assert "a line without an end" in caplog.text

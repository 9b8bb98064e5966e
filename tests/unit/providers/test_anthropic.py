"""Anthropic's API as an upstream, over HTTP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest

from tests.support_upstream import Answer, Upstream, events, scripted_upstream, text
from webui.bodies import read_body
from webui.errors import ApiError
from webui.providers.anthropic import AnthropicProvider
from webui.providers.http import HttpClient
from webui.streaming import Reply

HELLO = {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}
MESSAGES = "/v1/messages"


def sse(*told: dict[str, Any]) -> list[bytes]:
    return [b"event: %s\ndata: %s\n\n" % (item["type"].encode(), json.dumps(item).encode()) for item in told]


REPLY = sse(
    {"type": "message_start", "message": {"usage": {"input_tokens": 3, "output_tokens": 1}}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hel"}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "lo"}},
    {"type": "content_block_stop", "index": 0},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 2}},
    {"type": "message_stop"},
)


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with scripted_upstream() as running:
        yield running


def used(url: str, use: Callable[[AnthropicProvider], Coroutine[Any, Any, Any]]) -> Any:
    """What ``use(provider)`` gives, on a loop of its own."""

    async def run() -> Any:
        http = HttpClient()
        try:
            provider = AnthropicProvider(name="Claude", base_url=url, headers={"x-api-key": "k"}, http=http, index=2)
            async with asyncio.timeout(30):
                return await use(provider)
        finally:
            await http.close()

    return asyncio.run(run())


def said(upstream: Upstream, **more: Any) -> bytes:
    """The body of a reply."""

    async def chat(provider: AnthropicProvider) -> bytes:
        reply: Reply = await provider.chat({**HELLO, **more}, user_id="u")
        assert reply.status == 200
        return await read_body(reply)

    found: bytes = used(upstream.url, chat)
    return found


@pytest.mark.parametrize("ending", ["", "/", "/v1", "/v1/"])
def test_the_address_may_be_given_with_the_version_or_without(upstream: Upstream, ending: str) -> None:
    upstream.answers["/v1/models?limit=1000"] = Answer.json({"data": [{"id": "claude", "display_name": "Claude"}]})
    [model] = used(upstream.url + ending, lambda provider: provider.models())
    assert model["name"] == "Claude"
    headers = {name.lower(): value for name, value in upstream.asked[-1].headers.items()}
    assert (headers["x-api-key"], headers["anthropic-version"]) == ("k", "2023-06-01")


def test_models_come_in_pages(upstream: Upstream) -> None:
    first = {"id": "a", "display_name": "A", "created_at": "1970-01-01T00:01:00Z", "type": "model"}
    upstream.answers["/v1/models?limit=1000"] = Answer.json({"data": [first], "has_more": True, "last_id": "a&1"})
    upstream.answers["/v1/models?limit=1000&after_id=a%261"] = Answer.json({"data": [{"id": "b"}, {}, 1]})
    one, two = used(upstream.url, lambda provider: provider.models())
    assert one == {
        **{"id": "a", "name": "A", "object": "model", "created": 60, "owned_by": "openai"},
        **{"connection_type": "external", "tags": [], "openai": first, "urlIdx": 2},
    }
    assert (two["id"], two["name"], two["created"]) == ("b", "b", 0)


def test_a_list_without_an_end_is_cut_off(upstream: Upstream) -> None:
    page = Answer.json({"data": [{"id": "a"}], "has_more": True, "last_id": "a"})
    upstream.answers |= {"/v1/models?limit=1000": page, "/v1/models?limit=1000&after_id=a": page}
    assert len(used(upstream.url, lambda provider: provider.models())) == 10


def test_another_api_is_not_anthropics(upstream: Upstream) -> None:
    upstream.answers["/v1/models?limit=1000"] = Answer.json({"models": []})
    with pytest.raises(ApiError, match="Claude does not answer like Anthropic"):
        used(upstream.url, lambda provider: provider.models())


def test_a_whole_reply(upstream: Upstream) -> None:
    content = [{"type": "text", "text": "Hello"}]
    upstream.answers[MESSAGES] = Answer.json({"type": "message", "content": content, "stop_reason": "end_turn"})
    completion = json.loads(said(upstream))
    assert completion["choices"][0]["message"]["content"] == "Hello"
    assert upstream.payload["messages"] == [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}]


def test_a_stream_and_its_counts(upstream: Upstream) -> None:
    upstream.answers[MESSAGES] = Answer.events(*REPLY)
    found = events(said(upstream, stream=True, stream_options={"include_usage": True}))
    assert text(found) == "Hello"
    assert found[-2]["usage"]["total_tokens"] == 5
    assert found[-1] == "[DONE]"


@pytest.mark.parametrize("size", [1, 7])
def test_a_stream_cut_at_any_byte_is_the_same(upstream: Upstream, size: int) -> None:
    whole = b"".join(REPLY).replace(b"\n", b"\r\n")
    upstream.answers[MESSAGES] = Answer.events(*(whole[at : at + size] for at in range(0, len(whole), size)))
    found = events(said(upstream, stream=True))
    assert (text(found), found[-1]) == ("Hello", "[DONE]")


@pytest.mark.parametrize(
    "answer",
    [Answer.events(*REPLY[:4], cut=True), Answer.events(*REPLY[:4]), Answer.events(*REPLY[:4], b"data: {nonsense\n\n")],
    ids=["cut", "ended too soon", "garbage"],
)
def test_a_stream_that_breaks_off_says_so_after_what_came(upstream: Upstream, answer: Answer) -> None:
    upstream.answers[MESSAGES] = answer
    found = events(said(upstream, stream=True))
    assert text(found) == "Hello"
    assert found[-1]["error"]["message"] == "Claude broke off in the middle of a reply."


def test_an_error_keeps_status_text_and_when_to_try_again(upstream: Upstream) -> None:
    error = {"type": "error", "error": {"type": "rate_limit_error", "message": "Slow down"}}
    upstream.answers[MESSAGES] = Answer.json(error, 429, headers=(("Retry-After", "7"),))
    with pytest.raises(ApiError, match="Slow down") as raised:
        said(upstream, stream=True)
    assert (raised.value.status, raised.value.headers) == (429, {"Retry-After": "7"})


@pytest.mark.parametrize("body", [b"<html>", b"{}", b'{"error": "text"}'])
def test_an_error_in_another_form_is_told_by_its_status(upstream: Upstream, body: bytes) -> None:
    upstream.answers[MESSAGES] = Answer([body], 529)
    with pytest.raises(ApiError, match="Claude answered with status 529") as raised:
        said(upstream)
    assert raised.value.status == 529


def test_an_answer_that_is_none_is_a_bad_gateway(upstream: Upstream) -> None:
    upstream.answers[MESSAGES] = Answer.json({"choices": []})
    with pytest.raises(ApiError, match="does not answer like Anthropic") as raised:
        said(upstream)
    assert raised.value.status == 502


def test_there_are_no_embeddings(upstream: Upstream) -> None:
    with pytest.raises(ApiError, match="has no embeddings") as raised:
        used(upstream.url, lambda provider: provider.embed({"model": "m", "input": "x"}, user_id="u"))
    assert raised.value.status == 400

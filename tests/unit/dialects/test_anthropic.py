"""Anthropic's Messages API, spoken to models of any server."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webui.bodies import read_body
from webui.dialects.anthropic import chat_request, estimated_tokens
from webui.dialects.anthropic_events import translated
from webui.errors import ApiError
from webui.streaming import Reply

JSON = (("Content-Type", "application/json"),)
EVENTS = (("Content-Type", "text/event-stream"),)
PNG = {"type": "base64", "media_type": "image/png", "data": "QUJD"}
PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,QUJD"}}


def asked(*content: Any, role: str = "user", **form: Any) -> dict[str, Any]:
    [one] = content
    return chat_request({"model": "m", "max_tokens": 9, "messages": [{"role": role, "content": one}], **form})


def messages(*content: Any, **form: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = asked(*content, **form)["messages"]
    return found


def answered(reply: Reply, *, stream: bool = False) -> bytes:
    async def answer() -> bytes:
        return await read_body(await translated(reply, model="m", stream=stream, input_tokens=5))

    return asyncio.run(answer())


def whole(message: dict[str, Any], finish: str = "stop", **more: Any) -> dict[str, Any]:
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish}
    body = json.dumps({"object": "chat.completion", "choices": [choice], **more}).encode()
    found: dict[str, Any] = json.loads(answered(Reply(200, JSON, body)))
    return found


def streamed(*deltas: dict[str, Any], finish: str | None = "stop", **more: Any) -> list[dict[str, Any]]:
    """The events, whose names are those in their data."""
    chunks = [{"choices": [{"index": 0, "delta": delta}]} for delta in deltas]
    if finish:
        chunks.append({"choices": [{"index": 0, "delta": {}, "finish_reason": finish}], **more})
    body = b"".join(b"data: %s\n\n" % json.dumps(chunk).encode() for chunk in chunks)
    found = []
    for item in answered(Reply(200, EVENTS, body), stream=True).decode().split("\n\n")[:-1]:
        name, data = item.split("\n")
        found.append(json.loads(data.removeprefix("data: ")))
        assert name == f"event: {found[-1]['type']}"
    return found


def test_a_plain_request() -> None:
    assert asked("Hi", system="Be brief.", stream=False, temperature=0.5, top_k=3, stop_sequences=["END"]) == {
        **{"model": "m", "max_tokens": 9, "temperature": 0.5, "top_k": 3, "stream": False, "stop": ["END"]},
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}],
    }


def test_a_stream_is_asked_for_with_its_counts() -> None:
    assert asked("Hi", stream=True)["stream_options"] == {"include_usage": True}


def test_blocks_of_text_are_a_text_and_pictures_are_parts() -> None:
    text = {"type": "text", "text": "A", "cache_control": {"type": "ephemeral"}}
    assert messages([text, text], system=[text]) == [
        {"role": "system", "content": "A"},
        {"role": "user", "content": "A\n\nA"},
    ]
    url = {"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}}
    [message] = messages([text, {"type": "image", "source": PNG}, url])
    assert message["content"] == [
        {"type": "text", "text": "A"},
        PICTURE,
        {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
    ]


def test_a_document_is_its_text() -> None:
    plain = {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "A"}}
    blocks = {"type": "document", "source": {"type": "content", "content": [{"type": "text", "text": "B"}]}}
    assert messages([plain, blocks]) == [{"role": "user", "content": "A\n\nB"}]


@pytest.mark.parametrize(
    "block",
    [
        {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "QUJD"}},
        {"type": "image", "source": {"type": "file", "file_id": "f"}},
        {"type": "tool_use", "id": "1", "name": "n", "input": {}},
        {"type": "tool_result"},
        {"text": "no type"},
        {},
    ],
)
def test_a_block_that_cannot_be_said_is_a_bad_request_that_names_its_place(block: dict[str, Any]) -> None:
    with pytest.raises(ApiError, match=r"messages\.0: this model takes no block of type") as raised:
        asked([block])
    assert raised.value.status == 400


def test_calls_of_tools_and_their_results_keep_their_order() -> None:
    thought = {"type": "thinking", "thinking": "Hm", "signature": "s"}
    use = {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {"at": "sky"}}
    call = {"id": "toolu_1", "type": "function", "function": {"name": "look", "arguments": '{"at":"sky"}'}}
    text = {"type": "text", "text": "Well"}
    assert messages([thought, text, use], role="assistant") == [
        {"role": "assistant", "content": "Well", "tool_calls": [call]}
    ]
    assert messages([use], role="assistant")[0]["content"] is None
    seen = [{"type": "text", "text": "blue"}, {"type": "image", "source": PNG}]
    failed = {"type": "tool_result", "tool_use_id": "toolu_2", "content": "dark", "is_error": True}
    assert messages([{"type": "tool_result", "tool_use_id": "toolu_1", "content": seen}, failed, text]) == [
        {"role": "tool", "tool_call_id": "toolu_1", "content": "blue"},
        {"role": "tool", "tool_call_id": "toolu_2", "content": "Error: dark"},
        {"role": "user", "content": [PICTURE, text]},
    ]


@pytest.mark.parametrize(
    ("choice", "sent"),
    [
        ({"type": "auto"}, "auto"),
        ({"type": "any"}, "required"),
        ({"type": "none"}, "none"),
        ({"type": "tool", "name": "look"}, {"type": "function", "function": {"name": "look"}}),
    ],
)
def test_tools_and_which_to_choose(choice: dict[str, Any], sent: Any) -> None:
    tool = {"name": "look", "description": "Looks.", "input_schema": {"type": "object"}}
    request = asked("Hi", tools=[tool], tool_choice={**choice, "disable_parallel_tool_use": True})
    function = {"name": "look", "description": "Looks.", "parameters": {"type": "object"}}
    assert request["tools"] == [{"type": "function", "function": function}]
    assert (request["tool_choice"], request["parallel_tool_calls"]) == (sent, False)


def test_a_tool_of_anthropics_own_is_a_bad_request() -> None:
    with pytest.raises(ApiError, match="web_search"):
        asked("Hi", tools=[{"type": "web_search_20250305", "name": "web_search"}])


@pytest.mark.parametrize(
    ("form", "effort"),
    [
        ({"thinking": {"type": "enabled", "budget_tokens": 1024}}, "low"),
        ({"thinking": {"type": "enabled", "budget_tokens": 30_000}}, "high"),
        ({"thinking": {"type": "adaptive"}}, "medium"),
        ({"thinking": {"type": "adaptive"}, "output_config": {"effort": "low"}}, "low"),
        ({"thinking": {"type": "disabled"}}, None),
    ],
)
def test_thinking_is_an_effort(form: dict[str, Any], effort: str | None) -> None:
    assert asked("Hi", **form).get("reasoning_effort") == effort


def test_tokens_are_estimated_by_four_characters() -> None:
    form = {"messages": [{"role": "user", "content": [{"type": "text", "text": "x" * 40}]}], "system": "x" * 8}
    assert estimated_tokens(form) == 12
    assert estimated_tokens({"messages": [{"content": [{"type": "image", "source": PNG}]}]}) == 1500
    assert estimated_tokens({**form, "tools": [{"name": "look", "input_schema": {}}]}) > 12


def test_a_whole_answer() -> None:
    call = {"id": "c", "type": "function", "function": {"name": "look", "arguments": '{"at": "sky"}'}}
    usage = {"prompt_tokens": 7, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 3}}
    said = {"content": "Hello", "reasoning_content": "Hm", "tool_calls": [call]}
    message = whole(said, "tool_calls", usage=usage)
    assert message.pop("id").startswith("msg_")
    assert message == {
        **{"type": "message", "role": "assistant", "model": "m", "stop_reason": "tool_use", "stop_sequence": None},
        "content": [
            {"type": "thinking", "thinking": "Hm", "signature": ""},
            {"type": "text", "text": "Hello"},
            {"type": "tool_use", "id": "c", "name": "look", "input": {"at": "sky"}},
        ],
        "usage": {
            **{"input_tokens": 4, "cache_read_input_tokens": 3, "cache_creation_input_tokens": 0},
            "output_tokens": 2,
        },
    }


@pytest.mark.parametrize(
    ("finish", "reason"),
    [("stop", "end_turn"), ("length", "max_tokens"), ("content_filter", "refusal"), ("strange", "end_turn")],
)
def test_why_it_stopped(finish: str, reason: str) -> None:
    assert whole({"content": "A"}, finish)["stop_reason"] == reason


def test_a_call_that_a_limit_has_cut_off_is_what_can_be_read_of_it() -> None:
    call = {"id": "c", "function": {"name": "look", "arguments": '{"at": "s'}}
    message = whole({"tool_calls": [call]}, "length")
    assert (message["content"][0]["input"], message["stop_reason"]) == ({"at": "s"}, "max_tokens")


@pytest.mark.parametrize("arguments", ["]", "[1]", "nonsense"])
def test_arguments_that_are_no_object_are_told(arguments: str) -> None:
    with pytest.raises(ApiError, match="called the tool look with arguments that are not a JSON object"):
        whole({"tool_calls": [{"id": "c", "function": {"name": "look", "arguments": arguments}}]})


def test_tokens_that_nobody_counted_are_estimated() -> None:
    usage = whole({"content": "x" * 9})["usage"]
    assert (usage["input_tokens"], usage["output_tokens"]) == (5, 3)


def test_the_events_of_a_stream_in_their_order() -> None:
    found = streamed(
        {"role": "assistant", "content": ""},
        {"reasoning_content": "Hm"},
        {"content": "Hel"},
        {"content": "lo"},
        {"tool_calls": [{"index": 0, "id": "a", "function": {"name": "look", "arguments": ""}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": '{"at":'}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": "1}"}}]},
        {"tool_calls": [{"index": 1, "id": "b", "function": {"name": "rest", "arguments": "{}"}}]},
        finish="tool_calls",
        usage={"prompt_tokens": 7, "completion_tokens": 2},
    )
    assert [event["type"].removeprefix("content_block_") for event in found] == [
        *("message_start", "ping"),
        *("start", "delta", "stop"),
        *("start", "delta", "delta", "stop"),
        *("start", "delta", "delta", "delta", "stop"),
        *("start", "delta", "stop"),
        *("message_delta", "message_stop"),
    ]
    assert [event["index"] for event in found if "index" in event] == [0] * 3 + [1] * 4 + [2] * 5 + [3] * 3
    assert [event["content_block"] for event in found if "content_block" in event] == [
        {"type": "thinking", "thinking": "", "signature": ""},
        {"type": "text", "text": ""},
        {"type": "tool_use", "id": "a", "name": "look", "input": {}},
        {"type": "tool_use", "id": "b", "name": "rest", "input": {}},
    ]
    parts = [event["delta"].get("partial_json") for event in found if event["type"] == "content_block_delta"]
    assert parts == [None, None, None, "", '{"at":', "1}", "{}"]
    assert found[0]["message"]["usage"]["input_tokens"] == 5
    assert found[-2]["delta"] == {"stop_reason": "tool_use", "stop_sequence": None}
    assert (found[-2]["usage"]["input_tokens"], found[-2]["usage"]["output_tokens"]) == (7, 2)


def test_a_stream_that_has_no_end_ends_with_an_error() -> None:
    found = streamed({"content": "Hel"}, finish=None)
    assert [event["type"] for event in found][-2:] == ["content_block_delta", "error"]
    assert found[-1]["error"]["type"] == "api_error"


def test_mixed_pieces_of_calls_are_an_error() -> None:
    calls = [{"index": index, "id": str(index), "function": {"name": "n", "arguments": ""}} for index in (0, 1)]
    found = streamed({"tool_calls": calls}, {"tool_calls": [{"index": 0, "function": {"arguments": "{}"}}]})
    assert "mixes the pieces" in found[-1]["error"]["message"]


@pytest.mark.parametrize("body", [b'{"error": {"message": "Slow down"}}', b'{"error": "Slow down"}'])
def test_an_error_keeps_status_text_and_when_to_try_again(body: bytes) -> None:
    with pytest.raises(ApiError, match="Slow down") as raised:
        answered(Reply(429, (*JSON, ("Retry-After", "7")), body))
    assert (raised.value.status, raised.value.headers) == (429, {"Retry-After": "7"})


VALUES = st.recursive(
    st.none() | st.integers() | st.sampled_from(["text", "image", "tool_result", "document", "base64", "tool"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from("type text source data content id name input tool_use_id".split()), inner)
    ),
)


@given(st.lists(st.dictionaries(st.sampled_from("type text source content name input".split()), VALUES), max_size=3))
def test_whatever_stands_in_blocks_is_translated_or_refused(blocks: list[dict[str, Any]]) -> None:
    for form in ({"role": "user"}, {"role": "assistant"}, {"role": "user", "system": blocks, "tools": blocks}):
        with suppress(ApiError):
            asked(blocks, **form)
    estimated_tokens({"messages": [{"role": "user", "content": blocks}], "system": blocks, "tools": blocks})

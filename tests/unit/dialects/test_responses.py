from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from webui.dialects import responses_events
from webui.dialects.responses import chat_request, translated
from webui.errors import ApiError
from webui.streaming import Reply

WEATHER = {"type": "function", "name": "weather", "description": "Of a place", "parameters": {"type": "object"}}
CALL = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "weather", "arguments": '{"at": "Rome"}'}


def request(*items: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return chat_request({"model": "m", "input": list(items) or "Hi", **fields})


def say(role: str, *parts: dict[str, Any]) -> dict[str, Any]:
    return {"type": "message", "role": role, "content": list(parts)}


class Body:
    """A reply under way; ``closed`` says that it was let go."""

    def __init__(self, *pieces: bytes) -> None:
        self._pieces = iter(pieces)
        self.closed = False

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        piece = next(self._pieces, None)
        if piece is None:
            raise StopAsyncIteration
        return piece

    async def aclose(self) -> None:
        self.closed = True


def chunk(delta: dict[str, Any], finish: str | None = None, **more: Any) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return b"data: " + json.dumps({"id": "x", "choices": [choice], **more}).encode() + b"\n\n"


def streamed(*pieces: bytes) -> list[dict[str, Any]]:
    """The events for an upstream's pieces, each checked to be named after its type."""

    async def collect() -> bytes:
        body = Body(*pieces)
        reply = await translated(Reply(200, (), body), {"model": "m", "stream": True})
        assert not isinstance(reply.body, bytes)
        found = b"".join([piece async for piece in reply.body])
        await reply.body.aclose()  # type: ignore[attr-defined]
        assert body.closed
        return found

    events = []
    for block in asyncio.run(collect()).decode().split("\n\n")[:-1]:
        name, data = block.split("\n")
        events.append(json.loads(data.removeprefix("data: ")))
        assert name == f"event: {events[-1]['type']}"
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    return events


def types(events: list[dict[str, Any]]) -> list[str]:
    return [event["type"].removeprefix("response.") for event in events]


def whole(message: dict[str, Any], finish: str = "stop", **form: Any) -> Any:
    completion = {"choices": [{"index": 0, "message": message, "finish_reason": finish}]}
    reply = asyncio.run(translated(Reply(200, (), json.dumps(completion).encode()), {"model": "m", **form}))
    assert isinstance(reply.body, bytes)
    return json.loads(reply.body)


def test_a_text_is_what_the_user_says() -> None:
    assert request() == {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}


def test_parameters_get_the_names_of_chat_completions() -> None:
    form = {
        **{"temperature": 0, "top_p": 0.5, "parallel_tool_calls": False, "user": "u", "stream": True},
        **{"max_output_tokens": 9, "reasoning": {"effort": "low"}, "text": {"verbosity": "low"}},
    }
    assert request(**form) == {
        "model": "m",
        "messages": [{"role": "user", "content": "Hi"}],
        **{"temperature": 0, "top_p": 0.5, "parallel_tool_calls": False, "user": "u", "stream": True},
        **{"max_tokens": 9, "reasoning_effort": "low", "verbosity": "low"},
        "stream_options": {"include_usage": True},
    }


def test_what_has_no_counterpart_is_left_out() -> None:
    tolerated = {"store": True, "include": ["x"], "truncation": "auto", "service_tier": "flex", "metadata": {"k": "v"}}
    assert request(**tolerated, previous_response_id=None, text=None, reasoning=None, tools=None) == request()


def test_instructions_and_what_developers_say_become_one_system_message() -> None:
    asked = request(
        {"role": "developer", "content": [{"type": "input_text", "text": "In Latin."}]},
        {"role": "user", "content": "Hi"},
        instructions="Be brief.",
    )
    assert asked["messages"] == [
        {"role": "system", "content": "Be brief.\n\nIn Latin."},
        {"role": "user", "content": "Hi"},
    ]


def test_parts_of_a_message_are_translated() -> None:
    image = {"type": "input_image", "image_url": "data:image/png;base64,AA==", "detail": "low"}
    file = {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,AA=="}
    asked = request(
        say("user", {"type": "input_text", "text": "What is this?"}, image, file),
        say(
            "assistant",
            {"type": "output_text", "text": "A dot", "annotations": []},
            {"type": "refusal", "refusal": "."},
        ),
    )
    assert asked["messages"] == [
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "What is this?"},
                {"type": "image_url", "image_url": {"url": image["image_url"], "detail": "low"}},
                {"type": "file", "file": {"filename": "a.pdf", "file_data": file["file_data"]}},
            ],
        },
        {"role": "assistant", "content": "A dot\n."},
    ]


def test_calls_of_one_turn_become_one_message_with_their_outputs_behind() -> None:
    second = CALL | {"call_id": "call_2"}
    outputs = [
        {"type": "function_call_output", "call_id": "call_1", "output": "sunny"},
        {"type": "function_call_output", "call_id": "call_2", "output": [{"type": "input_text", "text": "wet"}]},
    ]
    thought = {"type": "reasoning", "id": "rs_1", "summary": []}
    asked = request({"role": "assistant", "content": "I look."}, thought, CALL, second, *outputs, CALL)
    function = {"name": "weather", "arguments": '{"at": "Rome"}'}
    calls = [{"id": f"call_{number}", "type": "function", "function": function} for number in (1, 2)]
    assert asked["messages"] == [
        {"role": "assistant", "content": "I look.", "tool_calls": calls},
        {"role": "tool", "tool_call_id": "call_1", "content": "sunny"},
        {"role": "tool", "tool_call_id": "call_2", "content": "wet"},
        {"role": "assistant", "content": None, "tool_calls": calls[:1]},
    ]


def test_tools_and_the_choice_among_them() -> None:
    function = {name: value for name, value in WEATHER.items() if name != "type"}
    asked = request(tools=[{**WEATHER, "strict": True}], tool_choice={"type": "function", "name": "weather"})
    assert asked["tools"] == [{"type": "function", "function": {**function, "strict": True}}]
    assert asked["tool_choice"] == {"type": "function", "function": {"name": "weather"}}
    allowed = {"type": "allowed_tools", "mode": "required", "tools": [{"type": "function", "name": "weather"}]}
    asked = request(tools=[WEATHER, WEATHER | {"name": "other"}], tool_choice=allowed)
    assert asked["tools"] == [{"type": "function", "function": function}]
    assert asked["tool_choice"] == "required"


def test_the_format_of_the_text() -> None:
    assert "response_format" not in request(text={"format": {"type": "text"}})
    assert request(text={"format": {"type": "json_object"}})["response_format"] == {"type": "json_object"}
    schema = {"name": "n", "schema": {"type": "object"}, "strict": True}
    asked = request(text={"format": {"type": "json_schema", **schema}})
    assert asked["response_format"] == {"type": "json_schema", "json_schema": schema}


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"previous_response_id": "resp_1"}, "Send the whole conversation"),
    ({"conversation": "c"}, "no responses are stored"),
    ({"background": True}, "no responses are stored"),
    ({"tools": [{"type": "web_search"}]}, "web_search"),
    ({"tools": [{"type": "function"}]}, "declare functions"),
    ({"tool_choice": {"type": "mcp"}}, "mcp"),
    ({"text": {"format": {"type": "grammar"}}}, "json_schema"),
    ({"text": {"format": {"type": "json_schema"}}}, "name and schema"),
    ({"input": [{"type": "item_reference", "id": "msg_1"}]}, r"input\[0\] is no item_reference"),
    ({"input": [{"role": "user", "content": "Hi"}, {"role": "user"}]}, r"input\[1\]"),
    ({"input": [{"role": "user", "content": 1}]}, "neither a text nor a list"),
    ({"input": [say("user", {"type": "input_image", "file_id": "f"})]}, "send image_url"),
    ({"input": [say("user", {"type": "video"})]}, "not understood"),
    ({"input": [{"type": "function_call", "name": "weather"}]}, "function_call"),
]


@pytest.mark.parametrize(("fields", "text"), REFUSED)
def test_what_cannot_be_done_is_refused_in_words(fields: dict[str, Any], text: str) -> None:
    with pytest.raises(ApiError, match=text) as refused:
        request(**fields)
    assert refused.value.status == 400


def test_a_streamed_text_has_every_event_of_the_reference() -> None:
    events = streamed(chunk({"content": "Hel"}), chunk({"content": "lo"}), chunk({}, "stop"), b"data: [DONE]\n\n")
    assert types(events) == [
        *("created", "in_progress", "output_item.added", "content_part.added"),
        *("output_text.delta", "output_text.delta", "output_text.done", "content_part.done"),
        *("output_item.done", "completed"),
    ]
    assert [event["delta"] for event in events if "delta" in event] == ["Hel", "lo"]
    response = events[-1]["response"]
    assert response["status"] == "completed"
    assert response["output"] == [events[-2]["item"]]
    assert response["output"][0]["content"][0]["text"] == "Hello"
    assert response["id"] == events[0]["response"]["id"]
    assert events[0]["response"]["output"] == []


def test_thought_text_and_calls_are_items_of_their_own() -> None:
    calls = [
        {"index": 0, "id": "call_1", "function": {"name": "weather", "arguments": ""}},
        {"index": 1, "id": "call_2", "function": {"name": "time", "arguments": "{}"}},
    ]
    pieces = ({"index": 0, "function": {"arguments": part}} for part in ('{"at":', '"Rome"}'))
    events = streamed(
        chunk({"reasoning_content": "Hm"}),
        chunk({"content": "I look."}),
        *(chunk({"tool_calls": [call]}) for call in (*calls, *pieces)),
        chunk({}, "tool_calls", usage={"prompt_tokens": 3, "completion_tokens": 4}),
    )
    response = events[-1]["response"]
    assert [item["type"] for item in response["output"]] == ["reasoning", "message", *["function_call"] * 2]
    assert response["output"][0]["content"] == [{"type": "reasoning_text", "text": "Hm"}]
    assert [(item["call_id"], item["name"], item["arguments"]) for item in response["output"][2:]] == [
        ("call_1", "weather", '{"at":"Rome"}'),
        ("call_2", "time", "{}"),
    ]
    assert (response["usage"]["input_tokens"], response["usage"]["output_tokens"]) == (3, 4)
    added = [event["item"]["id"] for event in events if event["type"] == "response.output_item.added"]
    done = [event["item"]["id"] for event in events if event["type"] == "response.output_item.done"]
    assert added == done == [item["id"] for item in response["output"]]
    assert {item["status"] for item in response["output"]} == {"completed"}
    assert "reasoning_text.delta" in types(events)
    assert types(events).count("function_call_arguments.done") == 2


def test_reasoning_in_tags_is_told_apart() -> None:
    events = streamed(chunk({"content": "<think>Hm</think>Hello"}), chunk({}, "stop"))
    assert [item["content"][0]["text"] for item in events[-1]["response"]["output"]] == ["Hm", "Hello"]


@pytest.mark.parametrize(("finish", "reason"), [("length", "max_output_tokens"), ("content_filter", "content_filter")])
def test_a_reply_that_was_cut_short_is_incomplete(finish: str, reason: str) -> None:
    events = streamed(chunk({"content": "He"}), chunk({}, finish))
    assert types(events)[-1] == "incomplete"
    assert events[-1]["response"]["incomplete_details"] == {"reason": reason}
    assert events[-1]["response"]["output"][0]["status"] == "incomplete"
    assert whole({"content": "He"}, finish)["status"] == "incomplete"


@pytest.mark.parametrize("end", [b"", b'data: {"error": {"message": "It broke off"}}\n\n', b"data: {\n\n"])
def test_a_reply_that_broke_off_has_failed(end: bytes) -> None:
    events = streamed(chunk({"content": "He"}), end)
    assert types(events)[-2:] == ["failed", "error"]
    response = events[-2]["response"]
    assert response["status"] == "failed"
    assert response["error"]["message"] == events[-1]["message"] == events[-1]["error"]["message"]
    assert response["output"][0]["content"][0]["text"] == "He"
    assert response["output"][0]["status"] == "incomplete"


def test_a_reply_without_bounds_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(responses_events, "MAX_TEXT", 10)
    events = streamed(*[chunk({"content": "1234"})] * 5)
    assert "longer than 10" in events[-1]["message"]


def test_a_whole_answer_has_what_was_asked_and_said() -> None:
    call = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
    message = {"role": "assistant", "content": "I look.", "reasoning": "Hm", "tool_calls": [call]}
    response = whole(message, "tool_calls", tools=[WEATHER], metadata={"k": "v"}, store=True, temperature=0)
    assert [item["type"] for item in response["output"]] == ["reasoning", "message", "function_call"]
    assert (response["tools"], response["metadata"], response["temperature"]) == ([WEATHER], {"k": "v"}, 0)
    assert (response["object"], response["status"], response["store"]) == ("response", "completed", False)
    assert response["usage"] is None


def test_a_whole_answer_that_is_none_is_an_error() -> None:
    for body in (b"", b"<html>", b"[]", b"{}", b'{"error": "x"}'):
        with pytest.raises(ApiError) as failed:
            asyncio.run(translated(Reply(200, (), body), {"model": "m"}))
        assert failed.value.status == 502


def test_an_error_of_the_model_server_is_passed_on() -> None:
    reply = Reply(429, (("Retry-After", "7"),), b'{"error": {}}')
    assert asyncio.run(translated(reply, {"model": "m", "stream": True})) is reply


def test_headers_of_the_body_that_was_replaced_are_replaced() -> None:
    reply = Reply(
        200, (("Content-Type", "x"), ("OpenAI-Processing-Ms", "5")), b'{"choices": [{"finish_reason": "stop"}]}'
    )
    headers = asyncio.run(translated(reply, {"model": "m"})).headers
    assert headers == (("OpenAI-Processing-Ms", "5"), ("Content-Type", "application/json"))

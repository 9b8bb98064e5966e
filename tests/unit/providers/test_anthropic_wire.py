"""Between OpenAI's chat completions and Anthropic's messages."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support_upstream import events
from webui.errors import ApiError
from webui.providers.anthropic_request import messages_request
from webui.providers.anthropic_wire import Conversion

HELLO = {"role": "user", "content": "Hi"}
TEXT = {"type": "text", "text": "Hi"}
CALL = {"id": "call_1", "type": "function", "function": {"name": "look", "arguments": '{"at": "sky"}'}}
LOOK = {"type": "function", "function": {"name": "look", "parameters": {"type": "object", "title": "x"}}}


def translated(*messages: dict[str, Any], **request: Any) -> dict[str, Any]:
    return messages_request({"model": "m", "messages": list(messages) or [HELLO]} | request)


def block(part: Any) -> dict[str, Any]:
    [turn] = translated({"role": "user", "content": [part]})["messages"]
    [found] = turn["content"]
    return dict(found)


def conversion(**more: Any) -> Conversion:
    return Conversion(id="chatcmpl-1", model="m", created=1, **{"include_usage": False, **more})


def data(kind: str, **fields: Any) -> bytes:
    return json.dumps({"type": kind, **fields}).encode()


def deltas(*told: bytes) -> list[dict[str, Any]]:
    """The deltas of the chunks for these events."""
    reply = conversion()
    return [chunk["choices"][0]["delta"] for item in told for chunk in events(reply.events(item))]


def started(index: int, **content: Any) -> bytes:
    return data("content_block_start", index=index, content_block=content)


def continued(index: int, **delta: Any) -> bytes:
    return data("content_block_delta", index=index, delta=delta)


def test_a_plain_request_has_the_bound_that_the_api_wants() -> None:
    assert translated() == {
        **{"model": "m", "max_tokens": 4096, "stream": False},
        "messages": [{"role": "user", "content": [TEXT]}],
    }


def test_system_messages_of_any_place_become_the_system() -> None:
    request = translated(
        {"role": "system", "content": "A"}, HELLO, {"role": "developer", "content": [{"type": "text", "text": "B"}]}
    )
    assert request["system"] == [{"type": "text", "text": "A"}, {"type": "text", "text": "B"}]
    assert [turn["role"] for turn in request["messages"]] == ["user"]


def test_neighbours_of_one_role_become_one_turn() -> None:
    turns = translated(HELLO, HELLO, {"role": "assistant", "content": "A"}, HELLO)["messages"]
    assert [turn["role"] for turn in turns] == ["user", "assistant", "user"]
    assert turns[0]["content"] == [TEXT, TEXT]


def test_empty_texts_which_the_api_refuses_are_left_out() -> None:
    turns = translated(HELLO, {"role": "assistant", "content": ""}, {"role": "user", "content": None})["messages"]
    assert turns == [{"role": "user", "content": [TEXT]}]


def test_an_answer_to_be_continued_has_no_white_space_at_its_end() -> None:
    turns = translated(HELLO, {"role": "assistant", "content": "Once \n"})["messages"]
    assert turns[-1]["content"] == [{"type": "text", "text": "Once"}]


@pytest.mark.parametrize(
    ("url", "source"),
    [
        ("data:image/png;base64,QUJD", {"type": "base64", "media_type": "image/png", "data": "QUJD"}),
        ("https://example.com/a.png", {"type": "url", "url": "https://example.com/a.png"}),
    ],
)
def test_a_picture_has_a_source(url: str, source: dict[str, str]) -> None:
    assert block({"type": "image_url", "image_url": {"url": url}}) == {"type": "image", "source": source}


def test_a_mark_for_the_cache_stays_with_its_text() -> None:
    mark = {"type": "ephemeral"}
    assert block({**TEXT, "cache_control": mark, "other": 1}) == {**TEXT, "cache_control": mark}


@pytest.mark.parametrize("part", [{"type": "input_audio", "input_audio": {}}, {}, {"type": "image_url"}])
def test_a_part_that_cannot_be_said_is_a_bad_request(part: Any) -> None:
    with pytest.raises(ApiError, match="take text and pictures"):
        block(part)


def test_the_results_of_tools_stand_in_one_turn_of_the_user() -> None:
    second = {**CALL, "id": "functions.look:1"}
    _, answer, results = translated(
        HELLO,
        {"role": "assistant", "content": None, "tool_calls": [CALL, second]},
        {"role": "tool", "tool_call_id": "call_1", "content": "blue"},
        {"role": "tool", "tool_call_id": "functions.look:1", "content": ""},
        HELLO,
    )["messages"]
    use = {"type": "tool_use", "name": "look", "input": {"at": "sky"}}
    assert answer == {"role": "assistant", "content": [{**use, "id": "call_1"}, {**use, "id": "functions_look_1"}]}
    assert results["content"] == [
        {"type": "tool_result", "tool_use_id": "call_1", "content": [{"type": "text", "text": "blue"}]},
        {"type": "tool_result", "tool_use_id": "functions_look_1"},
        TEXT,
    ]


@pytest.mark.parametrize("arguments", ["{", "[]", "1"])
def test_arguments_that_are_no_object_are_a_bad_request(arguments: str) -> None:
    call = {"function": {"name": "look", "arguments": arguments}}
    with pytest.raises(ApiError, match="look are not a JSON object"):
        translated(HELLO, {"role": "assistant", "tool_calls": [call]})


@pytest.mark.parametrize(
    ("choice", "sent"),
    [
        (None, {"type": "auto"}),
        ("auto", {"type": "auto"}),
        ("none", {"type": "none"}),
        ("required", {"type": "any"}),
        ({"type": "function", "function": {"name": "look"}}, {"type": "tool", "name": "look"}),
    ],
)
def test_tools_and_which_to_choose(choice: Any, sent: dict[str, Any]) -> None:
    request = translated(tools=[LOOK], tool_choice=choice)
    assert request["tools"] == [{"name": "look", "input_schema": {"type": "object", "title": "x"}}]
    assert request["tool_choice"] == sent
    assert "tool_choice" not in translated(tool_choice=choice)


def test_one_tool_at_a_time() -> None:
    request = translated(tools=[LOOK], parallel_tool_calls=False)
    assert request["tool_choice"] == {"type": "auto", "disable_parallel_tool_use": True}


def test_parameters_under_their_names_there() -> None:
    request = translated(max_completion_tokens=7, temperature=1.7, top_k=3, stop=["END", "\n"], stream=True)
    del request["messages"]
    assert request == {
        **{"model": "m", "max_tokens": 7, "temperature": 1, "top_k": 3},
        **{"stop_sequences": ["END"], "stream": True},
    }
    assert translated(stop="END")["stop_sequences"] == ["END"]
    assert translated(top_p=0.5)["top_p"] == 0.5


def test_what_the_api_does_not_know_and_who_asks_stays_here() -> None:
    unknown = {"seed": 1, "n": 2, "logprobs": True, "response_format": {"type": "json_schema"}}
    assert translated(**unknown, user="ada@example.com", metadata={"user_id": "ada@example.com"}) == translated()


@pytest.mark.parametrize(
    ("asked", "budget", "bound"),
    [
        ({"reasoning_effort": "low"}, 2048, 2048 + 4096),
        ({"reasoning_effort": "high", "max_tokens": 9000}, 4500, 9000),
        ({"thinking": {"type": "enabled", "budget_tokens": 5000}}, 5000, 5000 + 4096),
    ],
)
def test_thinking_has_its_tokens_and_no_sampling(asked: dict[str, Any], budget: int, bound: int) -> None:
    request = translated(**asked, temperature=0.2, top_k=1)
    assert request["thinking"] == {"type": "enabled", "budget_tokens": budget}
    assert request["max_tokens"] == bound
    assert not {"temperature", "top_p", "top_k"} & set(request)


@pytest.mark.parametrize(
    "more",
    [
        {"reasoning_effort": "none"},
        {"reasoning_effort": "high", "max_tokens": 1500},
        {"reasoning_effort": "high", "tools": [LOOK], "tool_choice": "required"},
        {
            "reasoning_effort": "high",
            "messages": [HELLO, {"role": "assistant", "tool_calls": [CALL]}, {"role": "tool", "content": "blue"}],
        },
    ],
)
def test_there_is_no_thinking_where_the_api_would_refuse_it(more: dict[str, Any]) -> None:
    request = translated(**more, temperature=0.2)
    assert "thinking" not in request
    assert request["temperature"] == 0.2


def test_a_whole_message() -> None:
    answer = {
        "type": "message",
        "content": [
            {"type": "thinking", "thinking": "Hm", "signature": "s"},
            {"type": "text", "text": "Hello"},
            {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {"at": "sky"}},
            {"type": "to be invented"},
        ],
        "stop_reason": "tool_use",
        "usage": {"input_tokens": 3, "cache_read_input_tokens": 10, "output_tokens": 2, "cache_creation": {}},
    }
    completion = conversion().completion(json.dumps(answer).encode())
    [choice] = completion["choices"]
    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"] == {
        **{"role": "assistant", "content": "Hello", "reasoning_content": "Hm"},
        "tool_calls": [
            {"id": "toolu_1", "type": "function", "function": {"name": "look", "arguments": '{"at":"sky"}'}}
        ],
    }
    assert completion["usage"] == {
        **{"prompt_tokens": 13, "completion_tokens": 2, "total_tokens": 15},
        "prompt_tokens_details": {"cached_tokens": 10},
    }


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"type": "message"}', b'{"type": "error", "error": {}}'])
def test_another_answer_is_none(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        conversion().completion(body)


def test_text_and_thoughts_are_deltas() -> None:
    assert deltas(
        data("message_start", message={"usage": {"input_tokens": 3}}),
        data("ping"),
        started(0, type="thinking", thinking="", signature=""),
        continued(0, type="thinking_delta", thinking="Hm"),
        continued(0, type="signature_delta", signature="s"),
        data("content_block_stop", index=0),
        started(1, type="text", text=""),
        continued(1, type="text_delta", text="Hello"),
        data("content_block_stop", index=1),
    ) == [{"role": "assistant", "content": ""}, {"reasoning_content": "Hm"}, {"content": "Hello"}]


def test_tool_calls_are_numbered_whatever_stands_between_them() -> None:
    found = deltas(
        started(0, type="tool_use", id="a", name="look", input={}),
        continued(0, type="input_json_delta", partial_json=""),
        continued(0, type="input_json_delta", partial_json='{"at":'),
        continued(0, type="input_json_delta", partial_json="1}"),
        data("content_block_stop", index=0),
        started(1, type="server_tool_use", id="s", name="web_search", input={}),
        continued(1, type="input_json_delta", partial_json='{"not": "ours"}'),
        data("content_block_stop", index=1),
        started(2, type="tool_use", id="b", name="rest", input={}),
        data("content_block_stop", index=2),
    )
    pieces = [piece for delta in found for piece in delta["tool_calls"]]
    assert [(piece["index"], piece["function"]["arguments"]) for piece in pieces] == [
        *((0, ""), (0, '{"at":'), (0, "1}")),
        *((1, ""), (1, "{}")),
    ]
    assert [piece["id"] for piece in pieces if "id" in piece] == ["a", "b"]


@pytest.mark.parametrize(
    ("reason", "finish"),
    [
        *(("end_turn", "stop"), ("stop_sequence", "stop"), ("pause_turn", "stop"), ("to be invented", "stop")),
        *(("max_tokens", "length"), ("tool_use", "tool_calls"), ("refusal", "content_filter")),
    ],
)
def test_why_it_ended(reason: str, finish: str) -> None:
    [chunk] = events(conversion().events(data("message_delta", delta={"stop_reason": reason}, usage={})))
    assert chunk["choices"][0]["finish_reason"] == finish


def test_the_end_tells_the_last_counts() -> None:
    reply = conversion(include_usage=True)
    counted = {"input_tokens": 3, "cache_creation_input_tokens": 5, "output_tokens": 1, "service_tier": "standard"}
    reply.events(data("message_start", message={"usage": counted}))
    reply.events(data("message_delta", delta={"stop_reason": "end_turn"}, usage={"output_tokens": 9}))
    [chunk] = events(reply.events(data("message_stop")))
    assert (chunk["choices"], reply.done) == ([], True)
    assert (chunk["usage"]["prompt_tokens"], chunk["usage"]["completion_tokens"]) == (8, 9)
    assert reply.events(data("message_stop")) == b""


def test_an_error_ends_the_reply_and_is_told() -> None:
    reply = conversion()
    [told] = events(reply.events(data("error", error={"type": "overloaded_error", "message": "Overloaded"})))
    assert told["error"]["message"] == "Overloaded"
    assert reply.done


@given(
    st.recursive(
        st.none() | st.integers() | st.text() | st.sampled_from(["message", "content_block_delta", "text_delta"]),
        lambda inner: (
            st.lists(inner) | st.dictionaries(st.sampled_from("type delta index message usage".split()), inner)
        ),
    )
)
def test_garbage_is_a_value_error_or_nothing(value: Any) -> None:
    said = json.dumps(value).encode()
    for read in (conversion().events, conversion().completion):
        try:
            read(said)
        except ValueError:
            continue

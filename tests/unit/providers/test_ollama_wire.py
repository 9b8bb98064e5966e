from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support_upstream import events
from webui.errors import ApiError
from webui.providers.ollama_wire import Conversion, chat_request

HELLO = [{"role": "user", "content": "Hi"}]
CALL = {"id": "call_1", "type": "function", "function": {"name": "look", "arguments": '{"at": "sky"}'}}


def translated(**request: Any) -> dict[str, Any]:
    return chat_request({"model": "m", "messages": HELLO} | request)


def translated_message(message: dict[str, Any]) -> dict[str, Any]:
    [out] = translated(messages=[message])["messages"]
    return dict(out)


def conversion(**more: Any) -> Conversion:
    return Conversion(id="chatcmpl-1", model="m", created=1, **{"include_usage": False, **more})


def line(**answer: Any) -> bytes:
    return json.dumps(answer).encode()


def test_a_plain_request_has_no_options() -> None:
    assert translated() == {"model": "m", "messages": HELLO, "stream": False}


@pytest.mark.parametrize(("given", "sent"), [(True, True), (False, False), (None, False)])
def test_ollama_is_always_told_whether_to_stream(given: bool | None, sent: bool) -> None:
    assert translated(stream=given)["stream"] is sent


@pytest.mark.parametrize(
    ("name", "option"),
    [
        *((name, name) for name in ("temperature", "top_p", "seed", "frequency_penalty", "presence_penalty")),
        *((name, name) for name in ("num_ctx", "top_k", "min_p", "repeat_penalty", "mirostat", "num_batch")),
        ("max_tokens", "num_predict"),
        ("max_completion_tokens", "num_predict"),
    ],
)
def test_a_parameter_becomes_ollamas_option(name: str, option: str) -> None:
    assert translated(**{name: 0})["options"] == {option: 0}
    assert "options" not in translated(**{name: None})


def test_one_stop_word_becomes_a_list_of_one() -> None:
    assert translated(stop="END")["options"] == {"stop": ["END"]}
    assert translated(stop=["A", "B"])["options"] == {"stop": ["A", "B"]}


def test_options_of_ollama_are_kept_under_those_of_openai() -> None:
    assert translated(options={"seed": 1, "numa": True}, seed=2)["options"] == {"seed": 2, "numa": True}


def test_fields_of_ollama_are_passed_on() -> None:
    fields = {"keep_alive": "5m", "think": False, "tools": [{"type": "function"}], "format": "json"}
    assert translated(**fields).items() >= fields.items()


def test_what_ollama_does_not_know_is_left_out() -> None:
    request = translated(stream_options={"include_usage": True}, logit_bias={}, user="x", n=1)
    assert request == {"model": "m", "messages": HELLO, "stream": False}


def test_structured_output_becomes_the_format() -> None:
    schema = {"type": "object", "properties": {}}
    assert translated(response_format={"type": "json_object"})["format"] == "json"
    asked = {"type": "json_schema", "json_schema": {"name": "n", "schema": schema}}
    assert translated(response_format=asked)["format"] == schema
    assert "format" not in translated(response_format={"type": "text"})


def test_parts_of_text_are_joined_and_pictures_set_apart() -> None:
    parts = [
        {"type": "text", "text": "What is "},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}},
        {"type": "text", "text": "this?"},
        {"type": "image_url", "image_url": {"url": "aGkh"}},
        {"type": "input_audio", "input_audio": {}},
    ]
    message = translated_message({"role": "user", "content": parts})
    assert message == {"role": "user", "content": "What is this?", "images": ["aGk=", "aGkh"]}


def test_calls_of_tools_have_their_arguments_as_objects() -> None:
    message = translated_message({"role": "assistant", "content": None, "tool_calls": [CALL]})
    call = {"function": {"name": "look", "arguments": {"at": "sky"}}}
    assert message == {"role": "assistant", "content": "", "tool_calls": [call]}


@pytest.mark.parametrize("arguments", ["", None, {}])
def test_a_call_without_arguments_has_none(arguments: Any) -> None:
    call = {"function": {"name": "look", "arguments": arguments}}
    [sent] = translated_message({"role": "assistant", "tool_calls": [call]})["tool_calls"]
    assert sent["function"]["arguments"] == {}


def test_the_answer_of_a_tool_has_the_tools_name() -> None:
    asked = {"role": "assistant", "content": "", "tool_calls": [CALL]}
    answer = {"role": "tool", "content": "blue", "tool_call_id": "call_1"}
    [_, sent] = translated(messages=[asked, answer])["messages"]
    assert sent == {"role": "tool", "content": "blue", "tool_name": "look"}


@pytest.mark.parametrize("call_id", ["call_9", None, []])
def test_the_answer_of_a_tool_that_nobody_called_keeps_its_role(call_id: Any) -> None:
    message = {"role": "tool", "content": "blue", "tool_call_id": call_id}
    assert translated_message(message) == {"role": "tool", "content": "blue"}


def test_developers_speak_as_the_system() -> None:
    assert translated_message({"role": "developer", "content": "Be brief."})["role"] == "system"


def test_former_thoughts_are_sent_along() -> None:
    message = translated_message({"role": "assistant", "content": "Hi", "reasoning_content": "Hm"})
    assert message["thinking"] == "Hm"


@pytest.mark.parametrize(
    ("model", "effort", "think"),
    [
        *(("qwen3", "none", False), ("qwen3", "low", True), ("qwen3:8b", "high", True)),
        *(("gpt-oss:20b", "minimal", "low"), ("gpt-oss:20b", "high", "high"), ("gpt-oss:20b", "none", False)),
    ],
)
def test_the_effort_of_reasoning_becomes_think(model: str, effort: str, think: bool | str) -> None:
    assert translated(model=model, reasoning_effort=effort)["think"] == think
    assert translated(model=model, reasoning_effort=effort, think=True)["think"] is True


def test_tools_that_must_not_be_called_are_not_sent() -> None:
    assert "tools" not in translated(tools=[{"type": "function"}], tool_choice="none")
    assert "tools" in translated(tools=[{"type": "function"}], tool_choice="auto")


def test_probabilities_of_tokens_are_asked_for_and_passed_on() -> None:
    wanted = {"logprobs": True, "top_logprobs": 2}
    assert translated(**wanted).items() >= wanted.items()
    told = [{"token": "Hi", "logprob": -0.1, "bytes": [72, 105], "top_logprobs": []}]
    [event] = events(conversion().events(line(message={"content": "Hi"}, logprobs=told)))
    assert event["choices"][0]["logprobs"] == {"content": told}
    completion = conversion().completion(line(message={"content": "Hi"}, logprobs=told, done=True))
    assert completion["choices"][0]["logprobs"] == {"content": told}


def test_arguments_that_are_no_json_are_the_callers_mistake() -> None:
    call = {"function": {"name": "look", "arguments": "{"}}
    with pytest.raises(ApiError) as refused:
        translated_message({"role": "assistant", "tool_calls": [call]})
    assert refused.value.status == 400


def test_the_last_event_has_the_reason_and_only_if_wanted_the_usage() -> None:
    last = line(message={"content": ""}, done=True, done_reason="length", prompt_eval_count=3, eval_count=4)
    [end] = events(conversion().events(last))
    assert end["choices"][0]["finish_reason"] == "length"
    end, usage = events(conversion(include_usage=True).events(last))
    assert "usage" not in end
    assert usage["usage"] == {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}


def test_calls_of_tools_in_several_lines_are_numbered() -> None:
    calls = conversion()
    say = line(message={"tool_calls": [{"function": {"name": "f", "arguments": {"a": [1]}}}]})
    first, second = events(calls.events(say) + calls.events(say))
    [one], [two] = (event["choices"][0]["delta"]["tool_calls"] for event in (first, second))
    assert (one["index"], two["index"]) == (0, 1)
    assert one["id"] != two["id"]
    assert json.loads(one["function"]["arguments"]) == {"a": [1]}
    [end] = events(calls.events(line(done=True, done_reason="stop")))
    assert end["choices"][0]["finish_reason"] == "tool_calls"


def test_thoughts_are_told_apart_from_the_reply() -> None:
    [event] = events(conversion().events(line(message={"thinking": "Hm"})))
    assert event["choices"][0]["delta"]["reasoning_content"] == "Hm"


def test_an_error_ends_the_reply() -> None:
    broken = conversion()
    [event] = events(broken.events(line(error="out of memory")))
    assert event["error"]["message"] == "out of memory"
    assert broken.done


def test_nothing_follows_the_end() -> None:
    over = conversion()
    over.events(line(done=True))
    assert over.events(line(message={"content": "more"})) == b""
    assert over.events(b"garbage") == b""


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
fields = st.sampled_from(["message", "done", "done_reason", "eval_count", "error", "content", "tool_calls"])


@given(json_values | st.dictionaries(fields, json_values) | st.fixed_dictionaries({"message": json_values}))
def test_a_line_is_either_understood_or_a_value_error(value: Any) -> None:
    try:
        data = conversion(include_usage=True).events(json.dumps(value).encode())
    except ValueError:
        return
    assert all("choices" in event or "error" in event for event in events(data))


@given(st.binary())
def test_bytes_are_either_understood_or_a_value_error(value: bytes) -> None:
    try:
        events(conversion().events(value))
    except ValueError:
        return

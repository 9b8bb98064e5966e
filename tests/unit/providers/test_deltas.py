from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webui.providers.deltas import Delta, DeltaReader
from webui.providers.eventstream import MAX_EVENT_BYTES

DONE = b"data: [DONE]\n\n"


def event(delta: dict[str, Any], **choice: Any) -> bytes:
    """A chunk as OpenAI sends it."""
    body = {"object": "chat.completion.chunk", "model": "m", "choices": [{"index": 0, "delta": delta, **choice}]}
    return b"data: " + json.dumps(body, ensure_ascii=False).encode() + b"\n\n"


def read(*pieces: bytes) -> tuple[list[Delta], DeltaReader]:
    reader = DeltaReader()
    return [delta for piece in pieces for delta in reader.feed(piece)] + reader.end(), reader


def said(deltas: list[Delta]) -> list[tuple[str, str]]:
    """What was said, with neighbours of one kind as one text."""
    found: list[tuple[str, str]] = []
    for delta in deltas:
        for kind in ("reasoning_content", "content"):
            if kind in delta and found and found[-1][0] == kind:
                found[-1] = (kind, found[-1][1] + delta[kind])
            elif kind in delta:
                found.append((kind, delta[kind]))
    return found


def answered(*texts: str) -> list[tuple[str, str]]:
    """What a reply says whose contents come as these texts."""
    return said(read(*(event({"content": text}) for text in texts), DONE)[0])


def calls(*deltas: dict[str, Any]) -> dict[int, dict[str, Any]]:
    """The calls of a reply with these deltas, put together as clients do."""
    found: dict[int, dict[str, Any]] = {}
    for delta in read(*map(event, deltas), DONE)[0]:
        for piece in delta.get("tool_calls", ()):
            call = found.setdefault(piece["index"], {"id": "", "name": "", "arguments": ""})
            call["id"] += piece.get("id", "")
            call["name"] += piece["function"].get("name", "")
            call["arguments"] += piece["function"]["arguments"]
    return found


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[start:end] for start, end in pairwise(edges)]


# The stream of events


STREAM = b"".join(
    [
        b": OPENROUTER PROCESSING\n\n",
        b'event: message\r\nid: 1\r\ndata:{"choices":[{"delta":{"role":"assistant","content":""}}]}\r\n\r\n',
        event({"content": "<think>\nWhy \u00fc? </thi"}),
        event({"content": "s> \U0001f600</think>\n\nBecause <think> \u20ac\n"}),
        b"data:\n\n",
        event({"content": "```\n<think>\n"}),
        event({"content": "```\n<thought>b</thought>ye"}, finish_reason="stop"),
        b'data: {"choices":[],\ndata: "usage":{"prompt_tokens":3,"completion_tokens":9}}\n\n',
        DONE,
    ]
)
SAID = [
    ("reasoning_content", "\nWhy \u00fc? </this> \U0001f600"),
    ("content", "\n\nBecause <think> \u20ac\n```\n<think>\n```\n"),
    ("reasoning_content", "b"),
    ("content", "ye"),
]


@given(places=st.lists(st.integers(0, 2000), max_size=30))
def test_the_pieces_in_which_a_stream_arrives_make_no_difference(places: list[int]) -> None:
    deltas, reader = read(*cut(STREAM, places))
    assert said(deltas) == SAID
    assert reader.usage == {"prompt_tokens": 3, "completion_tokens": 9}
    assert (reader.finish_reason, reader.model, reader.error, reader.done) == ("stop", "m", None, True)


def test_a_stream_arrives_byte_by_byte() -> None:
    assert said(read(*(STREAM[i : i + 1] for i in range(len(STREAM))))[0]) == SAID


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=5))
def test_nothing_that_a_server_sends_raises(data: bytes, places: list[int]) -> None:
    _, reader = read(*cut(data, places))
    assert reader.error or reader.done


KEYS = st.sampled_from(
    "choices delta message content reasoning reasoning_details thinking tool_calls function_call function id index name"
    " arguments error usage model finish_reason text type".split()
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(KEYS, JSON), JSON, JSON)
def test_no_json_raises(chunk: dict[str, Any], delta: Any, content: Any) -> None:
    choices = {"choices": [{"delta": delta}, {"delta": {"content": content, "tool_calls": content}}]}
    for body in (chunk, choices, {"choices": [{"message": {"content": content, "tool_calls": content}}]}):
        data = json.dumps(body).encode()
        read(b"data: " + data + b"\n\n")
        DeltaReader().read_completion(data)


def test_a_last_event_without_an_empty_line_counts() -> None:
    deltas, reader = read(event({"content": "Hi"}, finish_reason="stop").rstrip())
    assert said(deltas) == [("content", "Hi")]
    assert reader.error is None


def test_after_the_end_nothing_is_read() -> None:
    assert said(read(event({"content": "Hi"}), DONE + event({"content": "more"}))[0]) == [("content", "Hi")]


def test_only_the_first_choice_is_read() -> None:
    chunk = {"choices": [{"index": 1, "delta": {"content": "no"}}, {"index": 0, "delta": {"content": "yes"}}]}
    assert said(read(b"data: %s\n\n" % json.dumps(chunk).encode(), DONE)[0]) == [("content", "yes")]


def test_a_line_of_a_megabyte_arrives_in_small_pieces() -> None:
    stream = event({"content": "x" * 1_000_000}) + DONE
    deltas, reader = read(*(stream[i : i + 100] for i in range(0, len(stream), 100)))
    assert deltas == [{"content": "x" * 1_000_000}]
    assert reader.error is None


@pytest.mark.parametrize("line", [b"x", b"data: x", b"data: " + b"x" * 4090 + b"\n"])
def test_an_event_without_end_is_an_error(line: bytes) -> None:
    block = line * (2**20 // len(line))
    deltas, reader = read(event({"content": "Hi"}), *[block] * (MAX_EVENT_BYTES // len(block) + 1))
    assert deltas == [{"content": "Hi"}]
    assert reader.error == "An event is longer than 16 MB."


# Ends and errors


def test_a_reply_that_breaks_off_keeps_its_text_and_says_so() -> None:
    deltas, reader = read(event({"content": "Hi"}), event({"content": " there"})[:-9])
    assert deltas == [{"content": "Hi"}]
    assert reader.error == "The model server broke off in the middle of its reply."
    assert not reader.done


def test_a_finish_reason_is_an_end_even_without_done() -> None:
    _, reader = read(event({"content": "Hi"}), event({}, finish_reason="length"))
    assert (reader.finish_reason, reader.error) == ("length", None)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        ({"error": {"message": "overloaded", "type": "api_error"}}, "overloaded"),
        ({"error": "overloaded"}, "overloaded"),
        ({"error": {"code": 503}}, '{"code":503}'),
        ({"object": "error", "message": "overloaded"}, "overloaded"),
    ],
)
def test_an_error_event_ends_the_reply(error: dict[str, Any], text: str) -> None:
    bad = b"data: %s\n\n" % json.dumps(error).encode()
    deltas, reader = read(event({"content": "Hi"}), bad, event({"content": "more"}), DONE)
    assert deltas == [{"content": "Hi"}]
    assert reader.error == text


@pytest.mark.parametrize("data", [b"{nonsense", b"[]", b"1", b'"x"', b"\xff", b"[" * 100_000])
def test_garbage_is_an_error(data: bytes) -> None:
    deltas, reader = read(event({"content": "Hi"}), b"data: " + data + b"\n\n", DONE)
    assert deltas == [{"content": "Hi"}]
    assert reader.error == "The model server sent something that is not a chat completion."


def test_a_null_error_is_none() -> None:
    _, reader = read(b'data: {"error": null, "choices": []}\n\n', DONE)
    assert reader.error is None


def test_a_reply_that_is_not_streamed() -> None:
    message = {"role": "assistant", "content": "<think>Hm.</think>Yes.", "tool_calls": None}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    reader = DeltaReader()
    deltas = reader.read_completion(json.dumps({"choices": [choice], "usage": {"prompt_tokens": 1}}).encode())
    assert said(deltas) == [("reasoning_content", "Hm."), ("content", "Yes.")]
    assert (reader.usage, reader.finish_reason, reader.error) == ({"prompt_tokens": 1}, "stop", None)


@pytest.mark.parametrize("body", [b"", b"{}", b"<html>", b'{"choices": []}', b'{"error": "no"}'])
def test_an_answer_that_is_no_completion_is_an_error(body: bytes) -> None:
    reader = DeltaReader()
    assert reader.read_completion(body) == []
    assert reader.error
    assert not reader.done


# Reasoning


@pytest.mark.parametrize(
    "delta",
    [
        {"reasoning_content": "Hm."},
        {"reasoning": "Hm.", "content": None},
        {"reasoning": "Hm.", "reasoning_details": [{"type": "reasoning.text", "text": "Hm."}]},
        {"reasoning": "Hm.", "reasoning_content": "Hm.", "content": ""},
        {"reasoning_details": [{"type": "reasoning.summary", "summary": "Hm."}, {"type": "reasoning.encrypted"}]},
        {"thinking": "Hm."},
        {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}]},
    ],
)
def test_reasoning_has_one_form(delta: dict[str, Any]) -> None:
    assert read(event(delta), DONE)[0] == [{"reasoning_content": "Hm."}]


def test_content_may_be_a_list_of_parts() -> None:
    parts = [{"type": "text", "text": "Hi"}, {"type": "image_url", "image_url": {"url": "x"}}, {"text": " there"}]
    assert read(event({"content": parts}), DONE)[0] == [{"content": "Hi there"}]


def test_a_refusal_is_what_was_said() -> None:
    assert read(event({"content": None, "refusal": "No."}), DONE)[0] == [{"content": "No."}]


def test_what_no_database_stores_is_left_out() -> None:
    assert read(event({"content": "a\x00b"}), DONE)[0] == [{"content": "ab"}]


@pytest.mark.parametrize(
    ("opener", "closer"),
    [
        ("<think>", "</think>"),
        ("<thinking>", "</thinking>"),
        ("<reason>", "</reason>"),
        ("<reasoning>", "</reasoning>"),
        ("<thought>", "</thought>"),
        ("<Thought>", "</Thought>"),
        ("<|begin_of_thought|>", "<|end_of_thought|>"),
        ("◁think▷", "◁/think▷"),
    ],
)
def test_tags_make_reasoning_however_they_are_split(opener: str, closer: str) -> None:
    text = f"{opener}Hm. {closer[:-1]}{closer}\nYes."
    expected = [("reasoning_content", f"Hm. {closer[:-1]}"), ("content", "\nYes.")]
    assert answered(text) == answered(*text) == expected
    for place in range(len(text)):
        assert answered(text[:place], text[place:]) == expected


@pytest.mark.parametrize(
    "text",
    [
        "The tag <think> opens, and </think> closes.",
        "```html\n<think>\n</think>\n```\n",
        "~~~~\n~~~\n<think>\n~~~~",
        "A\n <think>indented",
        "<thin",
        "<thinker>",
        "1 < 2\n<",
        "",
    ],
)
def test_other_text_stays_as_it_is(text: str) -> None:
    expected = [("content", text)] if text else []
    assert answered(text) == answered(*text) == expected


def test_a_block_of_code_ends() -> None:
    assert answered("```\n<think>\n```\n<think>Hm.</think>") == [
        ("content", "```\n<think>\n```\n"),
        ("reasoning_content", "Hm."),
    ]


def test_a_line_may_begin_with_reasoning() -> None:
    assert answered("One.\n<think>Two.</think><think>Three.</think>\nFour.") == [
        ("content", "One.\n"),
        ("reasoning_content", "Two.Three."),
        ("content", "\nFour."),
    ]


def test_a_closing_tag_alone_is_dropped() -> None:
    assert answered("Hm.\n</think>\n\nYes.") == [("content", "Hm.\n\n\nYes.")]


def test_reasoning_that_is_not_closed_lasts_to_the_end() -> None:
    assert answered("<think>Hm.", " Well.</thi") == [("reasoning_content", "Hm. Well.</thi")]


def test_only_what_may_become_a_tag_is_held_back() -> None:
    reader = DeltaReader()
    pieces = ["H", "i <", "\n", "<th", "at", "\n<think>a", "b</", "b"]
    assert [[text for _, text in said(reader.feed(event({"content": piece})))] for piece in pieces] == [
        *(["H"], ["i <"], ["\n"], [], ["<that"], ["\n", "a"], ["b"], ["</b"])
    ]


def test_tags_can_be_chosen_or_switched_off() -> None:
    own = DeltaReader(reasoning_tags=[("[R]", "[/R]")])
    assert said(own.feed(event({"content": "[R]Hm.[/R]<think>"}))) == [
        ("reasoning_content", "Hm."),
        ("content", "<think>"),
    ]
    off = DeltaReader(reasoning_tags=None)
    assert said(off.feed(event({"content": "<think>Hm.</think>"}))) == [("content", "<think>Hm.</think>")]


@given(st.text("`~\n<think>/ax ", max_size=60), st.lists(st.integers(0, 60), max_size=8))
def test_the_pieces_of_a_text_make_no_difference(text: str, places: list[int]) -> None:
    edges = [0, *sorted(place % (len(text) + 1) for place in places), len(text)]
    assert answered(*(text[start:end] for start, end in pairwise(edges))) == answered(text)


# Calls of tools


def call(**fields: Any) -> dict[str, Any]:
    """A piece of a call, with its function's fields among the others."""
    function = {name: fields.pop(name) for name in ("name", "arguments") if name in fields}
    return {**fields, "function": function}


def test_a_call_arrives_in_pieces() -> None:
    first = call(index=0, id="a", type="function", name="add", arguments="")
    deltas, _ = read(
        event({"tool_calls": [first]}),
        event({"tool_calls": [call(index=0, arguments='{"x":')]}),
        event({"tool_calls": [call(index=0, arguments="1}")]}, finish_reason="tool_calls"),
        DONE,
    )
    assert deltas == [
        {"tool_calls": [first]},
        {"tool_calls": [{"index": 0, "function": {"arguments": '{"x":'}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": "1}"}}]},
    ]


TWO = {
    0: {"id": "a", "name": "add", "arguments": '{"x":1}'},
    1: {"id": "b", "name": "sub", "arguments": '{"y":2}'},
}


@pytest.mark.parametrize(
    "deltas",
    [
        pytest.param(
            [
                call(index=0, id="a", name="add"),
                call(index=1, id="b", name="sub"),
                call(index=0, arguments='{"x":1}'),
                call(index=1, arguments='{"y":2}'),
            ],
            id="in turns",
        ),
        pytest.param(
            [
                call(id="a", name="add", arguments='{"x":'),
                call(arguments="1}"),
                call(id="b", name="sub", arguments='{"y":2}'),
            ],
            id="without index",
        ),
        pytest.param(
            [
                call(index=0, id="a", name="add", arguments={"x": 1}),
                call(index=0, id="b", name="sub", arguments={"y": 2}),
            ],
            id="all with index 0, arguments as objects",
        ),
        pytest.param(
            [
                call(index=3, id="a", name="add", arguments='{"x":'),
                call(index=3, id="a", name="add", arguments="1}"),
                call(index=4, id="b", name=None, arguments=None),
                call(index=4, id="b", name="sub", arguments='{"y":2}'),
            ],
            id="repeated names, a late name",
        ),
    ],
)
def test_calls_have_one_form(deltas: list[dict[str, Any]]) -> None:
    assert calls(*({"tool_calls": [piece]} for piece in deltas)) == TWO
    assert calls({"tool_calls": deltas}) == TWO


def test_calls_without_id_get_one() -> None:
    found = calls({"tool_calls": [call(name="add", arguments={}), call(name="add", arguments={})]})
    assert [(item["name"], item["arguments"]) for item in found.values()] == [("add", "{}")] * 2
    assert found[0]["id"].startswith("call_")
    assert found[0]["id"] != found[1]["id"]


def test_a_function_call_of_the_older_form() -> None:
    found = calls({"function_call": {"name": "add", "arguments": ""}}, {"function_call": {"arguments": "{}"}})
    assert [(item["name"], item["arguments"]) for item in found.values()] == [("add", "{}")]


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        (
            {"prompt_tokens": 3, "cost": 0.5, "details": {"cached": 1}},
            {"prompt_tokens": 3, "cost": 0.5, "details": {"cached": 1}},
        ),
        ({"a": -1, "b": 10**23, "c": True, "d": "1", "e": None, "f": [1], "g": {"h": {"i": 1}}}, {}),
        ({"a" * 65: 1, "a\x00": 1, "b" * 65: {"c": 1}, "d": 2**53}, {"d": 2**53}),
    ],
    ids=["good", "no counts", "names"],
)
def test_of_usage_plausible_counts_are_kept(told: dict[str, Any], kept: dict[str, Any]) -> None:
    _, reader = read(b"data: " + json.dumps({"usage": told}).encode() + b"\n\n", DONE)
    assert reader.usage == kept


def test_usage_is_bounded() -> None:
    counts = {f"n{number}": number for number in range(100_000)}
    for told in (counts, {"a": counts, "b": counts}, {f"g{number}": {"a": 1} for number in range(1000)}):
        _, reader = read(b"data: " + json.dumps({"usage": told}).encode() + b"\n\n", DONE)
        assert len(json.dumps(reader.usage)) < 1000

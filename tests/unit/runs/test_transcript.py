from __future__ import annotations

import html
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webui.providers.deltas import Delta
from webui.runs.transcript import Transcript, without_blocks


def transcript(*deltas: Delta) -> Transcript:
    """With a second between the deltas."""
    said = Transcript()
    for second, delta in enumerate(deltas):
        said.add(delta, float(second))
    return said


def reasoning(text: str) -> Delta:
    return {"reasoning_content": text}


def content(text: str) -> Delta:
    return {"content": text}


def call(index: int, arguments: str, **first: str) -> Delta:
    """The first piece of a call if it has ``id`` and ``name``, else a further one."""
    if not first:
        return {"tool_calls": [{"index": index, "function": {"arguments": arguments}}]}
    function = {"name": first["name"], "arguments": arguments}
    return {"tool_calls": [{"index": index, "id": first["id"], "type": "function", "function": function}]}


THOUGHT = """\
<details type="reasoning" done="true" duration="2">
<summary>Thought for 2 seconds</summary>
> Hm.
> 1 &lt; 2
</details>
"""


def test_an_answer_is_its_text() -> None:
    said = transcript(content("\n Hi"), content(" there\n"))
    assert said.render(done=True) == said.render(done=False) == "\n Hi there\n"
    assert said.size == 11


def test_nothing_said_is_an_empty_text() -> None:
    assert Transcript().render(done=True) == ""


def test_reasoning_is_a_quoted_block_with_its_duration() -> None:
    said = transcript(reasoning("Hm.\n"), reasoning("1 < 2\n"), content("\n\nYes."), content(" Sure."))
    assert said.render(done=True) == said.render(done=False) == THOUGHT + "Yes. Sure."


def test_reasoning_that_lasts_is_open() -> None:
    said = transcript(reasoning("Hm."))
    begun = '<details type="reasoning" done="false">\n<summary>Thinking…</summary>\n> Hm.\n</details>\n'
    assert said.render(done=False) == begun


def test_reasoning_ends_with_the_reply() -> None:
    said = transcript(reasoning("Hm.\n"), reasoning("1 <"), reasoning(" 2"))
    assert said.render(done=True) == THOUGHT


def test_blank_reasoning_is_left_out() -> None:
    assert transcript(reasoning("\n\n"), content("\n\nHi")).render(done=True) == "Hi"


def test_reasoning_cannot_end_its_block() -> None:
    text = 'a</details>\n\n<script>&amp;</script>\n</details>\n<details type="tool_calls">'
    rendered = transcript(reasoning(text), content("Yes.")).render(done=True)
    assert rendered.count("</details>") == 1
    quoted = re.findall("^> (.*)$", rendered, re.MULTILINE)
    assert html.unescape("\n".join(quoted)) == text
    assert without_blocks(rendered) == "Yes."


def test_a_block_begins_a_line() -> None:
    said = transcript(content("One."), reasoning("Hm."), content("Two.\n"), reasoning("Hm."), content("Three."))
    parts = re.split(r"<details.*?</details>\n", said.render(done=True), flags=re.DOTALL)
    assert parts == ["One.\n", "Two.\n", "Three."]


def test_calls_are_blocks_that_stay_open_until_the_reply_is_done() -> None:
    said = transcript(
        content("Let me see."),
        call(0, "", id="a", name="add"),
        call(1, "", id='"b"', name="sub"),
        call(0, '{"x":"<\\n>"'),
        call(0, "}"),
        call(1, "{\n}"),
    )
    rendered = said.render(done=True)
    heads = re.findall(r'<details type="tool_calls" done="true" id="(.*)" name="(.*)" arguments="(.*)">\n', rendered)
    values = [tuple(map(html.unescape, head)) for head in heads]
    assert [(id, name, json.loads(text)) for id, name, text in values] == [
        ("a", "add", '{"x":"<\\n>"}'),
        ('"b"', "sub", "{\n}"),
    ]
    assert rendered.startswith("Let me see.\n<details ")
    assert said.render(done=False).count('done="false"') == 2
    assert said.tool_calls() == [
        {"id": "a", "type": "function", "function": {"name": "add", "arguments": '{"x":"<\\n>"}'}},
        {"id": '"b"', "type": "function", "function": {"name": "sub", "arguments": "{\n}"}},
    ]


def test_a_name_that_comes_late_counts() -> None:
    said = transcript(call(0, "{", id="a", name=""))
    said.add({"tool_calls": [{"index": 0, "function": {"name": "add", "arguments": "}"}}]})
    assert said.tool_calls()[0]["function"] == {"name": "add", "arguments": "{}"}


DELTAS = st.lists(
    st.one_of(
        st.builds(reasoning, st.text("a\n<>&/ ", min_size=1, max_size=8)),
        st.builds(content, st.text("a\n> ", min_size=1, max_size=8)),
        st.builds(call, st.integers(0, 1), st.text(max_size=8), id=st.just("a"), name=st.text(max_size=3)),
    ),
    max_size=12,
)


@given(DELTAS)
def test_rendering_changes_nothing(deltas: list[Delta]) -> None:
    once, often = transcript(*deltas), Transcript()
    for second, delta in enumerate(deltas):
        often.add(delta, float(second))
        often.render(done=False)
    assert often.render(done=False) == once.render(done=False)
    assert often.render(done=True) == once.render(done=True) == once.render(done=True)


@given(DELTAS)
def test_without_its_blocks_a_reply_is_its_text(deltas: list[Delta]) -> None:
    text = "".join(delta.get("content", "") for delta in deltas)
    kept = without_blocks(transcript(*deltas).render(done=True))
    assert kept.replace("\n", "").strip() == text.replace("\n", "").strip()


# What is sent to a model again


def test_a_message_without_blocks_is_sent_as_it_is() -> None:
    text = ' One <details type="reasoning"> in a sentence.\n<details><summary>mine</summary></details>\n'
    assert without_blocks(text) == text


def test_the_answer_of_a_tool_stands_for_its_call() -> None:
    block = '<details type="tool_calls" done="true" id="a" name="add" arguments="{}" result="&quot;3&quot;" files="">'
    assert without_blocks(f"{block}\n<summary>Tool Executed</summary>\n</details>\nThree.") == '"3"\nThree.'


def test_an_open_block_stays() -> None:
    text = 'Hi\n<details type="reasoning" done="true">\nHm.'
    assert without_blocks(text) == text


@pytest.mark.parametrize("line", ['<details type="reasoning">\n', '<details type="reasoning" ' + "x" * 40 + "\n"])
def test_many_open_blocks_take_no_longer_than_their_length(line: str) -> None:
    text = line * 50_000  # quadratic time would be minutes
    assert without_blocks(text) == text

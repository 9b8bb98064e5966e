"""What has been said in a reply so far, and the form in which it is stored.

The content of a stored message is its text, with blocks of HTML in it that the page shows in their own way: reasoning
as ``<details type="reasoning" done duration>`` with quoted lines, calls of tools as ``<details type="tool_calls" done
id name arguments>``. What a model says cannot end a block: there ``<``, ``>`` and ``&`` are escaped.
"""

from __future__ import annotations

import html
import re
from io import StringIO
from typing import Any

from pydantic_core import to_json

from webui.providers.deltas import Delta

BLOCK = re.compile(r'^<details type="(?:reasoning|tool_calls|code_interpreter)"[^>\n]*>', re.MULTILINE)
BLOCK_END = "</details>"
TOOL_RESULT = re.compile(r' result="([^"]*)"')


class Answer:
    """A passage of the answer."""

    def __init__(self) -> None:
        self.text = StringIO()

    def render(self, *, done: bool) -> str:
        return self.text.getvalue()


class Thought:
    """A passage of reasoning; ``since`` and ``until`` are seconds of a monotonic clock."""

    def __init__(self, since: float) -> None:
        self.since = self.until = since
        self.text = StringIO()

    def render(self, *, done: bool) -> str:
        text = self.text.getvalue().strip()
        if not text:
            return ""
        quoted = "\n".join(f"> {line}" for line in html.escape(text, quote=False).split("\n"))
        state, summary = 'done="false"', "Thinking…"
        if done:
            seconds = round(self.until - self.since)
            state, summary = f'done="true" duration="{seconds}"', f"Thought for {seconds} seconds"
        return f'<details type="reasoning" {state}>\n<summary>{summary}</summary>\n{quoted}\n{BLOCK_END}\n'


class ToolCall:
    """A call of a tool; ``text`` is its arguments, which are JSON unless the model made a mistake."""

    def __init__(self, id: str) -> None:
        self.id = id
        self.name = ""
        self.text = StringIO()

    def render(self, *, done: bool) -> str:
        # JSON text inside a JSON string: the page reads no line feeds in attributes.
        name = " ".join(self.name.split())  # a block's lines are its own
        values = {"id": " ".join(self.id.split()), "name": name, "arguments": to_json(self.text.getvalue()).decode()}
        attributes = "".join(f' {key}="{html.escape(value)}"' for key, value in values.items())
        state, summary = ("true", "Called") if done else ("false", "Calling")
        head = f'<details type="tool_calls" done="{state}"{attributes}>'
        return f"{head}\n<summary>{summary} {html.escape(name)}</summary>\n{BLOCK_END}\n"


Passage = Answer | Thought | ToolCall


class Transcript:
    """Collects the deltas of one reply. ``add`` costs as much as the delta is long, ``render`` as much as the whole.

    ``size`` counts the characters so far.
    """

    def __init__(self) -> None:
        self.size = 0
        self._passages: list[Passage] = []
        self._calls: dict[int, ToolCall] = {}

    def add(self, delta: Delta, at: float = 0.0) -> None:
        """Add a delta as ``webui.providers.deltas`` gives it; ``at`` is when it came, on a monotonic clock."""
        last = self._passages[-1] if self._passages else None
        if isinstance(last, Thought):
            last.until = at
        if text := delta.get("reasoning_content"):
            self._write(last if isinstance(last, Thought) else self._begin(Thought(at)), text)
        elif text := delta.get("content"):
            self._write(last if isinstance(last, Answer) else self._begin(Answer()), text)
        for piece in delta.get("tool_calls", ()):
            self._add_call(piece)

    def render(self, *, done: bool) -> str:
        """The content as it is stored; unless ``done``, its last passage and its calls are still growing."""
        pieces: list[str] = []
        after_block = False
        for passage in self._passages:
            closed = done or (isinstance(passage, Thought) and passage is not self._passages[-1])
            text, is_block = passage.render(done=closed), not isinstance(passage, Answer)
            if is_block and text and pieces and not pieces[-1].endswith("\n"):
                text = "\n" + text  # a block begins a line
            elif after_block:
                text = text.lstrip("\n")
            if text:
                pieces.append(text)
            after_block = is_block
        return "".join(pieces)

    def tool_calls(self) -> list[dict[str, Any]]:
        """The calls, as a message of a conversation holds them."""
        return [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.text.getvalue()}}
            for call in self._calls.values()
        ]

    def _add_call(self, piece: dict[str, Any]) -> None:
        function = piece["function"]
        call = self._calls.get(piece["index"])
        if call is None:
            call = self._calls[piece["index"]] = ToolCall(piece["id"])
            self._begin(call)
        call.name = function.get("name") or call.name
        self._write(call, function["arguments"])

    def _begin(self, passage: Passage) -> Passage:
        self._passages.append(passage)
        return passage

    def _write(self, passage: Passage, text: str) -> None:
        passage.text.write(text)
        self.size += len(text)


def without_blocks(content: str) -> str:
    """The words of a stored message, as a model is sent them: what tools answered in place of their calls, else none
    of the blocks. Takes time in proportion to the length, whatever somebody has written.
    """
    kept: list[str] = []
    position = 0
    for head in BLOCK.finditer(content):
        if head.start() < position:
            continue
        end = content.find(BLOCK_END, head.end())
        if end < 0:
            break
        result = TOOL_RESULT.search(head[0])
        kept += [content[position : head.start()], html.unescape(result[1]) if result else ""]
        position = end + len(BLOCK_END)
    return "".join([*kept, content[position:]]).strip() if position else content

"""A response of OpenAI's Responses API while it is made, and the events that tell of it.

The same object makes both forms of the answer: each step returns the events for a streamed one, and ``response`` is
the whole one. Names and order of the events are those of the API reference, "Streaming events".
"""

from __future__ import annotations

import time
from typing import Any, Literal
from uuid import uuid4

from pydantic_core import to_json

from webui.errors import ApiError, Problem

Kind = Literal["message", "reasoning", "function_call"]
PREFIXES: dict[Kind, str] = {"message": "msg", "reasoning": "rs", "function_call": "fc"}
# Parts that hold a text, by the kind of item; the names of their events have this name too.
PARTS: dict[Kind, str] = {"message": "output_text", "reasoning": "reasoning_text"}
INCOMPLETE = {"length": "max_output_tokens", "content_filter": "content_filter"}
MAX_TEXT = 16 * 1024 * 1024  # characters; the last event repeats the whole reply, so it is kept until then
UNSET: dict[str, Any] = {
    "instructions": None,
    "max_output_tokens": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "reasoning": {"effort": None, "summary": None},
    "temperature": None,
    "tool_choice": "auto",
    "tools": [],
    "top_p": None,
    "truncation": "disabled",
    "user": None,
}


class Item:
    """An entry of the output. Its text is a message's, a thought's, or a call's arguments."""

    def __init__(self, kind: Kind, index: int, *, call_id: str = "", name: str = "") -> None:
        self.kind = kind
        self.index = index
        self.id = f"{PREFIXES[kind]}_{uuid4().hex}"
        self.call_id = call_id
        self.name = name
        self.status = "in_progress"
        self.pieces: list[str] = []

    @property
    def text(self) -> str:
        return "".join(self.pieces)

    def part(self, text: str) -> dict[str, Any]:
        own: dict[str, Any] = {"annotations": [], "logprobs": []} if self.kind == "message" else {}
        return {"type": PARTS[self.kind], "text": text, **own}

    def whole(self) -> dict[str, Any]:
        item: dict[str, Any] = {"id": self.id, "type": self.kind, "status": self.status}
        content = [self.part(self.text)] if self.pieces and self.kind in PARTS else []
        match self.kind:
            case "message":
                return {**item, "role": "assistant", "content": content}
            case "reasoning":
                return {**item, "summary": [], "content": content}
        return {**item, "call_id": self.call_id, "name": self.name, "arguments": self.text}


class ResponseBuilder:
    """``begin``, then ``add`` for each delta, then ``finish`` or ``fail``; each returns the bytes of its events."""

    def __init__(self, form: dict[str, Any]) -> None:
        given = {name: form[name] for name in UNSET if form.get(name) is not None}
        self.response: dict[str, Any] = {
            "id": f"resp_{uuid4().hex}",
            "object": "response",
            "created_at": int(time.time()),
            "status": "in_progress",
            "model": form["model"],
            "output": [],
            "usage": None,
            "error": None,
            "incomplete_details": None,
            "previous_response_id": None,
            "store": False,
            "text": {"format": {"type": "text"}, **(form.get("text") or {})},
            **UNSET,
            **given,
        }
        self._items: list[Item] = []
        self._text: Item | None = None  # the message or the thought that goes on
        self._calls: dict[int, Item] = {}  # by the upstream's numbers; pieces of several may come in turn
        self._size = 0
        self._number = 0

    def begin(self) -> bytes:
        return self._event("created", response=self.response) + self._event("in_progress", response=self.response)

    def add(self, delta: dict[str, Any]) -> bytes:
        """A normalised delta: ``content``, ``reasoning_content`` or ``tool_calls``."""
        events = b""
        if text := delta.get("reasoning_content"):
            events += self._add_text("reasoning", text)
        if text := delta.get("content"):
            events += self._add_text("message", text)
        for call in delta.get("tool_calls") or []:
            events += self._add_call(call)
        return events

    def finish(self, finish_reason: str | None, usage: dict[str, Any] | None) -> bytes:
        reason = INCOMPLETE.get(finish_reason or "")
        status = "incomplete" if reason else "completed"
        events = self._close_text(status) + b"".join(self._close_call(call, status) for call in self._calls.values())
        self._end(status, usage, incomplete_details={"reason": reason} if reason else None)
        return events + self._event(status, response=self.response)

    def fail(self, message: str) -> bytes:
        """The response failed. The second event is what makes OpenAI's SDK raise: it looks for an ``error``."""
        error = {"code": "server_error", "message": message}
        for item in self._items:
            item.status = "incomplete" if item.status == "in_progress" else item.status
        self._end("failed", None, error=error)
        nested = {"type": "server_error", "param": None, **error}
        return self._event("failed", response=self.response) + self._event("error", **error, param=None, error=nested)

    def _add_text(self, kind: Kind, text: str) -> bytes:
        events = b""
        if self._text is None or self._text.kind != kind:
            events = self._close_text("completed")
            self._text = self._open(kind)
            events += self._item_event("output_item.added", self._text, item=self._text.whole())
            events += self._part_event("content_part.added", self._text, part=self._text.part(""))
        self._keep(self._text, text)
        return events + self._part_event(f"{PARTS[kind]}.delta", self._text, delta=text, **_logprobs(kind))

    def _close_text(self, status: str) -> bytes:
        item, self._text = self._text, None
        if item is None:
            return b""
        item.status, text = status, item.text
        return (
            self._part_event(f"{PARTS[item.kind]}.done", item, text=text, **_logprobs(item.kind))
            + self._part_event("content_part.done", item, part=item.part(text))
            + self._item_event("output_item.done", item, item=item.whole())
        )

    def _add_call(self, call: dict[str, Any]) -> bytes:
        events = b""
        function = call["function"]
        item = self._calls.get(call["index"])
        if item is None:
            events = self._close_text("completed")
            item = self._open("function_call", call_id=call["id"], name=function["name"])
            self._calls[call["index"]] = item
            events += self._item_event("output_item.added", item, item=item.whole())
        item.name = item.name or function.get("name", "")
        if arguments := function.get("arguments"):
            self._keep(item, arguments)
            events += self._item_event("function_call_arguments.delta", item, item_id=item.id, delta=arguments)
        return events

    def _close_call(self, item: Item, status: str) -> bytes:
        item.status = status
        arguments = {"item_id": item.id, "name": item.name, "arguments": item.text}
        return self._item_event("function_call_arguments.done", item, **arguments) + self._item_event(
            "output_item.done", item, item=item.whole()
        )

    def _open(self, kind: Kind, *, call_id: str = "", name: str = "") -> Item:
        item = Item(kind, len(self._items), call_id=call_id, name=name)
        self._items.append(item)
        return item

    def _keep(self, item: Item, text: str) -> None:
        self._size += len(text)
        if self._size > MAX_TEXT:
            text = f"The reply is longer than {MAX_TEXT} characters, which is too much."
            raise ApiError(Problem.UPSTREAM_FAILED, text)
        item.pieces.append(text)

    def _end(self, status: str, usage: dict[str, Any] | None, **fields: Any) -> None:
        output = [item.whole() for item in self._items]
        self.response |= {"status": status, "output": output, "usage": _usage(usage), **fields}

    def _part_event(self, kind: str, item: Item, /, **fields: Any) -> bytes:
        return self._item_event(kind, item, item_id=item.id, content_index=0, **fields)

    def _item_event(self, kind: str, item: Item, /, **fields: Any) -> bytes:
        return self._event(kind, output_index=item.index, **fields)

    def _event(self, kind: str, **fields: Any) -> bytes:
        name = kind if kind == "error" else f"response.{kind}"
        body = to_json({"type": name, "sequence_number": self._number, **fields})
        self._number += 1
        return b"event: %s\ndata: %s\n\n" % (name.encode(), body)


def _logprobs(kind: Kind) -> dict[str, Any]:
    return {"logprobs": []} if kind == "message" else {}


def _usage(given: dict[str, Any] | None) -> dict[str, Any] | None:
    """The count of tokens under the names of this API."""
    if not given:
        return None
    read, written = _count(given, "prompt_tokens"), _count(given, "completion_tokens")
    cached = _count(given.get("prompt_tokens_details"), "cached_tokens")
    reasoning = _count(given.get("completion_tokens_details"), "reasoning_tokens")
    return {
        "input_tokens": read,
        "input_tokens_details": {"cached_tokens": cached, "cache_write_tokens": 0},
        "output_tokens": written,
        "output_tokens_details": {"reasoning_tokens": reasoning},
        "total_tokens": read + written,
    }


def _count(given: Any, name: str) -> int:
    value = given.get(name) if isinstance(given, dict) else None
    return value if isinstance(value, int) else 0

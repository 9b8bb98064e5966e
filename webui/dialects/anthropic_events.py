"""A reply as a message of Anthropic's Messages API: whole, or as events while it is made.

Names and order of the events are those of the API reference, "Streaming messages": one block after the other, and
never two open at once.
"""

from __future__ import annotations

from math import ceil
from typing import Any
from uuid import uuid4

from pydantic_core import from_json, to_json

from webui.bodies import read_body
from webui.dialects.anthropic import CHARACTERS_A_TOKEN
from webui.dialects.stream import translated_stream
from webui.errors import ApiError, Problem
from webui.providers.anthropic_wire import failure_event, message_event
from webui.providers.deltas import Delta, DeltaReader
from webui.streaming import Reply

EVENTS = (("Content-Type", "text/event-stream"),)
JSON = (("Content-Type", "application/json"),)
STOP_REASONS = {"length": "max_tokens", "tool_calls": "tool_use", "content_filter": "refusal"}
MIXED = "The model server mixes the pieces of several tool calls, which cannot be told in order."


async def translated(reply: Reply, *, model: str, stream: bool, input_tokens: int) -> Reply:
    """The message for a reply to ``webui.dialects.anthropic.chat_request``; ``input_tokens`` is an estimate."""
    if reply.status >= 400:
        raise _refused(reply, await read_body(reply))
    builder = MessageBuilder(model, input_tokens)
    if stream:
        return Reply(200, EVENTS, translated_stream(reply.body, builder))
    reader = DeltaReader()
    deltas = reader.read_completion(await read_body(reply))
    if reader.error is not None:
        raise ApiError(Problem.UPSTREAM_FAILED, reader.error)
    return Reply(200, JSON, to_json(builder.message(deltas, reader.finish_reason, reader.usage)))


def _refused(reply: Reply, body: bytes) -> ApiError:
    """The error that a model server has answered in OpenAI's form, with its status and Retry-After."""
    reader = DeltaReader()
    reader.read_completion(body)
    headers = {name: value for name, value in reply.headers if name.lower() == "retry-after"}
    return ApiError(Problem.UPSTREAM_FAILED, reader.error, status=reply.status, headers=headers)


class MessageBuilder:
    """One message; the text of a streamed one is not kept."""

    def __init__(self, model: str, input_tokens: int) -> None:
        self._head = {"id": f"msg_{uuid4().hex}", "type": "message", "role": "assistant", "model": model}
        self._input_tokens = input_tokens
        self._characters = 0
        self._index = -1  # of the last block
        self._open: str | None = None  # its type, until it stops
        self._calls = 0

    def begin(self) -> bytes:
        """The first events; what was asked is counted by an estimate, since the model's server tells it at the end."""
        message: dict[str, Any] = {
            **self._head,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": self._usage(None),
        }
        return message_event("message_start", message=message) + message_event("ping")

    def add(self, delta: Delta) -> bytes:
        """The events for a delta of the reply."""
        match delta:
            case {"reasoning_content": str(text)}:
                return self._text("thinking", text)
            case {"content": str(text)}:
                return self._text("text", text)
            case {"tool_calls": list(called)}:
                return b"".join(map(self._call, called))
        return b""

    def finish(self, finish_reason: str | None, usage: dict[str, Any] | None) -> bytes:
        """The last events of a reply that has come to its end."""
        ending = {"stop_reason": self._stop_reason(finish_reason), "stop_sequence": None}
        last = message_event("message_delta", delta=ending, usage=self._usage(usage))
        return self._stop() + last + message_event("message_stop")

    def fail(self, text: str) -> bytes:
        """The event of a reply that broke off."""
        return failure_event(text)

    def message(self, deltas: list[Delta], finish_reason: str | None, usage: dict[str, Any] | None) -> dict[str, Any]:
        """The whole message of a reply that was not streamed."""
        content = []
        thoughts, text = (_joined(deltas, name) for name in ("reasoning_content", "content"))
        if thoughts:
            content.append({"type": "thinking", "thinking": thoughts, "signature": ""})
        if text:
            content.append({"type": "text", "text": text})
        calls = [call for delta in deltas for call in delta.get("tool_calls", ())]
        self._calls = len(calls)
        self._characters = len(thoughts) + len(text) + sum(len(call["function"]["arguments"]) for call in calls)
        return {
            **self._head,
            "content": content + [_tool_use(call) for call in calls],
            "stop_reason": self._stop_reason(finish_reason),
            "stop_sequence": None,
            "usage": self._usage(usage),
        }

    def _text(self, kind: str, text: str) -> bytes:
        self._characters += len(text)
        signature = {"signature": ""} if kind == "thinking" else {}
        opened = b"" if self._open == kind else self._start({"type": kind, kind: "", **signature})
        return opened + self._delta({"type": f"{kind}_delta", kind: text})

    def _call(self, piece: dict[str, Any]) -> bytes:
        function, opened = piece["function"], b""
        if "id" in piece:
            self._calls += 1
            opened = self._start({"type": "tool_use", "id": piece["id"], "name": function["name"], "input": {}})
        elif self._open != "tool_use" or piece["index"] != self._calls - 1:
            raise ApiError(Problem.UPSTREAM_FAILED, MIXED)
        self._characters += len(function["arguments"])
        return opened + self._delta({"type": "input_json_delta", "partial_json": function["arguments"]})

    def _start(self, block: dict[str, Any]) -> bytes:
        stopped = self._stop()
        self._index += 1
        self._open = block["type"]
        return stopped + message_event("content_block_start", index=self._index, content_block=block)

    def _delta(self, delta: dict[str, Any]) -> bytes:
        return message_event("content_block_delta", index=self._index, delta=delta)

    def _stop(self) -> bytes:
        was_open, self._open = self._open, None
        return message_event("content_block_stop", index=self._index) if was_open else b""

    def _stop_reason(self, finish_reason: str | None) -> str:
        """Anthropic's word for why the reply ended; some servers end a reply that calls tools with "stop"."""
        if self._calls and finish_reason == "stop":
            return "tool_use"
        return STOP_REASONS.get(finish_reason or "stop", "end_turn")

    def _usage(self, told: dict[str, Any] | None) -> dict[str, int]:
        """Anthropic's counts, which have what came from the cache apart; estimated where the server tells none."""
        told = told or {}
        prompt, reply = _count(told, "prompt_tokens"), _count(told, "completion_tokens")
        details = told.get("prompt_tokens_details")
        cached = min(_count(details, "cached_tokens") if isinstance(details, dict) else 0, prompt)
        return {
            "input_tokens": prompt - cached if prompt else self._input_tokens,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": cached,
            "output_tokens": reply or ceil(self._characters / CHARACTERS_A_TOKEN),
        }


def _joined(deltas: list[Delta], name: str) -> str:
    return "".join(delta.get(name, "") for delta in deltas)


def _tool_use(call: dict[str, Any]) -> dict[str, Any]:
    """The block of a call. The arguments of one that a limit has cut off are as much of them as can be read."""
    function = call["function"]
    try:
        given = from_json(function["arguments"] or "{}", allow_partial="trailing-strings")
    except ValueError:
        given = None
    if not isinstance(given, dict):
        text = f"The model called the tool {function['name']} with arguments that are not a JSON object."
        raise ApiError(Problem.UPSTREAM_FAILED, text)
    return {"type": "tool_use", "id": call["id"], "name": function["name"], "input": given}


def _count(told: dict[str, Any], name: str) -> int:
    value = told.get(name)
    return value if isinstance(value, int) and value > 0 else 0

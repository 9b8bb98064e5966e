"""Anthropic's replies in OpenAI's form; what is asked for is translated by ``webui.providers.anthropic_request``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pydantic_core import from_json, to_json

from webui.errors import ApiError, Problem
from webui.providers.http import error_event, event

# Anthropic's API reference, "Messages", stop_reason; whatever else ends a reply is a stop to OpenAI's clients.
FINISH = {
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
}


@dataclass
class Conversion:
    """One reply on its way back."""

    id: str
    model: str
    created: int
    include_usage: bool
    done: bool = False
    _usage: dict[str, Any] = field(default_factory=dict)
    _tools: list[int] = field(default_factory=list)  # the numbers of the content blocks that are tool calls
    _without_arguments: bool = False  # the tool call that is open has said nothing yet

    def completion(self, body: bytes) -> dict[str, Any]:
        """The whole reply, not streamed; ``ValueError`` if it is not Anthropic's."""
        match from_json(body):
            case {"type": "message", "content": list(blocks), **answer}:
                self._count(answer.get("usage"))
            case _:
                raise ValueError("not a message")
        choice = {"index": 0, "message": _message(blocks), "logprobs": None}
        return {
            **self._head("chat.completion"),
            "choices": [{**choice, "finish_reason": finish_reason(answer.get("stop_reason"))}],
            "usage": usage(self._usage),
        }

    def events(self, data: bytes) -> bytes:
        """The events for the data of one of Anthropic's; none after the end, ``ValueError`` for garbage."""
        if self.done:
            return b""
        match from_json(data):
            case {"type": "message_start", "message": {"usage": counted}}:
                self._count(counted)
                return self._chunk({"role": "assistant", "content": ""})
            case {"type": "message_delta", "delta": dict(delta), **more}:
                self._count(more.get("usage"))
                return self._chunk({}, finish_reason(delta["stop_reason"])) if delta.get("stop_reason") else b""
            case {"type": "message_stop"}:
                self.done = True
                return self._end()
            case {"type": "error", **more}:
                self.done = True
                return error_event(ApiError(Problem.UPSTREAM_FAILED, error_text(more) or "The reply failed."))
            case dict(told):
                return self._block_events(told)
        raise ValueError("not an event")

    def _block_events(self, told: dict[str, Any]) -> bytes:
        match told:
            case {"type": "content_block_start", "index": int(index), "content_block": dict(block)}:
                return self._begin(index, block)
            case {"type": "content_block_delta", "index": int(index), "delta": dict(delta)}:
                return self._continue(index, delta)
            case {"type": "content_block_stop", "index": int(index)} if self._is_open(index):
                return self._arguments("{}") if self._without_arguments else b""
        return b""  # pings, and events that are still to be invented

    def _begin(self, index: int, block: dict[str, Any]) -> bytes:
        match block:
            case {"type": "tool_use", "id": str(call_id), "name": str(name), **called}:
                given = called.get("input")
                self._tools.append(index)
                self._without_arguments = not given
                return self._call({"id": call_id, "type": "function"}, name=name, arguments=_text_of(given))
            case {"type": "text", "text": str(text)} if text:
                return self._chunk({"content": text})
        return b""

    def _continue(self, index: int, delta: dict[str, Any]) -> bytes:
        match delta:
            case {"type": "text_delta", "text": str(text)}:
                return self._chunk({"content": text})
            case {"type": "thinking_delta", "thinking": str(text)}:
                return self._chunk({"reasoning_content": text})
            case {"type": "input_json_delta", "partial_json": str(part)} if part and self._is_open(index):
                self._without_arguments = False
                return self._arguments(part)
        return b""  # signatures and citations, which OpenAI's form has no place for

    def _is_open(self, index: int) -> bool:
        return self._tools[-1:] == [index]

    def _arguments(self, part: str) -> bytes:
        return self._call({}, arguments=part)

    def _call(self, call: dict[str, Any], **function: str) -> bytes:
        return self._chunk({"tool_calls": [{"index": len(self._tools) - 1, **call, "function": function}]})

    def _chunk(self, delta: dict[str, Any], finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return event({**self._head("chat.completion.chunk"), "choices": [choice]})

    def _end(self) -> bytes:
        if not self.include_usage:
            return b""
        return event({**self._head("chat.completion.chunk"), "choices": [], "usage": usage(self._usage)})

    def _head(self, kind: str) -> dict[str, Any]:
        return {"id": self.id, "object": kind, "created": self.created, "model": self.model}

    def _count(self, counted: Any) -> None:
        """The counts of a stream are sums: later ones replace those before."""
        if isinstance(counted, dict):
            self._usage |= {name: value for name, value in counted.items() if isinstance(value, int)}


def _message(blocks: list[Any]) -> dict[str, Any]:
    texts, thoughts, calls = [], [], []
    for block in blocks:
        match block:
            case {"type": "text", "text": str(text)}:
                texts.append(text)
            case {"type": "thinking", "thinking": str(text)}:
                thoughts.append(text)
            case {"type": "tool_use", "id": str(call_id), "name": str(name), "input": given}:
                called = {"name": name, "arguments": _text_of(given) or "{}"}
                calls.append({"id": call_id, "type": "function", "function": called})
    message: dict[str, Any] = {"role": "assistant", "content": "".join(texts)}
    if thoughts:
        message["reasoning_content"] = "".join(thoughts)
    if calls:
        message["tool_calls"] = calls
    return message


def _text_of(given: Any) -> str:
    """The arguments of a call as OpenAI writes them; nothing for none, since a stream brings them later."""
    return to_json(given).decode() if given else ""


def finish_reason(stop_reason: Any) -> str:
    """OpenAI's word for why a reply ended."""
    return FINISH.get(stop_reason, "stop") if isinstance(stop_reason, str) else "stop"


def usage(counted: dict[str, int]) -> dict[str, Any]:
    """OpenAI's count of tokens, whose prompt includes what came from the cache or went into it."""
    cached = counted.get("cache_read_input_tokens", 0)
    prompt = counted.get("input_tokens", 0) + cached + counted.get("cache_creation_input_tokens", 0)
    reply = counted.get("output_tokens", 0)
    return {
        "prompt_tokens": prompt,
        "completion_tokens": reply,
        "total_tokens": prompt + reply,
        "prompt_tokens_details": {"cached_tokens": cached},
    }


def error_text(body: Any) -> str | None:
    """What an error of Anthropic's says."""
    match body:
        case {"error": {"message": str(text)}}:
            return text
    return None


def message_event(kind: str, **fields: Any) -> bytes:
    """A server-sent event of Anthropic's API; its name stands in its data, too."""
    return b"event: %s\ndata: %s\n\n" % (kind.encode(), to_json({"type": kind, **fields}))


def failure_event(text: str) -> bytes:
    """An error in the middle of a stream of such events."""
    return message_event("error", error={"type": "api_error", "message": text})

"""Between OpenAI's chat completions and Ollama's ``/api/chat``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from pydantic_core import from_json, to_json

from webui.errors import ApiError, Problem
from webui.providers.http import error_event, event

# OpenAI's request parameters, and Ollama's names for them among its ``options``.
OPTIONS = {
    "temperature": "temperature",
    "top_p": "top_p",
    "seed": "seed",
    "stop": "stop",
    "frequency_penalty": "frequency_penalty",
    "presence_penalty": "presence_penalty",
    "max_tokens": "num_predict",
    "max_completion_tokens": "num_predict",
}
# Ollama's own parameters, which clients send at the top level too.
OWN_OPTIONS = (
    "num_ctx num_batch num_predict num_keep num_gpu num_thread top_k min_p typical_p repeat_penalty repeat_last_n"
    " mirostat mirostat_eta mirostat_tau tfs_z use_mmap use_mlock"
).split()
OWN_FIELDS = ("keep_alive", "think", "tools", "format", "logprobs", "top_logprobs")
# OpenAI's efforts of reasoning as the levels of the one family that knows levels; others are told yes or no, and
# answer anything else with an error (Ollama's docs, "Thinking").
LEVELS = {"minimal": "low", "low": "low", "medium": "medium", "high": "high", "xhigh": "high"}


class Function(BaseModel):
    name: str
    arguments: dict[str, Any] | None = None


class ToolCall(BaseModel):
    function: Function


class Said(BaseModel):
    content: str | None = None
    thinking: str | None = None
    tool_calls: list[ToolCall] | None = None


class Answer(BaseModel):
    """A line of Ollama's stream, or its whole answer (its docs/api.md, "Generate a chat completion")."""

    message: Said = Said()
    logprobs: list[Any] | None = None  # items as OpenAI has them
    done: bool = False
    done_reason: str | None = None
    prompt_eval_count: int | None = None
    eval_count: int | None = None
    error: Any = None


def chat_request(payload: dict[str, Any]) -> dict[str, Any]:
    """Ollama's request for an OpenAI one."""
    options = dict(payload.get("options") or {})
    options |= {theirs: payload[ours] for ours, theirs in OPTIONS.items() if payload.get(ours) is not None}
    options |= {name: payload[name] for name in OWN_OPTIONS if payload.get(name) is not None}
    if isinstance(options.get("stop"), str):
        options["stop"] = [options["stop"]]
    request: dict[str, Any] = {
        "model": payload["model"],
        "messages": _messages(payload["messages"]),
        "stream": bool(payload.get("stream")),
        **({"options": options} if options else {}),
        **{name: payload[name] for name in OWN_FIELDS if payload.get(name) is not None},
    }
    if payload.get("tool_choice") == "none":  # the only choice that can be expressed
        request.pop("tools", None)
    if isinstance(effort := payload.get("reasoning_effort"), str):
        request.setdefault("think", _think(effort, payload["model"]))
    match payload.get("response_format"):
        case {"type": "json_object"}:
            request["format"] = "json"
        case {"type": "json_schema", "json_schema": {"schema": schema}}:
            request["format"] = schema
    return request


def _think(effort: str, model: str) -> bool | str:
    if "gpt-oss" in model:
        return LEVELS.get(effort, False)
    return effort != "none"


def _messages(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Ollama's messages. It knows the result of a tool by the tool's name, OpenAI by the id of the call."""
    names: dict[str, str] = {}
    out = []
    for message in messages:
        calls = [call for call in message.get("tool_calls") or [] if call.get("function")]
        names |= {str(call.get("id")): call["function"]["name"] for call in calls}
        translated = _message(message, calls)
        if message.get("role") == "tool" and (name := names.get(str(message.get("tool_call_id")))):
            translated["tool_name"] = name
        out.append(translated)
    return out


def _message(message: dict[str, Any], calls: list[dict[str, Any]]) -> dict[str, Any]:
    """Text and pictures of a message apart, tool calls with arguments as objects."""
    role = message.get("role", "user")
    out: dict[str, Any] = {"role": "system" if role == "developer" else role, "content": ""}
    images = []
    match message.get("content"):
        case str(text):
            out["content"] = text
        case list(parts):
            for part in parts:
                match part:
                    case {"type": "text", "text": str(text)}:
                        out["content"] += text
                    case {"type": "image_url", "image_url": {"url": str(url)}}:
                        images.append(url.partition("base64,")[2] or url)
    if images:
        out["images"] = images
    if isinstance(thought := message.get("reasoning_content"), str):
        out["thinking"] = thought
    if calls:
        out["tool_calls"] = [
            {"function": {"name": call["function"]["name"], "arguments": _arguments(call["function"])}}
            for call in calls
        ]
    return out


def _arguments(function: dict[str, Any]) -> Any:
    arguments = function.get("arguments") or {}
    try:
        return from_json(arguments) if isinstance(arguments, str) else arguments
    except ValueError:
        text = f"The arguments of a call of the tool {function['name']} are not JSON."
        raise ApiError(Problem.MALFORMED_REQUEST, text) from None


@dataclass
class Conversion:
    """One reply on its way back."""

    id: str
    model: str
    created: int
    include_usage: bool
    done: bool = False
    _tool_calls: int = 0

    def completion(self, body: bytes) -> dict[str, Any]:
        """The whole reply, not streamed; ``ValueError`` if it is not Ollama's."""
        answer = Answer.model_validate_json(body)
        if answer.model_fields_set.isdisjoint({"message", "done", "error"}):
            raise ValueError("neither a message nor an end")
        if answer.error is not None:
            raise ApiError(Problem.UPSTREAM_FAILED, str(answer.error))
        message = self._delta(answer.message)
        said = {"role": "assistant", "content": "", **message}
        choice = {"index": 0, "message": said, "logprobs": _logprobs(answer)}
        finish = self._finish_reason(answer)
        return {
            **self._head("chat.completion"),
            "choices": [{**choice, "finish_reason": finish}],
            "usage": usage(answer),
        }

    def events(self, line: bytes) -> bytes:
        """The events for a line of the stream: none for a blank one or after the end, ``ValueError`` for garbage."""
        if self.done or not line.strip():
            return b""
        answer = Answer.model_validate_json(line)
        if answer.error is not None:
            self.done = True
            return error_event(ApiError(Problem.UPSTREAM_FAILED, str(answer.error)))
        self.done = answer.done
        delta = self._delta(answer.message)
        finish = self._finish_reason(answer) if self.done else None
        choice = {"index": 0, "delta": delta, "logprobs": _logprobs(answer), "finish_reason": finish}
        events = event({**self._head("chat.completion.chunk"), "choices": [choice]})
        if self.done and self.include_usage:
            events += event({**self._head("chat.completion.chunk"), "choices": [], "usage": usage(answer)})
        return events

    def _head(self, kind: str) -> dict[str, Any]:
        return {"id": self.id, "object": kind, "created": self.created, "model": self.model}

    def _delta(self, message: Said) -> dict[str, Any]:
        delta: dict[str, Any] = {"role": "assistant", "content": message.content or ""}
        if message.thinking:
            delta["reasoning_content"] = message.thinking
        if message.tool_calls:
            delta["tool_calls"] = [self._tool_call(call.function) for call in message.tool_calls]
        return delta

    def _tool_call(self, function: Function) -> dict[str, Any]:
        index, self._tool_calls = self._tool_calls, self._tool_calls + 1
        called = {"name": function.name, "arguments": to_json(function.arguments or {}).decode()}
        return {"index": index, "id": f"call_{self.id[-12:]}_{index}", "type": "function", "function": called}

    def _finish_reason(self, answer: Answer) -> str:
        return "tool_calls" if self._tool_calls else answer.done_reason or "stop"


def _logprobs(answer: Answer) -> dict[str, Any] | None:
    return {"content": answer.logprobs} if answer.logprobs else None


def usage(answer: Answer) -> dict[str, int]:
    """OpenAI's count of tokens, from Ollama's."""
    prompt, reply = answer.prompt_eval_count or 0, answer.eval_count or 0
    return {"prompt_tokens": prompt, "completion_tokens": reply, "total_tokens": prompt + reply}

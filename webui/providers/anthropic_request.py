"""OpenAI's chat completion request as one of Anthropic's Messages API; parameters that this does not know are left out.

Who asks is not told: neither ``user`` nor ``metadata`` of the request is passed on.
"""

from __future__ import annotations

import re
from typing import Any

from pydantic_core import from_json

from webui.errors import ApiError, Problem

MAX_TOKENS = 4096  # the API wants a bound; this one every model accepts
MIN_THINKING = 1024  # the least that the API accepts
THINKING = {"minimal": 1024, "low": 2048, "medium": 8192, "high": 16384, "xhigh": 32768}  # tokens, by OpenAI's effort
TOOL_CHOICES = {"auto": "auto", "none": "none", "required": "any"}
ID = re.compile(r"[^a-zA-Z0-9_-]")  # what an id of a tool call may not have


def messages_request(payload: dict[str, Any]) -> dict[str, Any]:
    """Anthropic's request for an OpenAI one; ``ApiError`` for what it cannot say."""
    system, turns = _conversation(payload["messages"])
    request: dict[str, Any] = {
        "model": payload["model"],
        "max_tokens": _bound(payload) or MAX_TOKENS,
        "messages": turns,
        "stream": bool(payload.get("stream")),
    }
    if system:
        request["system"] = system
    if stop := _stop_sequences(payload.get("stop")):
        request["stop_sequences"] = stop
    _add_tools(request, payload)
    if not _add_thinking(request, payload):
        _add_sampling(request, payload)
    return request


def _conversation(messages: list[dict[str, Any]]) -> tuple[list[Any], list[dict[str, Any]]]:
    """The system's blocks, and turns of user and assistant that alternate."""
    system: list[Any] = []
    turns: list[dict[str, Any]] = []
    for message in messages:
        match message.get("role"):
            case "system" | "developer":
                system += _blocks(message.get("content"))
                continue
            case "assistant":
                role, blocks = "assistant", _blocks(message.get("content")) + _tool_uses(message)
            case "tool":
                role, blocks = "user", [_tool_result(message)]
            case _:
                role, blocks = "user", _blocks(message.get("content"))
        if turns and turns[-1]["role"] == role:
            turns[-1]["content"] += blocks
        elif blocks:
            turns.append({"role": role, "content": blocks})
    return system, _without_trailing_space(turns)


def _without_trailing_space(turns: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The API refuses white space at the end of an answer that it is to continue."""
    match turns:
        case [*_, {"role": "assistant", "content": [*_, {"type": "text", "text": text} as last]}]:
            last["text"] = text.rstrip()
    return turns


def _blocks(content: Any) -> list[dict[str, Any]]:
    """The blocks of a message. The API refuses empty texts, so these are left out."""
    if isinstance(content, str):
        return [{"type": "text", "text": content}] if content.strip() else []
    return [block for part in content or () if (block := _block(part)) is not None]


def _block(part: Any) -> dict[str, Any] | None:
    match part:
        case {"type": "text", "text": str(text)}:
            kept = {name: part[name] for name in ("type", "text", "cache_control") if name in part}
            return kept if text.strip() else None
        case {"type": "image_url", "image_url": {"url": str(url)} | str(url)}:
            return {"type": "image", "source": _image_source(url)}
    kind = part.get("type") if isinstance(part, dict) else None
    raise ApiError(Problem.MALFORMED_REQUEST, f"Models of Anthropic take text and pictures, not {kind!r}.")


def _image_source(url: str) -> dict[str, str]:
    head, found, data = url.partition(";base64,")
    if not (found and head.startswith("data:")):
        return {"type": "url", "url": url}
    return {"type": "base64", "media_type": head.removeprefix("data:").partition(";")[0], "data": data}


def _tool_uses(message: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "type": "tool_use",
            "id": _id(call.get("id")),
            "name": call["function"]["name"],
            "input": _input(call["function"]),
        }
        for call in message.get("tool_calls") or ()
        if call.get("function")
    ]


def _tool_result(message: dict[str, Any]) -> dict[str, Any]:
    result = {"type": "tool_result", "tool_use_id": _id(message.get("tool_call_id"))}
    blocks = _blocks(message.get("content"))
    return {**result, "content": blocks} if blocks else result


def _id(call_id: Any) -> str:
    """The id of a call that another model made may have characters that the API refuses."""
    return ID.sub("_", str(call_id))


def _input(function: dict[str, Any]) -> dict[str, Any]:
    arguments = function.get("arguments") or {}
    try:
        given = from_json(arguments) if isinstance(arguments, str) else arguments
    except ValueError:
        given = None
    if not isinstance(given, dict):
        text = f"The arguments of a call of the tool {function['name']} are not a JSON object."
        raise ApiError(Problem.MALFORMED_REQUEST, text)
    return given


def _stop_sequences(stop: Any) -> list[str]:
    """The API refuses sequences of nothing but white space."""
    given = [stop] if isinstance(stop, str) else stop if isinstance(stop, list) else []
    return [text for text in given if isinstance(text, str) and text.strip()]


def _add_tools(request: dict[str, Any], payload: dict[str, Any]) -> None:
    tools = payload.get("tools")
    if not (isinstance(tools, list) and tools):
        return
    request["tools"] = [_tool(tool) for tool in tools]
    choice: dict[str, Any] = {"type": "auto"}
    match payload.get("tool_choice"):
        case str(name) if name in TOOL_CHOICES:
            choice = {"type": TOOL_CHOICES[name]}
        case {"type": "function", "function": {"name": str(name)}}:
            choice = {"type": "tool", "name": name}
    if payload.get("parallel_tool_calls") is False and choice["type"] != "none":
        choice["disable_parallel_tool_use"] = True
    request["tool_choice"] = choice


def _tool(tool: Any) -> Any:
    """A tool; what is no function is one that Anthropic's server has itself, and goes there as it came."""
    match tool:
        case {"type": "function", "function": {"name": str(name), **function}}:
            described = {"description": function["description"]} if function.get("description") else {}
            schema = function.get("parameters") or {"type": "object", "properties": {}}
            return {"name": name, **described, "input_schema": schema}
    return tool


def _add_thinking(request: dict[str, Any], payload: dict[str, Any]) -> bool:
    """Let the model think if it is asked to and can: the API has rules about tools ("Extended thinking").

    A tool cannot be forced, and an answer that goes on after a tool's result has to bring its thoughts with their
    signatures, which OpenAI's form has no place for.
    """
    forced = request.get("tool_choice", {}).get("type") in ("any", "tool")
    answers = [turn for turn in request["messages"] if turn["role"] == "assistant"]
    goes_on = bool(answers) and answers[-1]["content"][-1]["type"] == "tool_use"
    thinking = payload.get("thinking")
    if not isinstance(thinking, dict):
        thinking = _budget(request, payload)
    if thinking is None or forced or goes_on:
        return False
    request["thinking"] = thinking
    budget = thinking.get("budget_tokens")
    if isinstance(budget, int) and _bound(payload) is None:
        request["max_tokens"] = budget + MAX_TOKENS  # thoughts count, too
    return thinking.get("type") != "disabled"


def _budget(request: dict[str, Any], payload: dict[str, Any]) -> dict[str, Any] | None:
    """Tokens for thinking by OpenAI's effort; at least half of a given bound is left for the answer."""
    effort = payload.get("reasoning_effort")
    budget = THINKING.get(effort, 0) if isinstance(effort, str) else 0
    if _bound(payload) is not None:
        budget = min(budget, request["max_tokens"] // 2)
    return {"type": "enabled", "budget_tokens": budget} if budget >= MIN_THINKING else None


def _bound(payload: dict[str, Any]) -> int | None:
    """The most tokens that the answer may have, if the request says so."""
    for name in ("max_completion_tokens", "max_tokens"):
        if isinstance(bound := payload.get(name), int):
            return bound
    return None


def _add_sampling(request: dict[str, Any], payload: dict[str, Any]) -> None:
    """Newer models refuse temperature and ``top_p`` together, and all refuse them while they think."""
    temperature = payload.get("temperature")
    if isinstance(temperature, int | float):
        request["temperature"] = min(temperature, 1)
    elif payload.get("top_p") is not None:
        request["top_p"] = payload["top_p"]
    if payload.get("top_k") is not None:
        request["top_k"] = payload["top_k"]

"""Anthropic's Messages API as a chat completion request (API reference, "Messages").

What the model's server has no words for is refused where the answer would suffer, such as a PDF, and left out where
it is a hint: thoughts of earlier turns, marks for the cache, who the user is.
"""

from __future__ import annotations

from math import ceil
from typing import Any

from pydantic_core import to_json

from webui.errors import ApiError, Problem

SAME = ("model", "max_tokens", "temperature", "top_p", "top_k", "stream")
TOOL_CHOICES = {"auto": "auto", "any": "required", "none": "none"}
EFFORTS = ("low", "medium", "high", "xhigh")
CHARACTERS_A_TOKEN = 4
PICTURE_TOKENS = 1500  # of a picture in the size that models see it in
PARAGRAPH = "\n\n"


def chat_request(form: dict[str, Any]) -> dict[str, Any]:
    """The chat completion request that a Messages request stands for; 400 for what cannot be done."""
    request = {name: form[name] for name in SAME if form.get(name) is not None}
    request["messages"] = _messages(form)
    if stop := form.get("stop_sequences"):
        request["stop"] = stop
    if form.get("stream"):
        request["stream_options"] = {"include_usage": True}
    if effort := _effort(form):
        request["reasoning_effort"] = effort
    if tools := form.get("tools"):
        request["tools"] = [_tool(tool) for tool in tools]
        request |= _tool_choice(form.get("tool_choice") or {})
    return request


def estimated_tokens(form: dict[str, Any]) -> int:
    """About how many tokens a Messages request has: one for each four characters, and a sum for each picture."""
    said = (form.get("system"), [message["content"] for message in form["messages"]])
    tools = form.get("tools")
    return ceil((_characters(said) + (len(to_json(tools)) if tools else 0)) / CHARACTERS_A_TOKEN)


def _characters(value: Any) -> int:
    match value:
        case str():
            return len(value)
        case {"type": "image"}:
            return PICTURE_TOKENS * CHARACTERS_A_TOKEN
        case dict():
            return sum(_characters(item) for name, item in value.items() if name not in ("type", "cache_control"))
        case list() | tuple():
            return sum(map(_characters, value))
    return 0 if value is None else len(str(value))


def _messages(form: dict[str, Any]) -> list[dict[str, Any]]:
    system = _text(form.get("system") or "", "system")
    messages: list[dict[str, Any]] = [{"role": "system", "content": system}] if system else []
    for number, message in enumerate(form["messages"]):
        place, content = f"messages.{number}", message["content"]
        match message["role"]:
            case "assistant":
                messages.append(_assistant(content, place))
            case "system":
                messages.append({"role": "system", "content": _text(content, place)})
            case _:
                messages += _user(content, place)
    return messages


def _assistant(content: str | list[dict[str, Any]], place: str) -> dict[str, Any]:
    if isinstance(content, str):
        return {"role": "assistant", "content": content}
    texts, calls = [], []
    for block in content:
        match block:
            case {"type": "text", "text": str(text)}:
                texts.append(text)
            case {"type": "tool_use", "id": str(call_id), "name": str(name), "input": dict(given)}:
                called = {"name": name, "arguments": to_json(given).decode()}
                calls.append({"id": call_id, "type": "function", "function": called})
            case {"type": "thinking" | "redacted_thinking"}:
                pass  # signed for Anthropic's own models
            case _:
                raise _unknown(block, place)
    message: dict[str, Any] = {"role": "assistant", "content": PARAGRAPH.join(texts) or None}
    return {**message, "tool_calls": calls} if calls else {**message, "content": message["content"] or ""}


def _user(content: str | list[dict[str, Any]], place: str) -> list[dict[str, Any]]:
    """The results of tools, which have to follow their calls, and then what the user says.

    OpenAI's tool messages hold text alone, so the pictures of results stand at the beginning of what the user says.
    """
    if isinstance(content, str):
        return [{"role": "user", "content": content}]
    results, parts = [], []
    for block in content:
        match block:
            case {"type": "tool_result", "tool_use_id": str(call_id), **result}:
                said = _parts(result.get("content") or "", place)
                text = ("Error: " if result.get("is_error") else "") + _joined(said)
                results.append({"role": "tool", "tool_call_id": call_id, "content": text})
                parts += [part for part in said if part["type"] != "text"]
            case _:
                parts += _parts([block], place)
    if not parts:
        return results
    only_text = all(part["type"] == "text" for part in parts)
    return [*results, {"role": "user", "content": _joined(parts) if only_text else parts}]


def _text(content: str | list[dict[str, Any]], place: str) -> str:
    return _joined(_parts(content, place))


def _joined(parts: list[dict[str, Any]]) -> str:
    return PARAGRAPH.join(part["text"] for part in parts if part["type"] == "text")


def _parts(content: Any, place: str) -> list[dict[str, Any]]:
    """OpenAI's parts of a text or of blocks: texts, pictures, and documents that are text."""
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    parts: list[dict[str, Any]] = []
    for block in content if isinstance(content, list) else [content]:
        match block:
            case {"type": "text", "text": str(text)}:
                parts.append({"type": "text", "text": text})
            case {"type": "image", "source": {"type": "base64", "media_type": str(kind), "data": str(data)}}:
                parts.append({"type": "image_url", "image_url": {"url": f"data:{kind};base64,{data}"}})
            case {"type": "image", "source": {"type": "url", "url": str(url)}}:
                parts.append({"type": "image_url", "image_url": {"url": url}})
            case {"type": "document", "source": {"type": "text", "data": str(text)}}:
                parts.append({"type": "text", "text": text})
            case {"type": "document", "source": {"type": "content", "content": str() | list() as inside}}:
                parts += _parts(inside, place)
            case _:
                raise _unknown(block, place)
    return parts


def _effort(form: dict[str, Any]) -> str | None:
    """OpenAI's word for how much is to be thought."""
    match form.get("thinking"):
        case {"type": "enabled", "budget_tokens": int(budget)}:
            return "low" if budget <= 2048 else "medium" if budget <= 8192 else "high"
        case {"type": "adaptive"}:
            effort = (form.get("output_config") or {}).get("effort")
            return effort if effort in EFFORTS else "medium"
    return None


def _tool(tool: dict[str, Any]) -> dict[str, Any]:
    match tool:
        case {"name": str(name), "input_schema": dict(schema)}:
            described = {"description": tool["description"]} if tool.get("description") else {}
            return {"type": "function", "function": {"name": name, **described, "parameters": schema}}
    text = f"The tool {tool.get('name')!r} is one of Anthropic's own servers, which this model does not have."
    raise ApiError(Problem.MALFORMED_REQUEST, text)


def _tool_choice(choice: dict[str, Any]) -> dict[str, Any]:
    chosen: dict[str, Any] = {"parallel_tool_calls": False} if choice.get("disable_parallel_tool_use") is True else {}
    match choice:
        case {"type": "tool", "name": str(name)}:
            return {**chosen, "tool_choice": {"type": "function", "function": {"name": name}}}
        case {"type": str(kind)} if kind in TOOL_CHOICES:
            return {**chosen, "tool_choice": TOOL_CHOICES[kind]}
    return chosen


def _unknown(block: Any, place: str) -> ApiError:
    kind = block.get("type") if isinstance(block, dict) else None
    text = f"{place}: this model takes no block of type {kind!r} in this form. Send text or pictures instead."
    return ApiError(Problem.MALFORMED_REQUEST, text)

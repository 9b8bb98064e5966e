"""OpenAI's Responses API over chat completions (API reference, "Create a model response").

Nothing is stored between two requests, so a field that refers to something stored is refused rather than ignored: the
model would answer without the conversation that its user means.
"""

from __future__ import annotations

from typing import Any

from pydantic_core import to_json

from webui.bodies import read_body
from webui.dialects.responses_events import ResponseBuilder
from webui.dialects.stream import translated_stream
from webui.errors import ApiError, Problem
from webui.providers.deltas import DeltaReader
from webui.streaming import Reply

STORED = ("previous_response_id", "conversation", "prompt", "background")
SAME = ("model", "stream", "temperature", "top_p", "parallel_tool_calls", "user")


def chat_request(form: dict[str, Any]) -> dict[str, Any]:
    """The chat completion request that a request of the Responses API stands for; 400 for what cannot be done."""
    for name in STORED:
        if form.get(name):
            text = f"{name} cannot be used: no responses are stored here. Send the whole conversation as input."
            raise _refused(text)
    tools, choice = _tools(form.get("tools") or []), form.get("tool_choice")
    if isinstance(choice, dict):
        tools, choice = _tool_choice(tools, choice)
    style, reasoning = form.get("text") or {}, form.get("reasoning") or {}
    translated = {
        "max_tokens": form.get("max_output_tokens"),
        "tools": tools or None,
        "tool_choice": choice,
        "response_format": _response_format(style.get("format")),
        "verbosity": style.get("verbosity"),
        "reasoning_effort": reasoning.get("effort"),
        "stream_options": {"include_usage": True} if form.get("stream") else None,
    }
    request = {name: form[name] for name in SAME if form.get(name) is not None}
    request |= {name: value for name, value in translated.items() if value is not None}
    return request | {"messages": _messages(form)}


async def translated(reply: Reply, form: dict[str, Any]) -> Reply:
    """The response for a reply to ``chat_request(form)``. An error has the form of this API already."""
    if reply.status >= 400:
        return reply
    builder = ResponseBuilder(form)
    if form.get("stream"):
        headers = _headers(reply, "text/event-stream")
        return Reply(reply.status, headers, translated_stream(reply.body, builder))
    reader = DeltaReader()
    deltas = reader.read_completion(await read_body(reply))
    if reader.error is not None:
        raise ApiError(Problem.UPSTREAM_FAILED, reader.error)
    for delta in deltas:
        builder.add(delta)
    builder.finish(reader.finish_reason, reader.usage)
    return Reply(reply.status, _headers(reply, "application/json"), to_json(builder.response))


def _headers(reply: Reply, content_type: str) -> tuple[tuple[str, str], ...]:
    kept = [(name, value) for name, value in reply.headers if name.lower() not in ("content-type", "content-length")]
    return (*kept, ("Content-Type", content_type))


def _messages(form: dict[str, Any]) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = []
    if form.get("instructions"):
        messages.append({"role": "system", "content": form["instructions"]})
    given = form["input"]
    for position, item in enumerate([{"role": "user", "content": given}] if isinstance(given, str) else given):
        _add(messages, item, f"input[{position}]")
    return messages


def _add(messages: list[dict[str, Any]], item: dict[str, Any], place: str) -> None:
    """Append what an item of the input says; several in a row of one turn become one message."""
    last: dict[str, Any] = messages[-1] if messages else {"role": None}
    match item:
        case {"type": "reasoning"}:
            pass  # a model does not read its former thoughts
        case {"type": "function_call", "call_id": str(call), "name": str(name), "arguments": str(arguments)}:
            if last["role"] != "assistant":
                messages.append(last := {"role": "assistant", "content": None})
            called = {"id": call, "type": "function", "function": {"name": name, "arguments": arguments}}
            last.setdefault("tool_calls", []).append(called)
        case {"type": "function_call_output", "call_id": str(call), "output": output}:
            messages.append({"role": "tool", "tool_call_id": call, "content": _content(output, place)})
        case {"role": "system" | "developer", "content": content}:
            text = _content(content, place)
            if last["role"] == "system" and isinstance(text, str) and isinstance(last["content"], str):
                last["content"] += f"\n\n{text}"  # templates of many models allow one system message alone
            else:
                messages.append({"role": "system", "content": text})
        case {"role": "user" | "assistant" as role, "content": content}:
            messages.append({"role": role, "content": _content(content, place)})
        case _:
            kind = item.get("type", "message")
            text = f"{place} is no {kind} that is understood here: messages, function_call, function_call_output."
            raise _refused(text)


def _content(content: Any, place: str) -> str | list[dict[str, Any]]:
    """A message's content, as one text if it is nothing else."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        raise _refused(f"{place} has a content that is neither a text nor a list.")
    parts = [_part(part, place) for part in content]
    if all(part["type"] == "text" for part in parts):
        return "\n".join(part["text"] for part in parts)
    return parts


def _part(part: Any, place: str) -> dict[str, Any]:
    match part:
        case {"type": "input_text" | "output_text" | "text", "text": str(text)}:
            return {"type": "text", "text": text}
        case {"type": "refusal", "refusal": str(text)}:
            return {"type": "text", "text": text}
        case {"type": "input_image", "image_url": str(url)}:
            detail = {"detail": part["detail"]} if part.get("detail") else {}
            return {"type": "image_url", "image_url": {"url": url, **detail}}
        case {"type": "input_file", "file_data": str(data)}:
            return {"type": "file", "file": {"filename": part.get("filename") or "file", "file_data": data}}
        case {"type": "input_audio", "input_audio": dict(audio)}:
            return {"type": "input_audio", "input_audio": audio}
        case {"type": "input_image" | "input_file" as kind}:
            raise _refused(f"{place} has an {kind} without its content: send image_url or file_data, not an id.")
    raise _refused(f"{place} has a part that is not understood here; send text, images, audio or files.")


def _tools(given: list[dict[str, Any]]) -> list[dict[str, Any]]:
    tools = []
    for tool in given:
        if tool.get("type") != "function" or not isinstance(tool.get("name"), str):
            text = (
                f"Tools of the type {tool.get('type')} are not offered here; declare functions (type function, name)."
            )
            raise _refused(text)
        names = ("name", "description", "parameters", "strict")
        function = {name: tool[name] for name in names if tool.get(name) is not None}
        tools.append({"type": "function", "function": function})
    return tools


def _tool_choice(tools: list[dict[str, Any]], choice: dict[str, Any]) -> tuple[list[dict[str, Any]], Any]:
    """The tools that may be called, and the choice among them in the form of chat completions."""
    match choice:
        case {"type": "function", "name": str(name)}:
            return tools, {"type": "function", "function": {"name": name}}
        case {"type": "allowed_tools", "mode": "auto" | "required" as mode, "tools": list(allowed)}:
            names = [tool.get("name") for tool in allowed if isinstance(tool, dict)]
            return [tool for tool in tools if tool["function"]["name"] in names], mode
    raise _refused(f"A tool_choice of the type {choice.get('type')} is not offered here.")


def _response_format(given: Any) -> dict[str, Any] | None:
    match given:
        case None | {"type": "text"}:
            return None
        case {"type": "json_object"}:
            return {"type": "json_object"}
        case {"type": "json_schema", "name": str(), "schema": dict()}:
            names = ("name", "schema", "description", "strict")
            schema = {name: given[name] for name in names if given.get(name) is not None}
            return {"type": "json_schema", "json_schema": schema}
    raise _refused("text.format must be of the type text, json_object or json_schema (with name and schema).")


def _refused(text: str) -> ApiError:
    return ApiError(Problem.MALFORMED_REQUEST, text)

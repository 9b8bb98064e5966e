"""A model that really converses, for scripts that ask several things: it talks, calls tools, thinks and embeds.

It speaks as an OpenAI-compatible API and as Ollama. A model whose name has "thinker" in it tells its thoughts; one
with "busy" answers 429, one with "cut" breaks off in the middle of a stream.
"""

from __future__ import annotations

import json
from typing import Any

from tests.support_upstream import Answer, Upstream

HELLO = "Hello there."
THOUGHT = "Somebody greets me."
SUNNY = "It is sunny in Rome."
PICTURE = "A picture."
ARGUMENTS = {"city": "Rome"}
PROMPT_TOKENS = 5


def conversing(upstream: Upstream, *models: str) -> Upstream:
    """Let the scripted upstream converse as these models."""
    upstream.offer(*models)
    upstream.answers |= {
        "/v1/chat/completions": _as_openai,
        "/v1/embeddings": _openai_vectors,
        "/api/chat": _as_ollama,
        "/api/embed": _ollama_vectors,
    }
    return upstream


def _said(body: Any) -> tuple[str, dict[str, Any] | None]:
    """What the model says, and the tool that it calls instead: the first one, if a user spoke last."""
    last = body["messages"][-1]
    if last["role"] == "tool":
        return SUNNY, None
    if tools := body.get("tools"):
        return "", tools[0]["function"]
    parts = last["content"] if isinstance(last["content"], list) else []
    return PICTURE if last.get("images") or any(part["type"] == "image_url" for part in parts) else HELLO, None


def _thought(body: Any) -> str:
    return THOUGHT if "thinker" in body["model"] else ""


def _as_openai(body: Any) -> Answer:
    if "busy" in body["model"]:
        error = {"message": "Slow down.", "type": "rate_limit_error", "param": None, "code": "rate_limit_exceeded"}
        return Answer.json({"error": error}, 429, headers=(("Retry-After", "7"),))
    text, tool = _said(body)
    words = text.split(" ")
    usage = {"prompt_tokens": PROMPT_TOKENS, "completion_tokens": len(words)}
    usage["total_tokens"] = sum(usage.values())
    calls = [_openai_call(tool)] if tool else []
    finish = "tool_calls" if calls else "stop"
    thought = {"reasoning_content": _thought(body)} if _thought(body) else {}
    if not body.get("stream"):
        message = {"role": "assistant", "content": text or None, **thought, **({"tool_calls": calls} if calls else {})}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": finish}
        return Answer.json(_head(body) | {"object": "chat.completion", "choices": [choice], "usage": usage})
    deltas = [thought] if thought else []
    deltas += [{"content": word if number == 0 else f" {word}"} for number, word in enumerate(words)] if text else []
    deltas += [{"tool_calls": [piece]} for call in calls for piece in _in_pieces(call)]
    chunks = [_chunk(body, delta) for delta in deltas]
    if "cut" in body["model"]:
        return Answer.events(*chunks[:1], b'data: {"cho', cut=True)
    chunks.append(_chunk(body, {}, finish))
    if (body.get("stream_options") or {}).get("include_usage"):
        chunks.append(_event(_head(body) | {"object": "chat.completion.chunk", "choices": [], "usage": usage}))
    return Answer.events(*chunks, b"data: [DONE]\n\n")


def _openai_call(tool: dict[str, Any]) -> dict[str, Any]:
    function = {"name": tool["name"], "arguments": json.dumps(ARGUMENTS)}
    return {"index": 0, "id": "call_1", "type": "function", "function": function}


def _in_pieces(call: dict[str, Any]) -> list[dict[str, Any]]:
    """A call as it is streamed: first without arguments, then these in two parts."""
    arguments = call["function"]["arguments"]
    begin = {**call, "function": {"name": call["function"]["name"], "arguments": ""}}
    return [begin, *({"index": 0, "function": {"arguments": part}} for part in (arguments[:4], arguments[4:]))]


def _head(body: Any) -> dict[str, Any]:
    return {"id": "chatcmpl-1", "created": 1, "model": body["model"]}


def _chunk(body: Any, delta: dict[str, Any], finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    return _event(_head(body) | {"object": "chat.completion.chunk", "choices": [choice]})


def _event(value: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(value).encode() + b"\n\n"


def _as_ollama(body: Any) -> Answer:
    if "busy" in body["model"]:
        return Answer.json({"error": "Slow down."}, 429, headers=(("Retry-After", "7"),))
    text, tool = _said(body)
    words = text.split(" ")
    calls = {"tool_calls": [{"function": {"name": tool["name"], "arguments": ARGUMENTS}}]} if tool else {}
    thought = {"thinking": _thought(body)} if _thought(body) else {}
    counts = {"done": True, "done_reason": "stop", "prompt_eval_count": PROMPT_TOKENS, "eval_count": len(words)}
    head = {"model": body["model"], "created_at": "2025-01-01T00:00:00Z"}
    if not body.get("stream", True):
        return Answer.json({**head, "message": {"role": "assistant", "content": text, **thought, **calls}, **counts})
    says = [{"content": "", **thought}] if thought else []
    says += [{"content": word if number == 0 else f" {word}"} for number, word in enumerate(words)] if text else []
    says += [{"content": "", **calls}] if calls else []
    lines = [{**head, "message": {"role": "assistant", **said}, "done": False} for said in says]
    end = {**head, "message": {"role": "assistant", "content": ""}, **counts}
    if "cut" in body["model"]:
        return Answer([_line(lines[0]), b'{"mess'], content_type="application/x-ndjson", cut=True)
    return Answer([_line(line) for line in (*lines, end)], content_type="application/x-ndjson")


def _line(value: dict[str, Any]) -> bytes:
    return json.dumps(value).encode() + b"\n"


def _inputs(body: Any) -> int:
    given = body["input"]
    return 1 if isinstance(given, str) or isinstance(given[0], int) else len(given)


def _openai_vectors(body: Any) -> Answer:
    data = [{"object": "embedding", "index": index, "embedding": [0.5, 0.25]} for index in range(_inputs(body))]
    usage = {"prompt_tokens": PROMPT_TOKENS, "total_tokens": PROMPT_TOKENS}
    return Answer.json({"object": "list", "data": data, "model": body["model"], "usage": usage})


def _ollama_vectors(body: Any) -> Answer:
    vectors = [[0.5, 0.25]] * _inputs(body)
    return Answer.json({"model": body["model"], "embeddings": vectors, "prompt_eval_count": PROMPT_TOKENS})

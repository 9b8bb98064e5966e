"""The conversing model of ``tests.support_model``, behind Anthropic's API."""

from __future__ import annotations

import json
from typing import Any

from tests.support_model import ARGUMENTS, HELLO, PICTURE, PROMPT_TOKENS, SUNNY, THOUGHT
from tests.support_upstream import Answer, Upstream

COUNTED = 42  # what the server says that any request has


def conversing(upstream: Upstream, *models: str) -> Upstream:
    """Let the scripted upstream converse as these models."""
    listed = [{"type": "model", "id": name, "display_name": name.title()} for name in models]
    upstream.answers |= {
        "/v1/models?limit=1000": Answer.json({"data": listed, "has_more": False}),
        "/v1/messages": _message,
        "/v1/messages/count_tokens": Answer.json({"input_tokens": COUNTED}),
    }
    return upstream


def _blocks(body: Any) -> list[dict[str, Any]]:
    last = body["messages"][-1]["content"]
    kinds = {block["type"] for block in last} if isinstance(last, list) else set()
    if "tool_result" in kinds:
        return [{"type": "text", "text": SUNNY}]
    if tools := body.get("tools"):
        return [{"type": "tool_use", "id": "toolu_1", "name": tools[0]["name"], "input": ARGUMENTS}]
    text = {"type": "text", "text": PICTURE if "image" in kinds else HELLO}
    thought = {"type": "thinking", "thinking": THOUGHT, "signature": "signed"}
    return [thought, text] if "thinker" in body["model"] else [text]


def _message(body: Any) -> Answer:
    if "busy" in body["model"]:
        error = {"type": "error", "error": {"type": "rate_limit_error", "message": "Slow down."}}
        return Answer.json(error, 429, headers=(("Retry-After", "7"),))
    blocks = _blocks(body)
    stop = "tool_use" if blocks[-1]["type"] == "tool_use" else "end_turn"
    head = {"id": "msg_1", "type": "message", "role": "assistant", "model": body["model"], "stop_sequence": None}
    usage = {"input_tokens": PROMPT_TOKENS, "output_tokens": 2}
    if not body.get("stream"):
        return Answer.json({**head, "content": blocks, "stop_reason": stop, "usage": usage})
    begun = {**head, "content": [], "stop_reason": None, "usage": {**usage, "output_tokens": 1}}
    events = [_event("message_start", message=begun), _event("ping")]
    for index, block in enumerate(blocks):
        events += _block_events(index, block)
    if "cut" in body["model"]:
        return Answer.events(*events[:4], b"event: content_bl", cut=True)
    ending = {"stop_reason": stop, "stop_sequence": None}
    return Answer.events(*events, _event("message_delta", delta=ending, usage=usage), _event("message_stop"))


def _block_events(index: int, block: dict[str, Any]) -> list[bytes]:
    """A block in its beginning, in pieces of five characters, and its end."""
    match block:
        case {"type": "text", "text": text}:
            empty = {**block, "text": ""}
            deltas = [{"type": "text_delta", "text": piece} for piece in _pieces(text)]
        case {"type": "thinking", "thinking": text, "signature": signature}:
            empty = {**block, "thinking": "", "signature": ""}
            deltas = [{"type": "thinking_delta", "thinking": piece} for piece in _pieces(text)]
            deltas.append({"type": "signature_delta", "signature": signature})
        case _:
            empty = {**block, "input": {}}
            parts = ["", *_pieces(json.dumps(block["input"]))]
            deltas = [{"type": "input_json_delta", "partial_json": part} for part in parts]
    return [
        _event("content_block_start", index=index, content_block=empty),
        *(_event("content_block_delta", index=index, delta=delta) for delta in deltas),
        _event("content_block_stop", index=index),
    ]


def _pieces(text: str) -> list[str]:
    return [text[at : at + 5] for at in range(0, len(text), 5)]


def _event(kind: str, **fields: Any) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (kind.encode(), json.dumps({"type": kind, **fields}).encode())

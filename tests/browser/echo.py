"""A model server whose model ``echo`` says what it is told to, so that a test has any text come as a reply."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.support_upstream import Answer, Upstream, scripted_upstream

MODEL = "echo"
PIECE = 24  # characters


@contextmanager
def echoing_upstream() -> Iterator[Upstream]:
    with scripted_upstream() as upstream:
        upstream.offer(MODEL)
        upstream.answers["/v1/chat/completions"] = _echo
        yield upstream


def _echo(body: dict[str, Any]) -> Answer:
    text = _said(body["messages"][-1]["content"])
    if not body.get("stream"):
        return Answer.json({"choices": [{"message": {"role": "assistant", "content": text}, "finish_reason": "stop"}]})
    pieces = [text[start : start + PIECE] for start in range(0, len(text), PIECE)]
    return Answer.events(*(_event({"content": piece}) for piece in pieces), _event({}, "stop"), b"data: [DONE]\n\n")


def _said(content: str | list[dict[str, Any]]) -> str:
    if isinstance(content, str):
        return content
    return "".join(part.get("text", "") for part in content)


def _event(delta: dict[str, str], finish_reason: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    return b"data: %s\n\n" % json.dumps({"object": "chat.completion.chunk", "choices": [choice]}).encode()

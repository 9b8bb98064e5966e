"""A model server whose models say what a test has them say, and which keeps what it was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.support_upstream import Answer, Upstream, scripted_upstream

ONE, OTHER = MODELS = ("amelia", "bertram")
NEXT = "And what then?"
AFTERWARDS = json.dumps({"title": "A talk", "tags": ["talk"], "follow_ups": [NEXT]})
USAGE = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}


class Actor:
    """Says the same until told otherwise; models of one question say who they are."""

    def __init__(self, upstream: Upstream) -> None:
        self.upstream = upstream
        upstream.offer(*MODELS)
        upstream.answers["/v1/chat/completions"] = self._answer
        self.reset()

    def reset(self) -> None:
        self.upstream.asked.clear()
        self._answers: dict[str, Answer] = {}

    @property
    def asked(self) -> list[dict[str, Any]]:
        """What was asked for replies; not what titles and suggestions were asked for."""
        return [asked.body for asked in self.upstream.asked if asked.body and asked.body.get("stream")]

    def says(self, *deltas: str | dict[str, Any], model: str = ONE, waits: bool = False) -> threading.Event:
        """What a model says from now on. One that ``waits`` ends its reply when the event is set."""
        go_on = threading.Event()
        said = [delta if isinstance(delta, dict) else {"content": delta} for delta in deltas]
        end = () if waits else (_event({}, "stop"), _event(usage=USAGE), b"data: [DONE]\n\n")
        before_end = go_on if waits else None
        self._answers[model] = Answer.events(*(_event(delta) for delta in said), *end, before_end=before_end)
        return go_on

    def fails(self, status: int, text: str, *headers: tuple[str, str]) -> None:
        self._answers[ONE] = Answer.json({"error": {"message": text}}, status, headers=headers)

    def _answer(self, body: dict[str, Any]) -> Answer:
        if not body.get("stream"):
            message = {"role": "assistant", "content": AFTERWARDS}
            return Answer.json({"choices": [{"message": message, "finish_reason": "stop"}]})
        if (answer := self._answers.get(body["model"])) is not None:
            return answer
        return Answer.events(_event({"content": f"{body['model']} here."}), _event({}, "stop"), b"data: [DONE]\n\n")


@contextmanager
def acting_upstream() -> Iterator[Actor]:
    with scripted_upstream() as upstream:
        yield Actor(upstream)


def _event(delta: dict[str, Any] | None = None, finish_reason: str | None = None, **more: Any) -> bytes:
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish_reason}]
    return b"data: %s\n\n" % json.dumps({"object": "chat.completion.chunk", "choices": choices, **more}).encode()

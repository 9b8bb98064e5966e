"""What tests of runs share."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from tests.support import Client, conversation, message

PATIENCE = 20.0
HELLO = [{"role": "user", "content": "Hi"}]


def chunk(text: str = "", **delta: Any) -> bytes:
    """A piece of a streamed reply."""
    said = {**({"content": text} if text else {}), **delta}
    return b"data: " + json.dumps({"choices": [{"index": 0, "delta": said}]}).encode() + b"\n\n"


USAGE = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
END = (
    b'data: {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}\n\n',
    b"data: " + json.dumps({"choices": [], "usage": USAGE}).encode() + b"\n\n",
    b"data: [DONE]\n\n",
)


def new_chat(person: Client, **reply: Any) -> str:
    """A chat as the page makes it: a question, and an empty message for the reply."""
    body = conversation(message("q", content="Hi"), message("a", "q", role="assistant", content="", **reply))
    chat_id: str = person.post("/api/v1/chats/new", body, status=200).json["id"]
    return chat_id


def asking(chat_id: str, **more: Any) -> dict[str, Any]:
    """The request for the reply."""
    return {"model": "m", "messages": HELLO, "chat_id": chat_id, "id": "a", "session_id": uuid4().hex, **more}


def start(person: Client, chat_id: str, **more: Any) -> str:
    """Ask for the reply; the task's id."""
    answer = person.post("/api/chat/completions", asking(chat_id, **more), status=200).json
    assert answer["status"] is True
    task_id: str = answer["task_id"]
    return task_id


@dataclass(frozen=True)
class Seen:
    """An event as a viewer gets it; ``id`` is the number to resume from."""

    id: int
    type: str
    data: Any


def follow(person: Client, task_id: str, after: int = 0) -> list[Seen]:
    """All events of a run until it is over."""
    answer = person.get(f"/api/tasks/{task_id}/events", headers={"Last-Event-ID": str(after)}, status=200)
    assert answer.content_type == "text/event-stream"
    return parse(answer.body)


def parse(body: bytes) -> list[Seen]:
    """The events of a stream, without pings."""
    found = []
    for block in body.decode().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if "data" in fields:
            told = json.loads(fields["data"])["data"]
            found.append(Seen(int(fields["id"]), told["type"], told["data"]))
    return found


def text(events: list[Seen], kind: str = "content") -> str:
    """What the deltas in these events say."""
    choices = [
        choice for event in events if event.type == "chat:completion" for choice in event.data.get("choices", [])
    ]
    return "".join(choice["delta"].get(kind, "") for choice in choices)


def stored(person: Client, chat_id: str, message_id: str = "a") -> dict[str, Any]:
    """A message as it is read now."""
    chat = person.get(f"/api/v1/chats/{chat_id}", status=200).json
    found: dict[str, Any] = chat["chat"]["history"]["messages"][message_id]
    return found


def eventually(condition: Callable[[], Any]) -> Any:
    """What the condition says once it is truthy."""
    end = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.02)
    return found

"""Have a reply written into a chat, lose the connection, and come back to it: with nothing but Python.

WEBUI_URL, WEBUI_TOKEN and WEBUI_MODEL say where, who and which model.
"""

from __future__ import annotations

import json
import os
import urllib.request
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

URL = os.environ.get("WEBUI_URL", "http://localhost:8080")
HEADERS = {"Authorization": f"Bearer {os.environ['WEBUI_TOKEN']}", "Content-Type": "application/json"}
MODEL = os.environ["WEBUI_MODEL"]


def call(path: str, body: Any = None, **headers: str) -> Any:
    """The answer to a GET, or to a POST when there is a body."""
    data = None if body is None else json.dumps(body).encode()
    return urllib.request.urlopen(urllib.request.Request(URL + path, data, HEADERS | headers))


def follow(task_id: str, after: int = 0) -> Iterator[tuple[int, dict[str, Any]]]:
    """The events of a reply after number ``after``, each with the number from which to go on."""
    number = after
    with call(f"/api/tasks/{task_id}/events", **{"Last-Event-ID": str(after)}) as stream:
        for line in stream:
            if line.startswith(b"id: "):
                number = int(line[4:])
            elif line.startswith(b"data: "):
                yield number, json.loads(line[6:])["data"]


chat = json.load(call("/api/v1/chats/new", {"chat": {"title": "From a script", "models": [MODEL]}}))
question, answer = str(uuid4()), str(uuid4())
task_id = json.load(
    call(
        "/api/chat/completions",
        {
            "model": MODEL,
            "messages": [{"role": "user", "content": "Say hello."}],
            "chat_id": chat["id"],
            "parent_id": question,  # the question is stored in the chat under this id
            "id": answer,  # and the reply under this one
            "session_id": "script",
        },
    )
)["task_id"]

number, event = next(follow(task_id))
print("first:", event["type"])  # and the connection is lost: the reply goes on without us

for _, event in follow(task_id, after=number):
    data = event["data"]
    if event["type"] == "chat:message:error":
        raise SystemExit(data["error"]["content"])
    for choice in data.get("choices", []):
        print(choice["delta"].get("content", ""), end="", flush=True)
    if data.get("done"):
        print("\nwhole:", data["content"])

stored = json.load(call(f"/api/v1/chats/{chat['id']}"))["chat"]["history"]["messages"][answer]
print("stored:", stored["content"])

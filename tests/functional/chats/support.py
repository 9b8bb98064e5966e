"""What tests of chats share."""

from __future__ import annotations

from typing import Any

from tests.support import Client, conversation, counted_statements, message
from webui.models import Message, Run, RunState, utcnow
from webui.runs import journal


def new_chat(person: Client, *messages: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A chat with these messages, or with a question and an answer."""
    body = conversation(*(messages or (message("q"), message("a", "q", role="assistant"))), **fields)
    chat: dict[str, Any] = person.post("/api/v1/chats/new", body, status=200).json
    return chat


def act(person: Client, chat_id: str, action: str, body: Any = None) -> Any:
    """What is answered to something that is done to a chat."""
    return person.post(f"/api/v1/chats/{chat_id}/{action}", body or {}, status=200).json


def generate(person: Client, chat_id: str, message_id: str, *said: str) -> str:
    """Let the message be one that is being generated, and has said so much; the id of its run."""
    now = utcnow()
    run = Run(
        id=f"run of {chat_id}",
        user_id=person.user["id"],
        chat_id=chat_id,
        message_id=message_id,
        model="m",
        state=RunState.RUNNING,
        stop_requested=False,
        owner="another process",
        seq=0,
        created_at=now,
        heartbeat_at=now,
    )
    with person.registry.database.begin() as db:
        db.add(run)
        db.get_one(Message, (chat_id, message_id)).run_id = run.id
        db.flush()
        journal.write(db, [journal.Entry(run.id, len(said), [{"content": piece} for piece in said])])
    return run.id


def statements_of_get(person: Client, path: str) -> list[str]:
    """The SQL that reading this takes, without what belongs to the connection."""
    with counted_statements(person.registry.database.engine) as statements:
        person.get(path, status=200)
    return [text for text in statements if not text.startswith(("PRAGMA", "BEGIN"))]

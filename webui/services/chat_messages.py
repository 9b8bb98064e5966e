"""One message of a chat, changed from outside of the page: new text, or an event that those who look at it are told."""

from __future__ import annotations

from typing import Any

from pydantic_core import to_json
from sqlalchemy.orm import Session

from webui.errors import ApiError, Problem
from webui.models import Chat, Message, utcnow
from webui.runs import journal
from webui.runs.log import Event
from webui.services.chats import find_chat, read_chat

MAX_MESSAGE = 4_000_000  # characters with its data; each event writes all of them again


def edit_message(db: Session, user_id: str, chat_id: str, message_id: str, content: str) -> dict[str, Any]:
    """Give a message another text, tell the chat's viewers, and answer the chat in the form of ``ChatOut``."""
    chat, message = _find(db, user_id, chat_id, message_id)
    _say(chat, message, content)
    told = {"chat_id": chat_id, "message_id": message_id, "content": content}
    _announce(db, chat, message, {"type": "chat:message", "data": told})
    return read_chat(db, user_id, chat_id)


def send_event(db: Session, user_id: str, chat_id: str, message_id: str, event: Event) -> None:
    """Tell the chat's viewers something about a message, and store what the contract says is stored of it."""
    chat, message = _find(db, user_id, chat_id, message_id)
    kind, data = event["type"], event["data"]
    said = data.get("content")
    if kind in ("message", "replace") and isinstance(said, str):
        _say(chat, message, message.content + said if kind == "message" else said)
    _collect(message, kind, data)
    _announce(db, chat, message, event)


def _find(db: Session, user_id: str, chat_id: str, message_id: str) -> tuple[Chat, Message]:
    chat = find_chat(db, user_id, chat_id)
    message = db.get(Message, (chat_id, message_id), with_for_update=True)
    if message is None or message.deleted_at is not None:
        raise ApiError(Problem.MESSAGE_NOT_FOUND)
    return chat, message


def _say(chat: Chat, message: Message, content: str) -> None:
    if message.run_id is not None:
        raise ApiError(Problem.CONFLICT, "This message is being generated; stop that first.")
    message.content = content
    message.data = {key: value for key, value in message.data.items() if key != "content"}  # parts, if it had such
    message.updated_at = chat.updated_at = utcnow()


def _collect(message: Message, kind: str, data: dict[str, Any]) -> None:
    """Add an event's data to the list of the message that the page keeps such data in."""
    key, more = {
        "status": ("statusHistory", [data]),
        "source": ("sources", [data]),
        "citation": ("sources", [data]),
        "files": ("files", data.get("files")),
        "embeds": ("embeds", data.get("embeds")),
    }.get(kind, ("", None))
    if isinstance(more, list):
        known = message.data.get(key)
        message.data = {**message.data, key: [*(known if isinstance(known, list) else ()), *more]}
    if len(message.content) + len(to_json(message.data)) > MAX_MESSAGE:
        raise ApiError(Problem.TOO_LARGE, f"The message would have more than {MAX_MESSAGE} characters.")


def _announce(db: Session, chat: Chat, message: Message, event: Event) -> None:
    journal.announce(db, user_id=chat.user_id, chat_id=chat.id, message_id=message.id, event=event)

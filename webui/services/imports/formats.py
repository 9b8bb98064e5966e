"""Which product a chat in a file comes from, told by what it consists of."""

from __future__ import annotations

from typing import Any

from webui.services.imports import chatgpt, claude
from webui.services.imports.incoming import Incoming, moment, text_or_none


def to_incoming(value: dict[str, Any]) -> Incoming | None:
    """The chat; None for what is a chat of no product that we know."""
    match value:
        case {"mapping": dict()}:
            return chatgpt.read(value)
        case {"chat_messages": list()}:
            return claude.read(value)
        case {"chat": dict(chat)}:
            return _contract(value, chat)
        case {"history": dict()} | {"messages": list()}:
            return _contract({}, value)
    return None


def _contract(row: dict[str, Any], chat: dict[str, Any]) -> Incoming:
    """The contract's export has rows, and in older ones the chats alone, with times of their own."""
    meta = row.get("meta")
    return Incoming(
        chat={**chat, "title": chat.get("title") or row.get("title")},
        created_at=moment(row.get("created_at", chat.get("timestamp"))),
        updated_at=moment(row.get("updated_at", chat.get("timestamp"))),
        meta=meta if isinstance(meta, dict) else {},
        folder_id=text_or_none(row.get("folder_id")),
        pinned=row.get("pinned") is True,
        archived=row.get("archived") is True,
    )

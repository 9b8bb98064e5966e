"""Claude's export: a list of messages, which may name their parents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from webui.services.imports.incoming import Incoming, conversation, epoch, fenced, moment, new_id, text_or_none

ROLES = {"human": "user", "assistant": "assistant"}


def read(value: Mapping[str, Any]) -> Incoming:
    """The chat; messages in which nothing is said are left out."""
    messages: dict[str, dict[str, Any]] = {}
    previous = None
    for message in value["chat_messages"]:
        content = "\n\n".join(_texts(message)) if isinstance(message, dict) else ""
        if not content.strip():
            continue
        key = text_or_none(message.get("uuid")) or new_id()
        if key in messages:
            key = new_id()  # both are kept
        role = ROLES.get(message.get("sender"), "user")
        parent = text_or_none(message.get("parent_message_uuid"))
        said = {"role": role, "content": content, **epoch(message.get("created_at"))}
        parent_id = parent if parent in messages else previous
        messages[key] = {"id": key, "parentId": parent_id, **said, **({"done": True} if role == "assistant" else {})}
        previous = key
    return Incoming(
        conversation(value.get("name"), messages.values(), previous),
        created_at=moment(value.get("created_at")),
        updated_at=moment(value.get("updated_at")),
    )


def _texts(message: dict[str, Any]) -> Iterator[str]:
    """What is said, and what was in the files that came with it."""
    blocks = _dicts(message.get("content"))
    said = [block["text"] for block in blocks if block.get("type") == "text" and isinstance(block.get("text"), str)]
    if said:
        yield from said
    elif isinstance(message.get("text"), str):
        yield message["text"]
    for file in (*_dicts(message.get("attachments")), *_dicts(message.get("files"))):
        name, text = text_or_none(file.get("file_name")), text_or_none(file.get("extracted_content"))
        if name:
            yield f"[{name}]"
        if text:
            yield fenced(text)


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []

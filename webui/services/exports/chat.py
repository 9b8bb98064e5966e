"""One chat to read elsewhere: what was said on the way to the message that its user looks at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from webui.services.tasks import message_text

ROLES = {"user": "User", "assistant": "Assistant", "system": "System"}


def as_markdown(chat: dict[str, Any]) -> str:
    """The chat of ``read_chat`` with the speakers as headings."""
    parts = [f"# {heading(chat)}", *(f"## {speaker}\n\n{text}" for speaker, text in said(chat))]
    return "\n\n".join(parts) + "\n"


def as_text(chat: dict[str, Any]) -> str:
    """The chat of ``read_chat`` without any markup of ours."""
    return "\n\n".join([heading(chat), *(f"{speaker}:\n{text}" for speaker, text in said(chat))]) + "\n"


def heading(chat: dict[str, Any]) -> str:
    """The title on one line."""
    return " ".join(chat["title"].split())


def said(chat: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Who speaks, with the model if it is one, and the text."""
    flat = chat["chat"].get("messages")
    for message in flat if isinstance(flat, list) else ():
        if isinstance(message, dict):
            speaker, model = ROLES.get(str(message.get("role")), "User"), message.get("model")
            named = isinstance(model, str) and message.get("role") == "assistant"
            yield f"{speaker} ({model})" if named else speaker, message_text(message).strip()

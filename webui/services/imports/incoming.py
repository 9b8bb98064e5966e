"""What every reader makes of a chat in a file, and what readers share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

# Epochs come in seconds, and from some clients in milli-, micro- or nanoseconds. The largest of each kind is in the
# year 5138, and the smallest of the next is in 1973.
LATEST_EPOCH = 1e11
NO_EPOCH = 1e21  # nor anything above


@dataclass(frozen=True)
class Incoming:
    """A chat as the contract has it (``chat``), and what is kept beside it. Times that are missing are now."""

    chat: dict[str, Any]
    created_at: datetime | None = None
    updated_at: datetime | None = None
    meta: dict[str, Any] = field(default_factory=dict)
    folder_id: str | None = None
    pinned: bool = False
    archived: bool = False


def moment(value: Any) -> datetime | None:
    """A moment that another product wrote down, as an epoch or as ISO 8601; None for what is none."""
    if isinstance(value, str):
        try:
            parsed = datetime.fromisoformat(value)
        except ValueError:
            return None
        return moment((parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp())
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < NO_EPOCH:
        return None
    seconds = value
    while seconds > LATEST_EPOCH:
        seconds /= 1000
    return datetime.fromtimestamp(seconds, UTC)


def epoch(value: Any) -> dict[str, int]:
    """The key ``timestamp`` of a message, where its time is known."""
    found = moment(value)
    return {} if found is None else {"timestamp": int(found.timestamp())}


def text_or_none(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def conversation(title: Any, messages: Iterable[dict[str, Any]], current_id: str | None) -> dict[str, Any]:
    """The contract's chat of messages with ``id``, ``parentId``, ``role`` and ``content``."""
    by_id = {message["id"]: {**message, "childrenIds": []} for message in messages}
    models = {message["model"]: None for message in by_id.values() if "model" in message}
    history = {"messages": by_id, "currentId": current_id if current_id in by_id else next(reversed(by_id), None)}
    return {"title": title, "models": list(models), "history": history}


def fenced(text: str, language: str = "") -> str:
    """Text as a block of code that nothing in it ends."""
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}{language}\n{text}\n{fence}"


def new_id() -> str:
    return str(uuid4())

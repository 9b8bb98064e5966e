"""What a user's chats consist of, chat by chat: messages, models, lengths, times."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby
from operator import attrgetter
from statistics import fmean
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webui.models import IS_LISTED, Chat, Message
from webui.services.chat_lists import Wanted, page_of_all

Row = sa.Row[*tuple[Any, ...]]


def list_usage(db: Session, user_id: str, *, page: int, page_size: int) -> dict[str, Any]:
    """A page as in ``ChatUsageList``, the newest chats first; ``page`` counts from 1. One statement."""
    total = sa.select(sa.func.count().label("total")).where(Chat.user_id == user_id, IS_LISTED).subquery()
    columns = (Chat.id, Chat.title, Chat.updated_at, Chat.created_at, Chat.current_id, Chat.meta)
    chats = page_of_all(columns, user_id, Wanted(page=page, page_size=page_size)).subquery()
    shown = sa.and_(Message.chat_id == chats.c.id, Message.deleted_at.is_(None))
    find = (
        sa.select(total.c.total, *chats.c, *(column.label(f"message_{name}") for name, column in _MESSAGE.items()))
        .select_from(total)
        .outerjoin(chats, sa.true())
        .outerjoin(Message, shown)
        .order_by(chats.c.updated_at.desc(), chats.c.id, Message.position)
    )
    rows = db.execute(find).all()
    groups = (list(group) for _, group in groupby(rows, attrgetter("id")))
    items = [_usage(group) for group in groups if group[0].message_id is not None]
    return {"items": items, "total": rows[0].total}


_MESSAGE = {
    "id": Message.id,
    "parent_id": Message.parent_id,
    "role": Message.role,
    "length": sa.func.length(Message.content),
    "created_at": Message.created_at,
    "model": Message.data["model"].as_string(),
    "timestamp": Message.data["timestamp"].as_string(),
}


def _usage(rows: Sequence[Row]) -> dict[str, Any]:
    chat, messages = rows[0], {row.message_id: row for row in rows}
    asked = [row for row in rows if row.message_role == "user"]
    answers = [row for row in rows if row.message_role == "assistant"]
    branch = _branch(messages, chat.current_id)
    waits = [
        _written_at(row) - _written_at(messages[row.message_parent_id])
        for row in answers
        if row.message_parent_id in messages
    ]
    tags = chat.meta.get("tags")
    return {
        "id": chat.id,
        "models": _models(row for row in branch if row.message_role == "assistant"),
        "message_count": len(branch),
        "history_models": _models(answers),
        "history_message_count": len(rows),
        "history_user_message_count": len(asked),
        "history_assistant_message_count": len(answers),
        "average_response_time": _mean(waits),
        "average_user_message_content_length": _mean([row.message_length for row in asked]),
        "average_assistant_message_content_length": _mean([row.message_length for row in answers]),
        "tags": [tag for tag in tags if isinstance(tag, str)] if isinstance(tags, list) else [],
        "last_message_at": int(_written_at(branch[0])),
        "updated_at": chat.updated_at,
        "created_at": chat.created_at,
    }


def _branch(messages: dict[str, Row], current_id: str | None) -> list[Row]:
    """The messages from the current one, else the last, up to the first."""
    node: str | None = current_id if current_id in messages else next(reversed(messages))
    path = []
    while node is not None and node in messages:
        path.append(messages[node])
        node = messages[node].message_parent_id
    return path


def _written_at(row: Row) -> float:
    """What the client says, in seconds since 1970, if that may be true; else when the message was stored."""
    try:
        told = float(row.message_timestamp)
    except (TypeError, ValueError):
        told = math.nan
    stored: float = row.message_created_at.timestamp()
    return told if 1e9 < told < 1e11 else stored


def _models(rows: Iterable[Row]) -> dict[str, int]:
    return dict(Counter(row.message_model for row in rows if isinstance(row.message_model, str) and row.message_model))


def _mean(values: Sequence[float]) -> float:
    return fmean(values) if values else 0.0

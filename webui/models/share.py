from __future__ import annotations

from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from webui.models.meta import Base, Moment, TextKey


class SharedChat(Base):
    """What others see of a chat: as it was when its owner shared it last. ``Chat.share_id`` is this row's id."""

    __tablename__ = "shared_chats"

    id: Mapped[TextKey]
    chat_id: Mapped[str] = mapped_column(ForeignKey("chats.id", ondelete="CASCADE"), unique=True)
    title: Mapped[str]
    chat: Mapped[dict[str, Any]]
    meta: Mapped[dict[str, Any]]
    created_at: Mapped[Moment]
    updated_at: Mapped[Moment]

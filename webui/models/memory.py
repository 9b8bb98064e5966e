from __future__ import annotations

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from webui.models.meta import Base, Moment, TextKey, UserId


class Memory(Base):
    """Something that models are to know about a user."""

    __tablename__ = "memories"

    id: Mapped[TextKey]
    user_id: Mapped[UserId]
    content: Mapped[str]
    created_at: Mapped[Moment]
    updated_at: Mapped[Moment]


Index("ix_memories_user_id", Memory.user_id, Memory.created_at)

from __future__ import annotations

from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from webui.models.meta import Base, Moment, TextKey, UserId


class Feedback(Base):
    """What a user thinks of a reply. ``snapshot`` is the conversation at that time, and large: lists leave it out."""

    __tablename__ = "feedbacks"

    id: Mapped[TextKey]
    user_id: Mapped[UserId]
    version: Mapped[int]
    type: Mapped[str]
    data: Mapped[dict[str, Any] | None]
    meta: Mapped[dict[str, Any] | None]
    created_at: Mapped[Moment]
    updated_at: Mapped[Moment]
    # The last one: SQLite reads what stands before it without going through its pages.
    snapshot: Mapped[dict[str, Any] | None]


Index("ix_feedbacks_user_id", Feedback.user_id, Feedback.updated_at.desc())
Index("ix_feedbacks_updated_at", Feedback.updated_at.desc(), Feedback.id)

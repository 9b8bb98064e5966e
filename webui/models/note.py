from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from webui.models.meta import Base, Moment, TextKey, UserId, only


class Note(Base):
    """A page of text. ``data["content"]`` is it as Markdown, HTML and the editor's JSON."""

    __tablename__ = "notes"

    id: Mapped[TextKey]
    user_id: Mapped[UserId]
    title: Mapped[str]
    data: Mapped[dict[str, Any] | None]
    meta: Mapped[dict[str, Any] | None]
    access_control: Mapped[dict[str, Any] | None]
    created_at: Mapped[Moment]
    updated_at: Mapped[Moment]


Index("ix_notes_user_id", Note.user_id, Note.updated_at.desc(), Note.id)

# Most notes are their owners' alone; an index over the others spares looking at them for what is shared with somebody.
MAY_BE_SHARED = sa.or_(
    Note.access_control.is_(None), sa.cast(Note.access_control, sa.Text) != sa.literal_column("'{}'")
)
Index("ix_notes_shared", Note.id, **only(MAY_BE_SHARED))

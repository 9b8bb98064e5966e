from __future__ import annotations

from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from webui.models.meta import Base, Moment, TextKey, UserId


class Folder(Base):
    """A folder for chats, in a tree of its user's. ``data`` holds its system prompt and files, ``meta`` its looks."""

    __tablename__ = "folders"

    id: Mapped[TextKey]
    user_id: Mapped[UserId]
    parent_id: Mapped[str | None] = mapped_column(ForeignKey("folders.id", ondelete="CASCADE"))
    name: Mapped[str]
    meta: Mapped[dict[str, Any] | None]
    data: Mapped[dict[str, Any] | None]
    is_expanded: Mapped[bool]
    created_at: Mapped[Moment]
    updated_at: Mapped[Moment]


Index("ix_folders_user_id", Folder.user_id, Folder.parent_id)
Index("ix_folders_parent_id", Folder.parent_id)

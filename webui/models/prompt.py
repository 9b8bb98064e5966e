from __future__ import annotations

from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from webui.models.meta import Base, Moment, TextKey


class Prompt(Base):
    """A text that ``/command`` puts into the field for messages. ``access_control`` is the contract's, as a model's."""

    __tablename__ = "prompts"

    command: Mapped[TextKey]  # with its slash
    user_id: Mapped[str | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    title: Mapped[str]
    content: Mapped[str]
    access_control: Mapped[dict[str, Any] | None]
    created_at: Mapped[Moment]
    updated_at: Mapped[Moment]


Index("ix_prompts_updated_at", Prompt.updated_at.desc(), Prompt.command)

from __future__ import annotations

from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from webui.models.meta import Base, Moment, TextKey


class Model(Base):
    """What people or administrators say about a model.

    With ``base_model_id`` it is a model of its own on top of another (``params`` holds the system prompt and
    parameters); without, it describes a model of a connection: its name, who may use it, whether it is offered.
    ``access_control`` is the contract's: ``None`` for everybody, else ``{"read": {"user_ids", "group_ids"}, "write":
    ...}``.
    """

    __tablename__ = "models"

    id: Mapped[TextKey]
    user_id: Mapped[str | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    base_model_id: Mapped[str | None]
    name: Mapped[str]
    meta: Mapped[dict[str, Any]]
    params: Mapped[dict[str, Any]]
    access_control: Mapped[dict[str, Any] | None]
    is_active: Mapped[bool]
    created_at: Mapped[Moment]
    updated_at: Mapped[Moment]

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from webui.models.meta import Base, Moment, TextKey, UserId


class RunState(StrEnum):
    """How far a reply is."""

    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"  # its user did not want more of it
    INTERRUPTED = "interrupted"  # its process died
    FAILED = "failed"


class Run(Base):
    """A reply that is being generated, or was.

    ``chat_id`` is missing for a temporary chat. ``owner`` is the process that generates it and renews ``heartbeat_at``;
    ``seq`` is the number of the last delta that is stored.
    """

    __tablename__ = "runs"

    id: Mapped[TextKey]
    user_id: Mapped[UserId]
    chat_id: Mapped[str | None] = mapped_column(ForeignKey("chats.id", ondelete="CASCADE"), index=True)
    message_id: Mapped[str]
    model: Mapped[str]
    state: Mapped[str]
    stop_requested: Mapped[bool]
    owner: Mapped[str]
    seq: Mapped[int]
    error: Mapped[str | None]
    created_at: Mapped[Moment]
    heartbeat_at: Mapped[Moment]
    finished_at: Mapped[datetime | None]


Index("ix_runs_state", Run.state, Run.heartbeat_at)
Index("ix_runs_user_id", Run.user_id, Run.heartbeat_at)


class RunDeltas(Base):
    """A piece of a run's journal: the deltas that end with number ``seq``, as many as the list is long."""

    __tablename__ = "run_deltas"

    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    deltas: Mapped[list[dict[str, Any]]] = mapped_column(JSON)

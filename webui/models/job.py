from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from webui.models.meta import Base, Moment, TextKey


class Job(Base):
    """Work to be done after a transaction, by any process, at least once; the row goes when it is done.

    It may be taken when ``due_at`` has come; whoever takes it puts ``due_at`` off for as long as it may need, so a job
    whose process died is taken again. ``error`` is why the last attempt failed.
    """

    __tablename__ = "jobs"

    id: Mapped[TextKey]
    kind: Mapped[str]
    payload: Mapped[dict[str, Any]]
    user_id: Mapped[str | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    attempts: Mapped[int]
    due_at: Mapped[Moment]
    error: Mapped[str | None]
    failed_at: Mapped[datetime | None]
    created_at: Mapped[Moment]


Index("ix_jobs_due_at", Job.failed_at, Job.due_at)

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, BigInteger, Index
from sqlalchemy.orm import Mapped, mapped_column

from webui.models.meta import Base, Moment, TextKey, UserId


class ChatImport(Base):
    """A file of chats that is being taken in. Its chats carry its id, unseen, until all of them are stored.

    ``state`` is running, done or failed; ``error`` says where and why it failed, ``left_out`` what was not taken in.
    """

    __tablename__ = "chat_imports"

    id: Mapped[TextKey]
    user_id: Mapped[UserId]
    state: Mapped[str]
    path: Mapped[str | None]  # of the uploaded file, until it is read
    size: Mapped[int] = mapped_column(BigInteger)  # bytes of it
    offset: Mapped[int] = mapped_column(BigInteger)  # bytes of it that have been read
    chats: Mapped[int]  # that have been stored
    error: Mapped[str | None]
    left_out: Mapped[list[str]] = mapped_column(JSON, default=list)
    created_at: Mapped[Moment]
    finished_at: Mapped[datetime | None]


Index("ix_chat_imports_user_id", ChatImport.user_id, ChatImport.created_at)

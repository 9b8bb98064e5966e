from __future__ import annotations

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from webui.models.meta import Base, Moment, TextKey


class Usage(Base):
    """What one reply of a model took.

    ``api`` is the way in (chat, run, messages, responses, embeddings, task, ollama, openai); ``estimated`` says that
    the server counted the tokens itself since the model server did not tell. ``status`` is the HTTP status of the
    model server's answer; times are in milliseconds.
    """

    __tablename__ = "usage"

    id: Mapped[TextKey]
    user_id: Mapped[str | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    api: Mapped[str]
    model: Mapped[str]
    connection: Mapped[str]
    chat_id: Mapped[str | None]
    message_id: Mapped[str | None]
    prompt_tokens: Mapped[int]
    completion_tokens: Mapped[int]
    estimated: Mapped[bool]
    status: Mapped[int]
    first_token_ms: Mapped[int | None]
    duration_ms: Mapped[int]
    created_at: Mapped[Moment]


Index("ix_usage_user_id", Usage.user_id, Usage.created_at)
Index("ix_usage_created_at", Usage.created_at)

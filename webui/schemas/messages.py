from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StrictBool, StringConstraints

from webui.schemas.common import Out
from webui.schemas.models import Open

Blocks = Annotated[list[dict[str, Any]], Field(fail_fast=True)]


class Turn(Open):
    role: Literal["user", "assistant", "system"]
    content: str | Blocks


class TokensForm(Open):
    """What Anthropic's API counts: a Messages request without what is about the answer."""

    model: Annotated[str, StringConstraints(min_length=1, max_length=512)]
    messages: Annotated[list[Turn], Field(min_length=1, fail_fast=True)]
    system: str | Blocks | None = None
    tools: Blocks | None = None
    tool_choice: dict[str, Any] | None = None
    thinking: dict[str, Any] | None = None
    output_config: dict[str, Any] | None = None


class MessagesForm(TokensForm):
    """Anthropic's request for a message."""

    max_tokens: Annotated[int, Field(ge=1)]
    stream: StrictBool | None = None
    stop_sequences: list[str] | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    metadata: dict[str, Any] | None = None


class TokenCount(Out):
    input_tokens: int

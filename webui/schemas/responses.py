from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, StrictBool, StringConstraints

from webui.schemas.models import Open

Items = Annotated[list[dict[str, Any]], Field(min_length=1, fail_fast=True)]
Tools = Annotated[list[dict[str, Any]], Field(fail_fast=True)]


class ResponseForm(Open):
    """OpenAI's request for a response. Nothing is stored: `input` is the whole conversation."""

    model: Annotated[str, StringConstraints(min_length=1, max_length=512)]
    input: str | Items
    instructions: str | None = None
    stream: StrictBool | None = None
    tools: Tools | None = None
    tool_choice: str | dict[str, Any] | None = None
    parallel_tool_calls: bool | None = None
    text: dict[str, Any] | None = None
    reasoning: dict[str, Any] | None = None
    temperature: float | None = None
    top_p: float | None = None
    max_output_tokens: Annotated[int, Field(ge=1)] | None = None
    metadata: dict[str, Any] | None = None
    user: str | None = None
    previous_response_id: str | None = None
    store: bool | None = None

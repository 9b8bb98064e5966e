from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from webui.schemas.models import Open

MAX_INPUTS = 2048  # as at OpenAI (API reference, "Create embeddings")

Text = Annotated[str, StringConstraints(min_length=1)]
Tokens = Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=1, fail_fast=True)]
Inputs = Annotated[list[Text] | list[Tokens], Field(min_length=1, max_length=MAX_INPUTS)]


class EmbeddingForm(Open):
    """OpenAI's request for embeddings: of a text, of tokens, or of a list of either."""

    model: Annotated[str, StringConstraints(min_length=1, max_length=512)]
    input: Text | Tokens | Inputs

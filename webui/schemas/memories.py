from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from webui.schemas.common import Epoch, Form, Out

Content = Annotated[str, StringConstraints(min_length=1, max_length=10_000)]


class MemoryForm(Form):
    content: Content


class MemoryUpdateForm(Form):
    """Without `content` the memory stays as it is."""

    content: Content | None = None


class MemoryQueryForm(Form):
    """`k` is how many are wanted at most."""

    content: Content
    k: Annotated[int, Field(ge=1, le=1000)] | None = 1


class MemoryOut(Out):
    id: str
    user_id: str
    content: str
    updated_at: Epoch
    created_at: Epoch


class MemoryMetadata(Out):
    created_at: Epoch


class MemoriesFound(Out):
    """One list of results for the one text asked for, the nearest first. A distance of 1 is equal words, of 0 none."""

    ids: list[list[str]]
    documents: list[list[str]]
    metadatas: list[list[MemoryMetadata]]
    distances: list[list[float]]


class Embedding(Out):
    result: list[float]

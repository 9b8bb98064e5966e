from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, StringConstraints

from webui.schemas.common import Form, Out

TagName = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255, pattern=r"^[^\x00-\x1f\x7f]*$")
]
Count = Annotated[int, Field(ge=0, le=10_000_000)]


class TagForm(Form):
    name: TagName


class TagFilterForm(Form):
    """Chats with a tag, from number ``skip`` on; null stands for the default, as in the contract."""

    name: TagName
    skip: Count | None = None
    limit: Count | None = None


class TagOut(Out):
    """A tag; its id is the name in lower case with underscores for spaces."""

    id: str
    name: str
    user_id: str
    meta: dict[str, Any] | None

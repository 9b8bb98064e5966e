from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, StringConstraints

from webui.schemas.common import Form, Out
from webui.schemas.model_store import AccessControl, Owner

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _nanoseconds(value: Any) -> Any:
    return (value - _EPOCH) // timedelta(microseconds=1) * 1000 if isinstance(value, datetime) else value


# Notes alone have nanoseconds since 1970 in the contract.
Nanoseconds = Annotated[int, BeforeValidator(_nanoseconds)]
Page = Annotated[int, Field(ge=1, le=10_000_000)]


class NoteForm(Form):
    """`data.content.md` is the text. Clients may keep more in `data` and `meta`."""

    title: Annotated[str, StringConstraints(max_length=1000)]
    data: dict[str, Any] | None = None
    meta: dict[str, Any] | None = None
    access_control: AccessControl | None = None


class NoteListQuery(Form):
    page: Page | None = None


class NoteSearchQuery(Form):
    """`view_option` is `created` for one's own or `shared` for those of others, `permission` `write` for those that one
    may change, `order_by` `title`, `created_at` or `updated_at`, `direction` `asc` or `desc`. Anything else counts as
    not given."""

    query: str | None = None
    view_option: str | None = None
    permission: str | None = None
    order_by: str | None = None
    direction: str | None = None
    page: Page = 1


class NoteItem(Out):
    """A note in the list."""

    id: str
    title: str
    data: dict[str, Any] | None
    updated_at: Nanoseconds
    created_at: Nanoseconds
    user: Owner | None


class NoteOut(Out):
    """Everything about a note."""

    id: str
    user_id: str
    title: str
    data: dict[str, Any] | None
    meta: dict[str, Any] | None
    access_control: dict[str, Any] | None
    created_at: Nanoseconds
    updated_at: Nanoseconds


class ReadNote(NoteOut):
    """`write_access` tells whether the reader may change it."""

    write_access: bool


class OwnedNote(NoteOut):
    user: Owner | None


class NoteList(Out):
    """A page, and how many there are on all pages."""

    items: list[OwnedNote]
    total: int

"""What an archive of this server holds beside chats, as rows that may be stored.

An archive may have been changed, so its rows have to fit where those that come through the endpoints do. What does not
is counted instead, so that one odd note does not keep somebody from all the others.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)
from pydantic_core import to_json

from webui.models import utcnow
from webui.services.imports.incoming import moment
from webui.services.new_chats import MAX_TAG, Row
from webui.services.notes import MAX_NOTE

MAX_SIZE = 64 * 1024 * 1024  # bytes of one kind: they are in memory until they are stored
FOLDERS, TAGS, PROMPTS = "folders.json", "tags.json", "prompts.json"
NOTES, MEMORIES, FEEDBACKS = "notes.json", "memories.json", "feedbacks.json"
NOUNS = {
    FOLDERS: ("folder", "folders"),
    TAGS: ("tag", "tags"),
    PROMPTS: ("prompt", "prompts"),
    NOTES: ("note", "notes"),
    MEMORIES: ("memory", "memories"),
    FEEDBACKS: ("feedback", "feedbacks"),
}
MAX_ROW = {FOLDERS: 4 * 1024 * 1024, FEEDBACKS: 32 * 1024 * 1024}  # bytes of JSON, where no form bounds them


def _command(value: str) -> str:
    if not value.isprintable() or not value[1:].strip(" ."):
        raise ValueError("this command cannot stand in an address")
    return value


class _Judgement(BaseModel):
    """What the ratings of models are made of."""

    model_config = ConfigDict(protected_namespaces=())

    rating: str | int | None = None
    model_id: str | None = None
    sibling_model_ids: Annotated[list[str], Field(max_length=100)] | None = None


def _judgement(value: dict[str, Any]) -> dict[str, Any]:
    _Judgement.model_validate(value)
    return value


Moment = Annotated[datetime, BeforeValidator(lambda value: moment(value) or utcnow())]
Line = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=r"^[^\x00-\x1f\x7f]*$")]
Object = dict[str, Any] | None


class _Dated(BaseModel):
    created_at: Moment = Field(default_factory=utcnow)
    updated_at: Moment = Field(default_factory=utcnow)


class _Folder(_Dated):
    id: str
    parent_id: str | None = None
    name: Annotated[Line, StringConstraints(strip_whitespace=True)]
    meta: Object = None
    data: Object = None
    is_expanded: bool = False


class _Tag(BaseModel):
    id: str
    name: Annotated[str, StringConstraints(min_length=1, max_length=MAX_TAG)]


class _Prompt(_Dated):
    command: Annotated[str, StringConstraints(pattern=r"^/[^/]{1,255}$"), AfterValidator(_command)]
    title: Line
    content: Annotated[str, StringConstraints(max_length=1024 * 1024)]


class _Note(_Dated):
    title: Annotated[str, StringConstraints(max_length=1000)]
    data: Object = None
    meta: Object = None

    @model_validator(mode="after")
    def _is_small(self) -> _Note:
        if len(to_json((self.data, self.meta), inf_nan_mode="null")) > MAX_NOTE:
            raise ValueError("this is too large for a note")
        return self


class _Memory(_Dated):
    content: Annotated[str, StringConstraints(min_length=1, max_length=10_000)]


class _Feedback(_Dated):
    type: Line
    data: Annotated[dict[str, Any], AfterValidator(_judgement)] | None = None
    meta: Object = None
    snapshot: Object = None


FORMS: dict[str, type[BaseModel]] = {
    FOLDERS: _Folder,
    TAGS: _Tag,
    PROMPTS: _Prompt,
    NOTES: _Note,
    MEMORIES: _Memory,
    FEEDBACKS: _Feedback,
}


@dataclass
class Extras:
    """Rows by the name of their file, and how many are left out, by that name and the reason."""

    rows: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    left_out: Counter[tuple[str, str]] = field(default_factory=Counter)
    _sizes: Counter[str] = field(default_factory=Counter)

    def add(self, name: str, value: Row, size: int) -> None:
        """Take a row of so many bytes of JSON from this file, or count it."""
        self._sizes[name] += size
        if self._sizes[name] > MAX_SIZE:
            self.left_out[name, f"behind the first {MAX_SIZE // 1024**2} MB"] += 1
        elif size > MAX_ROW.get(name, size) or (row := _valid(FORMS[name], value)) is None:
            self.left_out[name, "with values that are not accepted"] += 1
        else:
            self.rows[name].append(row)


def _valid(form: type[BaseModel], value: Row) -> Row | None:
    try:
        return form.model_validate(value).model_dump()
    except ValidationError:
        return None


def told(left_out: Counter[tuple[str, str]]) -> list[str]:
    """What is left out in words, for the user."""
    return [f"{count} {NOUNS[name][count != 1]} {reason}" for (name, reason), count in left_out.items() if count]

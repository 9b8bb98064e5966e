from __future__ import annotations

from typing import Annotated, Any

from pydantic import ConfigDict, Field

from webui.schemas.common import Epoch, Form, Line, Out


class Judgement(Form):
    """`rating` is 1 or -1. `sibling_model_ids` are the models whose replies to the same question were seen beside it.

    Clients keep more in it, such as `tags` and `details`.
    """

    model_config = ConfigDict(extra="allow", protected_namespaces=())

    rating: str | int | None = None
    model_id: str | None = None
    sibling_model_ids: Annotated[list[str], Field(max_length=100)] | None = None
    reason: str | None = None
    comment: str | None = None


class Snapshot(Form):
    """The conversation as it was when it was judged."""

    model_config = ConfigDict(extra="allow")

    chat: dict[str, Any] | None = None


class FeedbackForm(Form):
    """What somebody thinks of a reply; `type` is `rating`, and `meta` says which reply."""

    type: Line
    data: Judgement | None = None
    meta: dict[str, Any] | None = None
    snapshot: Snapshot | None = None


class FeedbackListQuery(Form):
    """`order_by` is `username`, `model_id`, `rating` or `updated_at`, `direction` `asc` or `desc`. Anything else counts
    as not given."""

    order_by: str | None = None
    direction: str | None = None
    page: Annotated[int, Field(ge=1, le=10_000_000)] = 1


class LeaderboardQuery(Form):
    tag: str | None = None


class FeedbackId(Out):
    id: str
    user_id: str
    created_at: Epoch
    updated_at: Epoch


class FeedbackLine(FeedbackId):
    """All but the conversation."""

    version: int
    type: str
    data: dict[str, Any] | None
    meta: dict[str, Any] | None


class FeedbackOut(FeedbackLine):
    snapshot: dict[str, Any] | None


class Author(Out):
    """Who judged. Nothing records when somebody was last here; the account's last change stands for it."""

    id: str
    name: str
    email: str
    role: str
    last_active_at: Epoch
    updated_at: Epoch
    created_at: Epoch


class AuthoredFeedback(FeedbackLine):
    """`user` is told in the administrators' list alone."""

    user: Author | None = None


class FeedbackPage(Out):
    """A page, and how many there are on all pages."""

    items: list[AuthoredFeedback]
    total: int


class TagCount(Out):
    tag: str
    count: int


class StandingOut(Out):
    """A model's Elo rating, its comparisons with others, and what it was most often praised or blamed for."""

    model_config = ConfigDict(from_attributes=True, protected_namespaces=())

    model_id: str
    rating: int
    won: int
    lost: int
    count: int
    top_tags: list[TagCount]


class Leaderboard(Out):
    """The models that were compared with others, the best first."""

    entries: list[StandingOut]

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic_core import to_json

from webui.api import api_view
from webui.errors import ApiError, Problem
from webui.schemas.feedbacks import (
    AuthoredFeedback,
    FeedbackForm,
    FeedbackId,
    FeedbackLine,
    FeedbackListQuery,
    FeedbackOut,
    FeedbackPage,
    Leaderboard,
    LeaderboardQuery,
)
from webui.security.permissions import Permission
from webui.services import feedbacks
from webui.services.leaderboard import leaderboard
from webui.views.downloads import streamed_list

if TYPE_CHECKING:
    from webui.models import Feedback
    from webui.request import Request
    from webui.streaming import Detached

MAX_FEEDBACK = 32 * 1024 * 1024  # bytes; a whole chat stands in it
MAX_JUDGEMENT = 64 * 1024  # bytes of data and meta, which every list shows


@api_view(route="feedbacks.all", method="GET", permission=Permission.ADMIN, returns=list[FeedbackLine])
def list_all_feedback(request: Request) -> Any:
    """Everybody's feedback without the conversations, the last changed first."""
    return feedbacks.list_all(request.db)


@api_view(route="feedbacks.ids", method="GET", permission=Permission.ADMIN, returns=list[FeedbackId])
def list_feedback_ids(request: Request) -> Any:
    """Whose feedback there is, the last changed first."""
    return feedbacks.list_ids(request.db)


@api_view(route="feedbacks.all", method="DELETE", permission=Permission.ADMIN, returns=bool)
def delete_all_feedback(request: Request) -> bool:
    """Delete everybody's feedback."""
    feedbacks.delete_all(request.db)
    return True


@api_view(
    route="feedbacks.export",
    method="GET",
    permission=Permission.ADMIN,
    returns=list[FeedbackOut],
    errors=(Problem.NO_PERMISSION,),
)
def export_feedback(request: Request) -> Detached:
    """Everybody's feedback with the conversations, as it is read; unless a setting forbids it."""
    if not request.config["admin.export"]:
        raise ApiError(Problem.NO_PERMISSION, "Administrators do not export other people's chats on this server.")
    rows = feedbacks.export(request.database)
    return streamed_list(request, (FeedbackOut.model_validate(dict(row)) for row in rows))


@api_view(
    route="feedbacks.list",
    method="GET",
    permission=Permission.ADMIN,
    query=FeedbackListQuery,
    returns=FeedbackPage,
)
def list_feedback(request: Request) -> feedbacks.Page:
    """Everybody's feedback with the authors, 30 a page, the last changed first."""
    return feedbacks.list_page(request.db, **request.query.model_dump())


@api_view(
    route="feedbacks.leaderboard",
    method="GET",
    permission=Permission.ADMIN,
    query=LeaderboardQuery,
    returns=Leaderboard,
)
def read_leaderboard(request: Request) -> dict[str, Any]:
    """How the models stand that were compared with others; with a `tag`, by the feedback that has it."""
    return {"entries": leaderboard(request.db, request.query.tag)}


@api_view(route="feedbacks.own", method="GET", permission=Permission.VERIFIED, returns=list[AuthoredFeedback])
def list_own_feedback(request: Request) -> Any:
    """One's own feedback without the conversations, the last changed first."""
    return feedbacks.list_own(request.db, request.user.id)


@api_view(route="feedbacks.delete_own", method="DELETE", permission=Permission.VERIFIED, returns=bool)
def delete_own_feedback(request: Request) -> bool:
    """Delete all of one's own feedback."""
    feedbacks.delete_all(request.db, request.user.id)
    return True


@api_view(
    route="feedbacks.create",
    method="POST",
    permission=Permission.VERIFIED,
    body=FeedbackForm,
    returns=FeedbackOut,
    max_body=MAX_FEEDBACK,
)
def create_feedback(request: Request) -> Feedback:
    """Say what one thinks of a reply."""
    return feedbacks.create(request.db, request.user.id, _fields(request.payload))


@api_view(
    route="feedbacks.item",
    method="GET",
    permission=Permission.VERIFIED,
    returns=FeedbackOut,
    errors=(Problem.NOT_FOUND,),
)
def read_feedback(request: Request) -> Feedback | FeedbackOut:
    """One's own feedback, or anybody's for an administrator, whom a setting may keep from seeing the conversation."""
    found = feedbacks.find(request.db, request.user, request.matchdict["id"])
    if found.user_id != request.user.id and not request.config["admin.chat_access"]:
        return FeedbackOut.model_validate(found).model_copy(update={"snapshot": None})
    return found


@api_view(
    route="feedbacks.item",
    method="POST",
    permission=Permission.VERIFIED,
    body=FeedbackForm,
    returns=FeedbackOut,
    max_body=MAX_FEEDBACK,
    errors=(Problem.NOT_FOUND,),
)
def update_feedback(request: Request) -> Feedback:
    """Change a feedback; what the form leaves out, or has as `null`, stays."""
    return feedbacks.update(request.db, request.user, request.matchdict["id"], _fields(request.payload))


@api_view(
    route="feedbacks.item",
    method="DELETE",
    permission=Permission.VERIFIED,
    returns=bool,
    errors=(Problem.NOT_FOUND,),
)
def delete_feedback(request: Request) -> bool:
    """Delete a feedback."""
    feedbacks.delete(request.db, request.user, request.matchdict["id"])
    return True


def _fields(form: FeedbackForm) -> dict[str, Any]:
    """What was given, as it was sent."""
    fields = {name: value for name, value in form.model_dump(exclude_unset=True).items() if value is not None}
    if len(to_json((fields.get("data"), fields.get("meta")))) > MAX_JUDGEMENT:
        raise ApiError(Problem.TOO_LARGE, f"The data and meta of a feedback have at most {MAX_JUDGEMENT} bytes.")
    return fields

"""Replies that are generated in the background: the contract's tasks."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pyramid.response import Response

from webui.api import api_view
from webui.errors import ApiError, Problem
from webui.models import RunState
from webui.runs import journal
from webui.runs.feeds import HEADERS, follow_run, follow_user, while_signed_in
from webui.schemas.runs import (
    ChatAction,
    ChatCompleted,
    ChatTasks,
    EventsQuery,
    ResumeQuery,
    Started,
    Stopped,
    TaskList,
)
from webui.security.permissions import Permission
from webui.services import folders, runs
from webui.services.completions import Completion, find_route
from webui.streaming import Detached, Reply, detached
from webui.views.chat_messages import store_changes
from webui.views.chats import store_new
from webui.views.errors import as_reply
from webui.views.replies import completion

if TYPE_CHECKING:
    from webui.request import Request
    from webui.schemas.models import ChatCompletionForm

MAX_MESSAGES = 32 * 1024 * 1024  # bytes of a conversation


def store_before(request: Request, form: ChatCompletionForm) -> None:
    """Store what comes along with the request for a reply, which saves a request to those who wait for it."""
    if form.new_chat is not None:
        store_new(request, form.new_chat)
    if form.changes is not None and form.chat_id is not None:
        store_changes(request, form.chat_id, form.changes)


def start_run(request: Request, form: dict[str, Any]) -> Response:
    """Store the run, and start it once that is committed. The answer is its id, or its events if those are wanted."""
    engine = request.registry.runs
    system = folders.system_prompt(request.database, request.user.id, form["chat_id"])
    wanted = _streamed(completion(request, form, system))
    begun = runs.begin(request.db, request.user.id, form, owner=engine.owner)
    tasks = form.get("background_tasks")

    def launch(committed: bool) -> None:
        if committed:
            engine.launch(begun, wanted, tasks if isinstance(tasks, dict) else {})

    request.tm.get().addAfterCommitHook(launch)
    if _wants_events(request):
        run = journal.Stored(begun.run_id, request.user.id, begun.chat_id, begun.message_id, RunState.RUNNING, seq=0)
        response = _events(request, lambda: follow_run(engine, run, 0))
        response.headers["X-Task-Id"] = begun.run_id
        return response
    return Response(json_body=Started(task_id=begun.run_id).model_dump())


def _wants_events(request: Request) -> bool:
    """Whether the client prefers events to the contract's answer, which is for those that take anything."""
    offers = request.accept.acceptable_offers(("application/json", "text/event-stream"))
    return bool(offers) and offers[0][0] == "text/event-stream"


def _streamed(asked: Completion) -> Completion:
    """Ask for a stream with its usage, unless somebody says that the model cannot stream."""
    if asked.payload.get("stream") is False or asked.handling.get("stream_response") is False:
        return replace(asked, payload={**asked.payload, "stream": False})
    options = {**(asked.payload.get("stream_options") or {}), "include_usage": True}
    return replace(asked, payload={**asked.payload, "stream": True, "stream_options": options})


@api_view(route="runs.list", method="GET", permission=Permission.VERIFIED, returns=TaskList)
def list_tasks(request: Request) -> dict[str, Any]:
    """The replies that are being generated for the user."""
    return {"tasks": runs.running(request.db, request.user.id)}


@api_view(route="runs.of_chat", method="GET", permission=Permission.VERIFIED, returns=ChatTasks)
def list_tasks_of_chat(request: Request) -> dict[str, Any]:
    """The replies that are being generated in a chat of the user's."""
    return {"task_ids": runs.running(request.db, request.user.id, request.matchdict["chat_id"])}


@api_view(route="runs.stop", method="POST", permission=Permission.VERIFIED, returns=Stopped)
def stop_task(request: Request) -> dict[str, Any]:
    """Stop a reply, whichever process generates it; what has been said stays."""
    run_id = request.matchdict["task_id"]
    if not runs.request_stop(request.db, request.user.id, run_id):
        return {"status": False, "message": "There is no such reply being generated."}
    registry = request.registry
    # Other processes see it in the table within a tenth of a second.
    request.tm.get().addAfterCommitHook(lambda _: registry.background.call_soon(registry.runs.stop, run_id))
    return {"status": True, "message": "The reply is stopped."}


@api_view(
    route="runs.events",
    method="GET",
    permission=Permission.VERIFIED,
    query=ResumeQuery,
    media_type="text/event-stream",
    errors=(Problem.TASK_NOT_FOUND,),
)
def follow_task(request: Request) -> Detached:
    """Follow a reply from any point to its end, as server-sent events whose `id` is the point to resume from.

    Text comes as `chat:completion` with `choices[0].delta`; the last event has `done` and the whole text.
    """
    run = journal.read(request.db.connection(), request.matchdict["task_id"])
    if run is None or run.user_id != request.user.id:
        raise ApiError(Problem.TASK_NOT_FOUND)
    engine, after = request.registry.runs, _last_event_id(request)
    return _events(request, lambda: follow_run(engine, run, after))


@api_view(
    route="events", method="GET", permission=Permission.VERIFIED, query=EventsQuery, media_type="text/event-stream"
)
def follow_everything(request: Request) -> Detached:
    """What happens to all of the user's replies from now on, as server-sent events: for an open page."""
    engine, user_id, text, since = request.registry.runs, request.user.id, request.query.text, time.monotonic()
    return _events(request, lambda: follow_user(engine, user_id, since, text=text))


def _events(request: Request, source: Callable[[], AsyncGenerator[bytes, None]]) -> Detached:
    path, request_id, user = request.path_info, request.request_id, request.user
    engine = request.registry.runs

    async def start() -> Reply:
        events = while_signed_in(engine, source(), user_id=user.id, session_id=user.session_id)
        return Reply(200, HEADERS, events)

    return detached(request, start, lambda error: as_reply(error, request_id, path))


def _last_event_id(request: Request) -> int:
    given = request.headers.get("Last-Event-ID", "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 10 else request.query.after


@api_view(
    route="chat.completed",
    method="POST",
    permission=Permission.VERIFIED,
    body=ChatCompleted,
    returns=dict[str, Any],
    max_body=MAX_MESSAGES,
    errors=(Problem.MODEL_NOT_FOUND,),
)
def complete(request: Request) -> dict[str, Any]:
    """The page says that it has the whole reply; it is answered what it sent, as filters would have changed it."""
    form: ChatCompleted = request.payload
    find_route(request.database, request.config, request.registry.connections.catalog, request.user, form.model)
    return form.model_dump(exclude_unset=True)


@api_view(
    route="chat.action",
    method="POST",
    permission=Permission.VERIFIED,
    body=ChatAction,
    returns=dict[str, Any],
    max_body=MAX_MESSAGES,
    errors=(Problem.NOT_FOUND,),
)
def act(request: Request) -> dict[str, Any]:
    """A button under a message: there are no functions that could add one, so there is none to press."""
    raise ApiError(Problem.NOT_FOUND, "There is no such action.")

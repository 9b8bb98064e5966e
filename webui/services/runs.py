"""Replies that are generated in the background, as far as requests go: beginning, finding, asking to stop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webui.errors import ApiError, Problem
from webui.models import IS_LISTED, Chat, Message, Run, RunState, utcnow

TEMPORARY = "local:"  # how ids of chats begin that are not stored
# What an earlier attempt at this message left.
OUTDATED = frozenset({"done", "error", "interrupted", "stopped", "usage", "followUps", "timing"})


@dataclass(frozen=True)
class Begun:
    """A run that is stored and may start. ``prefix`` is the text that it continues."""

    run_id: str
    chat_id: str  # the client's, also of a temporary chat
    message_id: str
    prefix: str


def begin(db: Session, user_id: str, form: Mapping[str, Any], *, owner: str) -> Begun:
    """Store the run of ``form`` (chat_id, id, parent_id, parent_message, messages, model) and the message it writes.

    The message may be there already, as the page has it. What the user said is stored here if the client did not.
    """
    chat_id, message_id, model = form["chat_id"], form["id"], form["model"]
    run_id, prefix, stored = str(uuid4()), "", not chat_id.startswith(TEMPORARY)
    if stored:
        own = sa.select(Chat).where(Chat.id == chat_id, Chat.user_id == user_id, IS_LISTED)
        chat = db.scalar(own.with_for_update())
        if chat is None:
            raise ApiError(Problem.CHAT_NOT_FOUND, status=400)  # as in the contract
        message = _message(db, chat, form)
        prefix = message.content if form["messages"][-1].get("role") == "assistant" else ""
        message.run_id, message.deleted_at = run_id, None  # what it says stays until there is something new
        kept = {key: value for key, value in message.data.items() if key not in OUTDATED}
        message.data = {**kept, "model": model, "done": False}
        chat.current_id, chat.updated_at = message_id, utcnow()
    now = utcnow()
    db.add(
        Run(
            id=run_id,
            user_id=user_id,
            chat_id=chat_id if stored else None,
            message_id=message_id,
            model=model,
            state=RunState.RUNNING,
            stop_requested=False,
            owner=owner,
            seq=0,
            error=None,
            created_at=now,
            heartbeat_at=now,
            finished_at=None,
        )
    )
    db.flush()
    return Begun(run_id, chat_id, message_id, prefix)


def _message(db: Session, chat: Chat, form: Mapping[str, Any]) -> Message:
    """The row that the reply goes into; 409 while another reply does."""
    message = db.get(Message, (chat.id, form["id"]))
    if message is None:
        return _add(db, chat, form["id"], parent_id=_parent(db, chat, form), role="assistant", content="")
    if message.run_id is not None:
        raise ApiError(Problem.CONFLICT, "This message is being generated already; stop that first.")
    if message.role != "assistant":
        raise ApiError(Problem.CONFLICT, "This message is not a model's; give the reply an id of its own.")
    return message


def _parent(db: Session, chat: Chat, form: Mapping[str, Any]) -> str | None:
    """The message that is answered: stored now if the client has not done that."""
    parent_id = form.get("parent_id")
    if parent_id is None:
        return chat.current_id
    parent = db.get(Message, (chat.id, parent_id))
    if parent is not None:
        parent.deleted_at = None  # another tab may have deleted what this one has answered
    else:
        said = form["messages"][-1]
        if said.get("role") != "user":
            raise ApiError(Problem.INVALID, "parent_id names a message that is not in the chat.")
        _add(db, chat, parent_id, parent_id=chat.current_id, role="user", content=said.get("content"))
    return str(parent_id)


def _add(db: Session, chat: Chat, message_id: str, *, parent_id: str | None, role: str, content: Any) -> Message:
    last = db.scalar(sa.select(sa.func.max(Message.position)).where(Message.chat_id == chat.id))
    message = Message(
        chat_id=chat.id,
        id=message_id,
        parent_id=parent_id,
        position=0 if last is None else last + 1,
        role=role,
        content=content if isinstance(content, str) else "",
        data={"content": content} if isinstance(content, list) else {},
        created_at=utcnow(),
    )
    db.add(message)
    db.flush()
    return message


def running(db: Session, user_id: str, chat_id: str | None = None) -> list[str]:
    """Ids of the replies that are being generated for a user, in one chat or in all."""
    find_ids = sa.select(Run.id).where(Run.user_id == user_id, Run.state == RunState.RUNNING)
    if chat_id is not None:
        find_ids = find_ids.where(Run.chat_id == chat_id)
    return list(db.scalars(find_ids.order_by(Run.created_at)))


def request_stop(db: Session, user_id: str, run_id: str) -> bool:
    """Ask the process that generates a reply to stop; False if there is no such reply of this user's any more."""
    mine = (Run.id == run_id, Run.user_id == user_id, Run.state == RunState.RUNNING)
    changed = db.execute(sa.update(Run).where(*mine).values(stop_requested=True).returning(Run.id))
    return changed.one_or_none() is not None

"""What follows a finished reply: a title and tags for its chat, and suggestions of what to ask next.

Each is a durable job of its own, so a slow one delays neither the reply nor the others. A model that answers nonsense,
or not at all, is no error to anybody: the chat is named by its first words then, and nothing else is stored.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webui.errors import ApiError
from webui.models import IS_LISTED, Chat, Message, Role
from webui.security.identity import find_user
from webui.services import messages, task_answers, tasks
from webui.services.chats import DEFAULT_TITLE, read_chat
from webui.services.tags import add_tags
from webui.services.usage import measured

if TYPE_CHECKING:
    from pyramid.registry import Registry

    from webui.jobs.worker import Jobs
    from webui.services.completions import Completion

T = TypeVar("T")
log = logging.getLogger(__name__)

ANSWER_SECONDS = 180  # a title that takes longer is not worth the model's time
KINDS = {"title_generation": "title", "tags_generation": "tags", "follow_up_generation": "follow_ups"}


def plan(
    db: Session,
    jobs: Jobs,
    *,
    run_id: str,
    user_id: str,
    chat_id: str,
    message_id: str,
    model: str,
    background_tasks: Mapping[str, Any],
) -> None:
    """Add the jobs that the client asked for (the contract's ``background_tasks``), where the reply is stored.

    A title that is named there but not wanted is no model's: the chat is named by its first words.
    """
    wanted = {kind: background_tasks[name] for name, kind in KINDS.items() if name in background_tasks}
    named = sa.select(Chat.title).where(Chat.id == chat_id, Chat.user_id == user_id, IS_LISTED)
    title = db.scalar(named) if wanted else None
    if title is None:
        return
    reply = {"run_id": run_id, "chat_id": chat_id, "message_id": message_id, "model": model, "title": title}
    for kind, generated in wanted.items():
        if generated or kind == "title":
            jobs.add(db, kind, {**reply, "generated": bool(generated)}, user_id=user_id)


async def name_chat(registry: Registry, payload: dict[str, Any], user_id: str) -> None:
    """Store a title unless the chat was renamed meanwhile: the model's, or else the first words of a new chat."""
    reply = FinishedReply(registry, user_id, **payload)
    branch = await reply.branch()
    first = next((tasks.message_text(message) for message in branch if message["role"] == "user"), "")
    is_new = reply.title == DEFAULT_TITLE or sum(message["role"] == "assistant" for message in branch) == 1
    words = task_answers.first_words(first) if is_new else ""
    try:
        answer = await reply.ask(tasks.TITLE, "task.title.enable", branch)
    except ApiError:
        await reply.entitle(words)  # until another attempt finds a better one
        raise
    await reply.entitle(task_answers.title(answer) or words, instead_of=words)


async def tag_chat(registry: Registry, payload: dict[str, Any], user_id: str) -> None:
    """Add tags to those that the chat has."""
    reply = FinishedReply(registry, user_id, **payload)
    found = task_answers.tags(await reply.ask(tasks.TAGS, "task.tags.enable", await reply.branch()))
    if not found:
        return

    try:
        tags = await reply.store(lambda db: add_tags(db, user_id, reply.chat_id, found))
    except ApiError:  # the chat is gone
        return
    await reply.announce("chat:tags", tags)


async def suggest_follow_ups(registry: Registry, payload: dict[str, Any], user_id: str) -> None:
    """Store with the reply what the user may want to ask next."""
    reply = FinishedReply(registry, user_id, **payload)
    found = task_answers.follow_ups(await reply.ask(tasks.FOLLOW_UPS, "task.follow_up.enable", await reply.branch()))
    if not found:
        return

    def store(db: Session) -> bool:
        here = (Message.chat_id == reply.chat_id, Message.id == reply.message_id, Message.run_id.is_(None))
        find = sa.select(Message).join(Chat, Chat.id == Message.chat_id).where(*here, Message.deleted_at.is_(None))
        message = db.scalar(find.where(IS_LISTED).with_for_update(of=Message))
        if message is None:  # it or its chat is gone, or another reply takes its place
            return False
        message.data = {**message.data, "followUps": found}
        return True

    if await reply.store(store):
        await reply.announce("chat:message:follow_ups", {"follow_ups": found})


HANDLERS = {"title": name_chat, "tags": tag_chat, "follow_ups": suggest_follow_ups}


@dataclass(frozen=True)
class FinishedReply:
    """The reply that a job is about. ``title`` is what the chat was called when the job was planned."""

    registry: Registry
    user_id: str
    run_id: str
    chat_id: str
    message_id: str
    model: str
    title: str
    generated: bool

    async def branch(self) -> list[dict[str, Any]]:
        """The messages up to the reply as they are now, none when it is gone."""

        def read() -> list[dict[str, Any]]:
            with self.registry.database.begin(write=False) as db:
                try:
                    history = read_chat(db, self.user_id, self.chat_id)["chat"]["history"]
                except ApiError:
                    return []
            is_there = self.message_id in history["messages"]
            return messages.branch({**history, "currentId": self.message_id}) if is_there else []

        return await asyncio.to_thread(read)

    async def ask(self, task: tasks.Task, switch: str, branch: list[dict[str, Any]]) -> str:
        """What the model says; nothing when it shall not or will not. Raises ``ApiError`` for trouble that may pass."""
        if not (branch and self.generated and self.registry.runtime.settings[switch]):
            return ""
        try:
            completion = await asyncio.to_thread(self._prepare, task, branch)
            if completion is None:
                return ""
            async with asyncio.timeout(ANSWER_SECONDS):
                asked = measured(
                    self.registry.usage, completion, api="task", chat_id=self.chat_id, message_id=self.message_id
                )
                return await tasks.answer_text(await asked)
        except TimeoutError:
            log.info("A model took more than %d s for a small task.", ANSWER_SECONDS)
        except ApiError as error:
            if error.status >= 500 or error.status == 429:
                raise
            log.info("A model refused a small task: %s", error)
        return ""

    def _prepare(self, task: tasks.Task, branch: list[dict[str, Any]]) -> Completion | None:
        settings, catalog = self.registry.runtime.settings, self.registry.connections.catalog
        about = tasks.About(branch)
        with self.registry.database.reader() as connection:
            user = find_user(connection, self.user_id)
        if user is None or user.role is Role.PENDING:
            return None
        return tasks.prepare_task(self.registry.database, settings, catalog, user, task, model=self.model, about=about)

    async def entitle(self, title: str, *, instead_of: str = "") -> None:
        """Name the chat if it is still called as it was, or ``instead_of``."""
        if not title:
            return
        known = sa.or_(Chat.title == self.title, Chat.title == instead_of)
        change = sa.update(Chat).where(Chat.id == self.chat_id, IS_LISTED, known, Chat.title != title)
        renamed = await self.store(lambda db: db.scalar(change.values(title=title).returning(Chat.id)))
        if renamed is not None:
            await self.announce("chat:title", title)

    async def store(self, work: Callable[[Session], T]) -> T:
        """Do ``work`` in a transaction."""

        def transaction() -> T:
            with self.registry.database.begin() as db:
                return work(db)

        return await asyncio.to_thread(transaction)

    async def announce(self, kind: str, data: Any) -> None:
        """Tell those who look at the chat."""
        await self.registry.runs.announce(self.run_id, {"type": kind, "data": data})

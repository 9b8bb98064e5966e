"""A database with years of conversations, written past the server.

What is written is the same for the same numbers, so that runs can be compared.
"""

from __future__ import annotations

import random
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import accumulate
from typing import Any

import sqlalchemy as sa

from webui.models import Chat, Message

MESSAGES = 10  # of a chat
BATCH = 500  # chats a transaction
WORDS = 20_000  # of the vocabulary
WORDS_OF_MESSAGE = 25
BEGIN = datetime(2020, 1, 1, tzinfo=UTC)
# As in English prose of the same length, three letters of a word are in 8 % of the messages in the middle, and its
# rarest three in 3.5 %; so common words are short here as well.
ONSETS = [*"bcdfghjklmnprstvwxyz", *"bl br ch cl cr dr fl fr gl gr ph pl pr qu sc sh sk sl sp st str th tr".split(), ""]
NUCLEI = "a e i o u ai au ea ee ie io oa oo ou y".split()
CODAS = ["", *"d l m n p r s t x ck nd ng nt rt ss st ll".split()]
SEARCH_INDEXES = (
    "SELECT indexname, indexdef FROM pg_indexes WHERE indexname LIKE 'ix_search_%' AND indexdef LIKE '%gin%'"
)


class Writer:
    """Writes texts of random words; a few of these are common and most are rare, as in any language (Zipf's law)."""

    def __init__(self, seed: str) -> None:
        self._draw = random.Random(seed)
        self.vocabulary = _vocabulary()
        self._sums = list(accumulate(1 / (rank + 3) for rank in range(1, WORDS + 1)))

    def words(self, number: int) -> str:
        """A text of so many words."""
        return " ".join(self._draw.choices(self.vocabulary, cum_weights=self._sums, k=number))

    def identifier(self) -> str:
        """A UUID."""
        return str(uuid.UUID(int=self._draw.getrandbits(128), version=4))


@cache
def _vocabulary() -> list[str]:
    draw, words = random.Random("words"), set[str]()
    while len(words) < WORDS:
        syllables = ("".join(map(draw.choice, (ONSETS, NUCLEI, CODAS))) for _ in range(draw.randint(1, 3)))
        words.add("".join(syllables))
    return sorted(sorted(words), key=lambda word: len(word) + 6 * draw.random())


def fill(engine: sa.Engine, user_id: str, chats: int, *, messages: int = MESSAGES) -> list[str]:
    """Writes so many chats of so many messages each; answers their ids, the newest last."""
    writer, ids = Writer(f"{chats} x {messages}"), []
    with _without_search_indexes(engine):
        for first in range(0, chats, BATCH):
            numbers = range(first, min(first + BATCH, chats))
            rows = [_chat(writer, user_id, number, messages) for number in numbers]
            with engine.begin() as connection:
                connection.execute(sa.insert(Chat), [chat for chat, _ in rows])
                connection.execute(sa.insert(Message), [message for _, branch in rows for message in branch])
            ids += [chat["id"] for chat, _ in rows]
            print(f"\r{len(ids):9,} of {chats:,} chats written", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("ANALYZE"))
    return ids


@contextmanager
def _without_search_indexes(engine: sa.Engine) -> Iterator[None]:
    """On PostgreSQL they are made in the end, as when a dump is restored: row by row they take milliseconds a row."""
    if engine.dialect.name == "sqlite":
        yield
        return
    with engine.begin() as connection:
        indexes = connection.execute(sa.text(SEARCH_INDEXES)).all()
        for index in indexes:
            connection.execute(sa.text(f"DROP INDEX {index.indexname}"))
    yield
    with engine.begin() as connection:
        for index in indexes:
            connection.execute(sa.text(index.indexdef))
            connection.execute(sa.text(f"ALTER INDEX {index.indexname} ALTER COLUMN 1 SET STATISTICS 0"))


def _chat(writer: Writer, user_id: str, number: int, messages: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A chat and its messages, each the child of the one before."""
    moment = BEGIN + timedelta(minutes=number)
    chat_id, branch = writer.identifier(), [writer.identifier() for _ in range(messages)]
    moments = {"created_at": moment, "updated_at": moment, "deleted_at": None}
    chat = {
        **{"id": chat_id, "user_id": user_id, "title": writer.words(5), "current_id": branch[-1], **moments},
        **{"archived": number % 10 == 1, "pinned": number % 1000 == 2, "folder_id": None, "share_id": None},
        **{"meta": {}, "data": {"models": ["m"], "params": {}, "files": []}, "import_id": None},
    }
    rows = [
        {
            **{"chat_id": chat_id, "id": message_id, "parent_id": branch[place - 1] if place else None},
            **{"position": place, "role": "assistant" if place % 2 else "user", "run_id": None, **moments},
            **{"content": writer.words(WORDS_OF_MESSAGE), "data": {"timestamp": int(moment.timestamp())}},
        }
        for place, message_id in enumerate(branch)
    ]
    return chat, rows

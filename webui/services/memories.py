"""What models are to know about a user: always fetched by (id, user id).

They are found by the words that they share with a text, a rare word counting more than a common one.
"""

from __future__ import annotations

import heapq
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from itertools import accumulate
from math import log1p
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webui.errors import ApiError, Problem
from webui.models import Memory, utcnow

# Of the latest memories; what a search costs has a bound.
MAX_SEARCHED, MAX_CHARACTERS = 2000, 500_000
# Han, kana and hangul are written without spaces between words, or with particles at them.
_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_RUNS = re.compile(rf"([{_CJK}]+)|[^\W_{_CJK}]+")

_LIST = (
    sa.select(*Memory.__table__.columns)
    .where(Memory.user_id == sa.bindparam("user_id"))
    .order_by(Memory.created_at, Memory.id)
)
_LATEST = (
    sa.select(Memory.id, Memory.content, Memory.created_at)
    .where(Memory.user_id == sa.bindparam("user_id"))
    .order_by(Memory.created_at.desc(), Memory.id)
    .limit(MAX_SEARCHED)
)


def list_memories(db: Session, user_id: str) -> list[sa.RowMapping]:
    """All of a user's memories, the oldest first."""
    return list(db.execute(_LIST, {"user_id": user_id}).mappings())


def add_memory(db: Session, user_id: str, content: str) -> Memory:
    """Remember something."""
    row = Memory(id=str(uuid4()), user_id=user_id, content=content)
    db.add(row)
    db.flush()
    return row


def update_memory(db: Session, user_id: str, memory_id: str, content: str | None) -> Memory:
    """Put another text in a memory's place; without one it stays."""
    row = _find(db, user_id, memory_id)
    if content is not None:
        row.content, row.updated_at = content, utcnow()
        db.flush()
    return row


def delete_memory(db: Session, user_id: str, memory_id: str) -> None:
    """Forget something."""
    db.delete(_find(db, user_id, memory_id))


def delete_memories(db: Session, user_id: str) -> None:
    """Forget everything about a user."""
    db.execute(sa.delete(Memory).where(Memory.user_id == user_id))


def search(db: Session, user_id: str, text: str, limit: int) -> dict[str, Any]:
    """The memories that share words with the text, the nearest first, in the contract's form of a vector search.

    ``distances`` are the shared words' part of all words of both, by weight: from 0 (none) to 1 (the same).
    """
    rows = db.execute(_LATEST, {"user_id": user_id}).all()
    if not rows:
        raise ApiError(Problem.NO_MEMORIES)
    lengths = accumulate(len(row.content) for row in rows)
    rows = [row for row, length in zip(rows, lengths, strict=True) if length <= MAX_CHARACTERS] or rows[:1]
    wanted, known = words(text), [words(row.content) for row in rows]
    seen_in = Counter(word for each in known for word in each)
    weights = {word: log1p(len(rows) / (1 + seen_in[word])) for word in wanted.union(*known)}

    def weight(some: set[str]) -> float:
        return sum(weights[word] for word in some)

    near = [
        (weight(shared) / weight(wanted | each), row)
        for each, row in zip(known, rows, strict=True)
        if (shared := wanted & each)
    ]
    found = heapq.nlargest(limit, near, key=lambda pair: pair[0])
    return {
        "ids": [[row.id for _, row in found]],
        "documents": [[row.content for _, row in found]],
        "metadatas": [[{"created_at": row.created_at} for _, row in found]],
        "distances": [[score for score, _ in found]],
    }


def words(text: str) -> set[str]:
    """The words of a text without regard to case; of scripts without spaces, each two characters that follow."""
    return set(_split(unicodedata.normalize("NFKC", text).casefold()))


def _split(text: str) -> Iterator[str]:
    for run in _RUNS.finditer(text):
        if run[1] is None or len(run[1]) == 1:
            yield run[0]
        else:
            yield from (run[1][start : start + 2] for start in range(len(run[1]) - 1))


def _find(db: Session, user_id: str, memory_id: str) -> Memory:
    row = db.scalar(sa.select(Memory).where(Memory.id == memory_id, Memory.user_id == user_id).with_for_update())
    if row is None:
        raise ApiError(Problem.MEMORY_NOT_FOUND)
    return row

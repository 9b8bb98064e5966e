"""How often something may be tried: counted in the database, so that all processes count together."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from webui.errors import ApiError, Problem
from webui.models import Database, SigninAttempt

BUCKET_SECONDS = 60


def count_attempt(database: Database, limits: Mapping[str, int], *, window: timedelta) -> None:
    """Count one try for each key, in a transaction of its own so that a try that fails later counts too.

    ``limits`` has the tries that a key allows; the window slides in steps of a minute. The first key beyond its limit
    ends it with 429 and Retry-After. Keys after it do not count the try, so whoever is refused under a key of their
    own uses up nothing of a key that is shared with others: put the shared ones last.
    """
    bucket = int(time.time() // BUCKET_SECONDS)
    oldest = bucket - int(window.total_seconds() // BUCKET_SECONDS)
    with database.begin() as db:
        db.execute(sa.delete(SigninAttempt).where(SigninAttempt.bucket < oldest))
        allowed = all(_count(db, key, bucket) <= limit for key, limit in limits.items())
    if not allowed:
        raise ApiError(Problem.RATE_LIMITED, headers={"Retry-After": str(BUCKET_SECONDS)})


def _count(db: Session, key: str, bucket: int) -> int:
    """Count one try; all tries of the key that are kept."""
    key = hashlib.sha256(key.encode()).hexdigest()  # addresses of people are not stored
    insert = sqlite.insert if db.get_bind().dialect.name == "sqlite" else postgresql.insert
    count = insert(SigninAttempt).values(key=key, bucket=bucket, count=1)
    db.execute(count.on_conflict_do_update(index_elements=["key", "bucket"], set_={"count": SigninAttempt.count + 1}))
    return db.scalar(sa.select(sa.func.sum(SigninAttempt.count)).where(SigninAttempt.key == key)) or 0

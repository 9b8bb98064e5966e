"""How often something may be tried: counted in the database, so that all processes count together."""

from __future__ import annotations

import hashlib
import time
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from webui.errors import ApiError, Problem
from webui.models import Database, SigninAttempt

BUCKET_SECONDS = 60


def count_signin(database: Database, *, email: str, limit: int, window: timedelta) -> None:
    """Count one try for this address, in a transaction of its own so that a failed sign-in counts too.

    The window slides in steps of a minute. Raises 429 with Retry-After beyond ``limit`` tries.
    """
    key = hashlib.sha256(email.strip().lower().encode()).hexdigest()
    bucket = int(time.time() // BUCKET_SECONDS)
    oldest = bucket - int(window.total_seconds() // BUCKET_SECONDS)
    with database.begin() as db:
        dialect = db.get_bind().dialect.name
        insert = sqlite.insert if dialect == "sqlite" else postgresql.insert
        count = insert(SigninAttempt).values(key=key, bucket=bucket, count=1)
        db.execute(
            count.on_conflict_do_update(index_elements=["key", "bucket"], set_={"count": SigninAttempt.count + 1})
        )
        db.execute(sa.delete(SigninAttempt).where(SigninAttempt.bucket < oldest))
        tries = db.scalar(sa.select(sa.func.sum(SigninAttempt.count)).where(SigninAttempt.key == key)) or 0
    if tries > limit:
        raise ApiError(Problem.RATE_LIMITED, headers={"Retry-After": str(BUCKET_SECONDS)})

"""Locks that hold until the transaction ends, across processes."""

from __future__ import annotations

from enum import IntEnum

import sqlalchemy as sa
from sqlalchemy.orm import Session


class Lock(IntEnum):
    """Names of PostgreSQL's advisory locks; the numbers are ours alone and never change."""

    MIGRATION = 0x77656275_0001
    ACCOUNTS = 0x77656275_0002
    SETTINGS = 0x77656275_0003


def hold(db: Session | sa.Connection, lock: Lock) -> None:
    """Wait for ``lock`` and keep it until the transaction ends. On SQLite a writing transaction is alone already."""
    bind = db.get_bind() if isinstance(db, Session) else db
    if bind.dialect.name == "postgresql":
        db.execute(sa.select(sa.func.pg_advisory_xact_lock(int(lock))))

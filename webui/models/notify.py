"""LISTEN and NOTIFY of PostgreSQL, by which processes learn at once of what another one has committed.

On SQLite nobody is told, and waiting is just that: who uses this also looks now and then by itself.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

if TYPE_CHECKING:
    from webui.models.database import Database

log = logging.getLogger(__name__)


def notify(db: Session, channel: str) -> None:
    """Tell who listens, when the transaction commits."""
    if db.get_bind().dialect.name == "postgresql":
        db.execute(sa.select(sa.func.pg_notify(channel, "")))


class Listener:
    """Waits on the asyncio loop for notifications of a channel, with a connection of its own."""

    def __init__(self, database: Database, channel: str) -> None:
        self._engine = database.engine
        self._channel = channel
        self._listens = self._engine.dialect.name == "postgresql"
        self._connection: Any = None  # psycopg2's
        self._heard = asyncio.Event()

    async def wait(self, timeout: float) -> None:
        """Return at the next notification, or after ``timeout`` seconds, also when nobody can be listened to."""
        if self._listens and self._connection is None:
            await self._connect()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._heard.wait(), timeout)
        self._heard.clear()

    def close(self) -> None:
        """Give the connection up."""
        if self._connection is not None:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._connection.close()
            self._connection = None

    async def _connect(self) -> None:
        try:
            self._connection = await asyncio.to_thread(self._listening_connection)
        except (SQLAlchemyError, self._driver_error) as error:
            log.debug("Nobody listens on %s: %s", self._channel, error)
            return
        self._socket: int = self._connection.fileno()
        asyncio.get_running_loop().add_reader(self._socket, self._read)

    def _listening_connection(self) -> Any:
        pooled = self._engine.raw_connection()
        pooled.detach()  # it never goes back
        connection: Any = pooled.dbapi_connection
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(f"LISTEN {self._channel}")
        return connection

    def _read(self) -> None:
        """Something has come: notifications, or the end of the connection."""
        try:
            self._connection.poll()
        except self._driver_error:
            self.close()  # the next wait makes another
        else:
            self._connection.notifies.clear()
        self._heard.set()

    @property
    def _driver_error(self) -> type[Exception]:
        error: type[Exception] = self._engine.dialect.loaded_dbapi.Error  # a raw connection's errors come unwrapped
        return error

"""The settings as they are now: what was resolved at start, under what administrators have stored since."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from webui.models.setting import stored_values, stored_version

if TYPE_CHECKING:
    from pyramid.config import Configurator

    from webui.background import BackgroundLoop
    from webui.models import Database
    from webui.settings import Settings

log = logging.getLogger(__name__)

POLL_SECONDS = 1.0


class RuntimeSettings:
    """Holds ``settings`` and exchanges it for a newer one when the database has a newer version.

    The version is one number that is read once a second beside the requests, so reading a setting costs no SQL and
    a change reaches every process within two seconds.
    """

    def __init__(self, settings: Settings, database: Database, background: BackgroundLoop) -> None:
        self.settings_at_start = settings
        self._settings = settings
        self._database = database
        self._background = background
        self._version = -1
        self._polling = False

    @property
    def settings(self) -> Settings:
        """The settings of this moment. The first access starts the polling, so that no thread runs before a fork."""
        if not self._polling:
            self._polling = True
            if self._settings["settings.persistent"]:
                self.refresh()
                self._background.submit(self._poll())
        return self._settings

    def refresh(self) -> None:
        """Read what is stored, if it has changed."""
        with self._database.reader() as connection:
            if stored_version(connection) == self._version:
                return
            self._version, values = stored_values(connection)
        self._settings = self._settings.with_database(values)

    async def _poll(self) -> None:
        reachable = True
        while True:
            await asyncio.sleep(POLL_SECONDS)
            try:
                await asyncio.to_thread(self.refresh)
            except SQLAlchemyError as error:
                if reachable:
                    log.warning("The stored settings cannot be read, the last known ones stay: %s", error)
                reachable = False
            else:
                reachable = True


def includeme(config: Configurator) -> None:
    """Give the registry its background loop and its settings of this moment."""
    registry = config.registry
    registry.runtime = RuntimeSettings(registry.webui_settings, registry.database, registry.background)

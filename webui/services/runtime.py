"""The settings as they are now: what was resolved at start, under what administrators have stored since."""

from __future__ import annotations

import asyncio
import logging
import threading
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from webui.models.notify import Listener
from webui.models.setting import CHANNEL, known_keys, stored_values, stored_version
from webui.services.secrets import opened, wrong_key

if TYPE_CHECKING:
    from pyramid.config import Configurator

    from webui.background import BackgroundLoop
    from webui.models import Database
    from webui.security.vault import Vault
    from webui.settings import Settings

log = logging.getLogger(__name__)

POLL_SECONDS = 1.0


class RuntimeSettings:
    """Holds ``settings`` and exchanges it for a newer one when the database has a newer version.

    The version is one number that is read once a second beside the requests, and at once when PostgreSQL tells of a
    change. So reading a setting costs no SQL, and a change reaches every process within two seconds.
    """

    def __init__(self, settings: Settings, database: Database, background: BackgroundLoop, vault: Vault) -> None:
        self.settings_at_start = settings
        self._settings = settings
        self._database = database
        self._background = background
        self._vault = vault
        self._version = -1
        self._told: set[str] = set(settings.warnings)
        self._started = False
        self._lock = threading.RLock()  # a slow reader must not put older settings over newer ones

    @property
    def settings(self) -> Settings:
        """The settings of this moment. The first access starts the polling, so that no thread runs before a fork."""
        if not self._started:
            self._start()
        return self._settings

    def _start(self) -> None:
        """Raises when the database does not answer: serving without what is stored might open what was closed."""
        with self._lock:
            if not self._started and self.settings_at_start["settings.persistent"]:
                self.refresh()
                self._check_key()
                self._background.submit(self._poll())
            self._started = True

    def refresh(self) -> None:
        """Read what is stored, if it has changed."""
        with self._lock, self._database.reader() as connection:
            if stored_version(connection) != self._version:
                self._version, stored = stored_values(connection)
                values, unreadable = opened(self._vault, stored)
                self._settings = self._settings.with_database(values, stored.keys() - values.keys())
                self._warn([*self._settings.warnings, *([str(unreadable)] if unreadable else [])])

    def _warn(self, warnings: list[str]) -> None:
        """Tell what has not been told."""
        for warning in warnings:
            if warning not in self._told:
                log.warning("%s", warning)
        self._told = set(warnings)

    def _check_key(self) -> None:
        with self._database.reader() as connection:
            if warning := wrong_key(known_keys(connection), self._vault.keyring):
                log.warning("%s", warning)

    async def _poll(self) -> None:
        reachable = True
        changes = Listener(self._database, CHANNEL)
        try:
            while True:
                await changes.wait(POLL_SECONDS)
                try:
                    await asyncio.to_thread(self.refresh)
                except SQLAlchemyError as error:
                    if reachable:
                        log.warning("The stored settings cannot be read, the last known ones stay: %s", error)
                    reachable = False
                else:
                    reachable = True
        finally:
            changes.close()


def includeme(config: Configurator) -> None:
    """Give the registry its settings of this moment."""
    registry = config.registry
    registry.runtime = RuntimeSettings(registry.webui_settings, registry.database, registry.background, registry.vault)

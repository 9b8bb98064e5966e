"""What checks look at: found out at first use, once, whether it is there or not."""

from __future__ import annotations

import os
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import sqlalchemy as sa

from webui.background import BackgroundLoop
from webui.doctor.probes import SECONDS, Probe, Site, ask_connections, ask_site, own_address
from webui.doctor.soundness import find_faults, is_damage
from webui.models.database import Database, create_engine
from webui.models.setting import stored_values
from webui.providers.http import HttpClient
from webui.security.keys import Keyring, SecretKeyError, keyring
from webui.security.vault import Vault
from webui.services.secrets import Unreadable, opened
from webui.settings import Settings, from_ini_file, program

T = TypeVar("T")
POSTGRESQL = f"-c statement_timeout={SECONDS * 1000:.0f} -c default_transaction_read_only=on"
UPGRADE = "In the folder of the checkout: git pull && ./scripts/start.sh"
AS_SERVER = "Run it as the user of the server: sudo -u USER webui doctor"
DAMAGED = "The database file is damaged (database.integrity)."
KEY_UNREADABLE = "The secret key cannot be read (security.secret_key)."


class Missing(Exception):
    """What a check needs is not there; the text says so. Such a check is skipped."""


class Context:
    """The place of an examination. ``settings`` and what follows from them raise ``Missing`` when they are wrong."""

    def __init__(
        self,
        ini: str | Path | None = None,
        *,
        environ: Mapping[str, str] = os.environ,
        slow: bool = False,
        mounts: Path = Path("/proc/mounts"),
    ) -> None:
        """``slow`` allows what may take minutes; ``mounts`` is the table of mounted file systems."""
        self.ini = Path(ini) if ini else None
        self.environ = environ
        self.slow = slow
        self.mounts = mounts
        self.background = BackgroundLoop("webui-doctor")
        self.http = HttpClient()

    def close(self) -> None:
        """Give back what was opened."""
        self.background.stop()

    def run(self, coro: Coroutine[Any, Any, T]) -> T:
        """Wait for what happens on the network; every part of it has a time limit of its own."""
        return self.background.run(coro)

    @property
    def initialize(self) -> str:
        """The command that makes and migrates the database."""
        return program("initialize_db", self.ini or "production.ini")

    def when_here(self, remedy: str) -> str:
        """What mends something that is missing, unless it is missing since this is another folder than the server's."""
        folder: Path = self.settings["data_dir"]
        if folder.exists() or not folder.is_relative_to(Path.cwd()):
            return remedy
        return (
            f"Relative paths start from the working directory, {Path.cwd()}: run webui doctor in the folder where the"
            f" server runs. If that is here: {remedy}"
        )

    @cached_property
    def loaded(self) -> Settings | Exception:
        """What environment, ``.env`` and INI say, or why that cannot be used."""
        try:
            return from_ini_file(self.ini, self.environ)
        except Exception as error:  # whatever it is, the other checks go on
            return error

    @property
    def settings_at_start(self) -> Settings:
        """The settings without what the database holds."""
        if isinstance(self.loaded, Exception):
            raise Missing("The settings cannot be used (settings.readable).")
        return self.loaded

    @cached_property
    def settings(self) -> Settings:
        """The settings in force; without what is stored if that cannot be read."""
        return self.settings_at_start.with_database({} if isinstance(self._opened, Missing) else self._opened[0])

    @property
    def stored(self) -> Mapping[str, object]:
        """The stored settings, but for those that ``unreadable`` has."""
        return self._needed()[0]

    @property
    def unreadable(self) -> Unreadable:
        """The stored settings that are encrypted under a key that is not here."""
        self.require_secrets()
        return self._needed()[1]

    @cached_property
    def found_keys(self) -> Keyring | SecretKeyError:
        """The secret keys, none if there is no key file; or why they cannot be read."""
        try:
            return keyring(self.settings_at_start, make=False)
        except SecretKeyError as error:
            return error

    @property
    def keyring(self) -> Keyring:
        """The secret keys; ``Missing`` when they cannot be read."""
        if isinstance(self.found_keys, SecretKeyError):
            raise Missing(KEY_UNREADABLE)
        return self.found_keys

    @cached_property
    def _opened(self) -> tuple[Mapping[str, object], Unreadable] | Missing:
        """What is stored, as far as the keys open it; or why it cannot be read."""
        keys = Keyring(()) if isinstance(self.found_keys, SecretKeyError) else self.found_keys
        try:
            with self.connection() as connection:
                return opened(Vault(lambda: keys), stored_values(connection)[1])
        except Missing as missing:
            return missing
        except sa.exc.SQLAlchemyError:
            return Missing("What is stored cannot be read (database.schema).")

    def _needed(self) -> tuple[Mapping[str, object], Unreadable]:
        if isinstance(self._opened, Missing):
            raise self._opened
        self.require_sound_file()
        return self._opened

    def require_secrets(self) -> None:
        """Raise ``Missing`` when stored secrets cannot be opened because the key file cannot be read: the server may
        well read both.
        """
        is_key_unreadable = isinstance(self.found_keys, SecretKeyError)
        if is_key_unreadable and not isinstance(self._opened, Missing) and self._opened[1]:
            raise Missing(KEY_UNREADABLE)

    @property
    def database_url(self) -> sa.URL:
        url: sa.URL = self.settings_at_start["database.url"]
        return url

    @property
    def is_sqlite(self) -> bool:
        return self.database_url.get_backend_name() == "sqlite"

    @property
    def database_file(self) -> Path:
        """The SQLite file, whether or not it exists; ``Missing`` with another kind of database."""
        if not self.is_sqlite:
            raise Missing("The database is no SQLite file.")
        return Path(str(self.database_url.database))

    @cached_property
    def _database(self) -> Database:
        return Database(create_engine(_reading_url(self.database_url), poolclass=sa.NullPool))

    @cached_property
    def refusal(self) -> Exception | None:
        """Why the database cannot be connected to."""
        try:
            if self.is_sqlite and not self.database_file.exists():
                raise Missing("There is no database yet (database.reachable).")
            with self._database.reader() as connection:
                connection.execute(sa.select(1))
        except (sa.exc.SQLAlchemyError, OSError) as error:
            return error
        return None

    def require_database(self) -> None:
        """Raise ``Missing`` when the database cannot be used."""
        if self.refusal is not None:
            raise Missing("The database cannot be reached (database.reachable).")

    @contextmanager
    def connection(self) -> Iterator[sa.Connection]:
        """A connection to the database that cannot write."""
        self.require_database()
        try:
            with self._database.reader() as connection:
                yield connection
        except sa.exc.DatabaseError as error:
            if is_damage(error):
                raise Missing(DAMAGED) from error
            raise

    @cached_property
    def faults(self) -> list[str] | None:
        """What SQLite finds wrong in its file; ``None`` when there was not the time to look."""
        with self.connection() as connection:
            return find_faults(connection, quick=not self.slow)

    def require_sound_file(self) -> None:
        """Raise ``Missing`` when the file is damaged: what can still be read of its tables may be wrong."""
        if self.is_sqlite and self.faults:
            raise Missing(DAMAGED)

    @cached_property
    def own_site(self) -> Site:
        """What answers at the address on which the server listens."""
        return self.run(ask_site(self.http, own_address(self.settings)))

    @cached_property
    def public_site(self) -> Site:
        """What answers at the public address; ``Missing`` without one."""
        if not self.settings["webui.url"]:
            raise Missing("WEBUI_URL is not set.")
        return self.run(ask_site(self.http, self.settings["webui.url"]))

    @cached_property
    def probes(self) -> list[Probe]:
        """How far one gets with each connection that is switched on, the local model aside."""
        self.require_secrets()  # without its key, a connection fails here that works on the server
        return self.run(ask_connections(self.settings, self._models_http))

    @cached_property
    def _models_http(self) -> HttpClient:
        verify_tls = self.settings["models.verify_tls"]
        return HttpClient(verify_tls=verify_tls, timeout=timedelta(seconds=SECONDS))


def _reading_url(url: sa.URL) -> sa.URL:
    """The same database, for reading: SQLite makes no file, PostgreSQL refuses to write, and neither takes long."""
    if url.get_backend_name() == "sqlite":
        path = Path(str(url.database)).absolute()
        how = {"immutable": "1"} if _is_at_rest(path) else {"mode": "ro"}
        return url.set(database=f"file:{quote(str(path))}", query={**url.query, **how, "uri": "true"})
    given = url.query.get("options", "")
    return url.update_query_dict({"options": f"{given if isinstance(given, str) else ' '.join(given)} {POSTGRESQL}"})


def _is_at_rest(path: Path) -> bool:
    """Whether the file has a write-ahead journal that nobody has open. A reader would make the journal's side files,
    and could not remove them (https://www.sqlite.org/wal.html, "Read-Only Databases").
    """
    return has_wal(path) and not path.with_name(f"{path.name}-wal").exists()


def has_wal(path: Path) -> bool:
    """Whether an SQLite file says that its journal is written ahead (https://www.sqlite.org/fileformat.html 1.3.3)."""
    try:
        with path.open("rb") as file:
            return file.read(20)[18:] == b"\2\2"
    except OSError:  # SQLite itself tells better what is wrong
        return False

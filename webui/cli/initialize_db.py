"""``initialize_db development.ini``: wait for the database, migrate it, seed what is missing, encrypt stored secrets.

May be run at any time, and by many at once. Exit codes: 0 the database is ready, 1 it is not, 2 the call or the
settings are wrong.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from functools import partial
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from webui.errors import ApiError
from webui.log import printable
from webui.models import Database, create_database, migrate
from webui.models.connect import explain, target
from webui.models.setting import known_keys, remember_key, stored_values
from webui.security.keys import SecretKeyError, keyring
from webui.security.vault import Vault
from webui.services.accounts import create_initial_admin
from webui.services.secrets import opened, protect, wrong_key
from webui.settings import Settings, SettingsError, from_ini_file


def main(argv: list[str] | None = None) -> int:
    """Entry point of the console script."""
    arguments = _parser().parse_args(argv)
    try:
        settings = from_ini_file(arguments.ini)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    url: sa.URL = settings["database.url"]
    try:
        _initialize(settings, url)
    except ApiError as error:
        print(f"{error.detail} Check WEBUI_ADMIN_EMAIL and WEBUI_ADMIN_PASSWORD.", file=sys.stderr)
        return 2
    except DBAPIError as error:
        print(explain(error, url), file=sys.stderr)
        return 1
    except (migrate.SchemaError, SecretKeyError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print("The database is ready.")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="initialize_db", description=__doc__.split("\n")[0])
    default = os.environ.get("WEBUI_INI")
    parser.add_argument("ini", nargs="?" if default else None, default=default, help="e.g. development.ini")
    return parser


def _initialize(settings: Settings, url: sa.URL) -> None:
    print(f"Database: {target(url)} ({settings.resolved('database.url').source})")
    if url.get_backend_name() == "sqlite" and url.database:
        _make_folder(Path(url.database).parent)
        migrate.make_file(url)
    database = create_database(settings)
    patience = settings["database.connect_timeout"].total_seconds()
    migrate.wait_for(
        database.engine,
        patience,
        lambda error: print(f"{explain(error, url)}\nWaiting for it, {patience:.0f} s at most.", flush=True),
    )
    started = time.monotonic()
    before, after = migrate.upgrade(url)
    if before == after:
        print(f"Schema: at revision {after}, nothing to migrate.")
    else:
        print(f"Schema: migrated from {before or 'empty'} to {after} in {time.monotonic() - started:.1f} s.")

    admin = create_initial_admin(database, settings)
    if admin:
        print(f"Accounts: made the administrator {admin}.")
    _protect_secrets(settings, database)
    database.dispose()


def _protect_secrets(settings: Settings, database: Database) -> None:
    """Encrypt the stored secrets that are not; tell of stored settings that cannot be used."""
    vault = Vault(partial(keyring, settings))
    with database.begin() as db:
        count, unreadable = protect(db, vault)
        values, _ = opened(vault, stored_values(db.connection())[1])
        warning = wrong_key(known_keys(db.connection()), vault.keyring)
        if warning is None:
            remember_key(db, vault.keyring.fingerprints[0])
    if count:
        print(f"Secrets: encrypted {count} stored values.")
    ignored = [text for text in settings.with_database(values).warnings if text not in settings.warnings]
    for text in (*ignored, unreadable, warning):
        if text:
            print(printable(f"Warning: {text}"), file=sys.stderr)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise migrate.SchemaError(
            f"The folder {folder} cannot be made: {error.strerror}. Choose another one with DATA_DIR or DATABASE_URL."
        ) from error


if __name__ == "__main__":
    sys.exit(main())

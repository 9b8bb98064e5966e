"""``webui keys``: the secret keys, and what is encrypted under them; never a key itself.

``rotate`` may be killed between any two steps: the key file always has every key under which something is stored.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from webui.cli.options import add_ini
from webui.log import counted, printable
from webui.settings import Settings, SettingsError, default_ini, from_ini_file, program

if TYPE_CHECKING:
    from webui.security.keys import Keyring


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the ``keys`` command."""
    parser = subparsers.add_parser("keys", help="show the secret keys by their fingerprints, or change the key")
    parser.set_defaults(run=run, action=_show)
    actions = parser.add_subparsers(metavar="ACTION")
    rotate = actions.add_parser("rotate", help="make a new key, and encrypt every stored secret under it")
    rotate.set_defaults(action=_rotate)
    forget = actions.add_parser("forget", help="remove the previous keys from the key file, if nothing needs them")
    forget.set_defaults(action=_forget)
    add_ini(parser, rotate, forget)


def run(args: argparse.Namespace) -> int:
    """Carry out the command; 0, 1 when it cannot be done, or 2 when the settings are wrong."""
    from webui.models import migrate
    from webui.models.connect import explain
    from webui.security.keys import SecretKeyError

    ini = args.ini or default_ini()
    try:
        settings = from_ini_file(ini)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    try:
        migrate.check(settings["database.url"], program("initialize_db", ini or "production.ini"))
        return int(args.action(settings))
    except DBAPIError as error:
        print(explain(error, settings["database.url"]), file=sys.stderr)
    except (migrate.SchemaError, SecretKeyError, OSError) as error:
        print(error, file=sys.stderr)
    return 1


@contextmanager
def _transaction(settings: Settings, *, write: bool = True) -> Iterator[Session]:
    """Alone with the stored settings until the end, among all that change them or the keys."""
    from webui.models import create_database
    from webui.models.locks import Lock, hold

    database = create_database(settings)
    try:
        with database.begin(write=write) as db:
            hold(db, Lock.SETTINGS)
            yield db
    finally:
        database.dispose()


def _show(settings: Settings) -> int:
    from webui.models.setting import known_keys
    from webui.security.keys import keyring
    from webui.security.vault import is_sealed
    from webui.services.secrets import secret_cells, wrong_key

    keys = keyring(settings, make=False)
    with _transaction(settings, write=False) as db:
        known = known_keys(db.connection())
        cells = [(row.name, column, getattr(row, column)) for row, column in secret_cells(db)]
    sealed = [(name, column, value["key"]) for name, column, value in cells if is_sealed(value)]
    for line in (*_key_lines(settings, keys, known), *_secret_lines(sealed, keys)):
        print(printable(line))
    if keys.keys and (warning := wrong_key(known, keys)):
        print(printable(f"warning: {warning}"))
    return 0


def _key_lines(settings: Settings, keys: Keyring, known: Mapping[str, datetime]) -> Iterator[str]:
    from webui.security.keys import key_file

    source = settings.resolved("secret_key").source if settings["secret_key"] else key_file(settings)
    yield f"Secret keys ({source}):" if keys.keys else f"There is no secret key yet ({source})."
    for at, name in enumerate(keys.fingerprints):
        since = f", first used {known[name]:%Y-%m-%d}" if name in known else ""
        yield f"  {name}  {'previous' if at else 'current'}{since}"


def _secret_lines(sealed: Iterable[tuple[str, str, str]], keys: Keyring) -> Iterator[str]:
    """What is encrypted under which key; ``sealed`` has the names of a setting, a column and a key each."""
    stored = [(name, key) for name, column, key in sorted(sealed) if column == "value"]
    history = Counter(key for _, column, key in sealed if column != "value")
    rows = [*stored, *((f"history: {counted(count, 'value')}", key) for key, count in history.items())]
    yield "Stored secrets, and the keys that they are encrypted under:" if rows else "No encrypted secrets are stored."
    for what, key in rows:
        yield f"  {what}  {key}{'' if key in keys.fingerprints else '  (this key is not here)'}"


def _rotate(settings: Settings) -> int:
    from webui.models.setting import remember_key
    from webui.security.keys import key_file, keyring, new_key, read_or_create, replace_keys
    from webui.security.vault import Vault
    from webui.services.secrets import protect

    with _transaction(settings) as db:
        if not settings["secret_key"]:
            path = key_file(settings)
            replace_keys(path, [new_key(), *read_or_create(path)])  # before anything is encrypted under the new one
            print(f"New secret key in {path}; the previous ones stay in it.")
        vault = Vault(partial(keyring, settings))
        count, unreadable = protect(db, vault)
        current = vault.keyring.fingerprints[0]
        remember_key(db, current)
    print(f"Encrypted {counted(count, 'stored value')} under the secret key {current}.")
    if unreadable:
        print(printable(f"warning: {unreadable}"))
    if settings["secret_key"]:
        print(
            f"The key is given by {settings.resolved('secret_key').source}. To change it, set WEBUI_SECRET_KEY to the"
            " new key and WEBUI_SECRET_KEY_PREVIOUS to the old one, for every process; restart; and run this again."
            " When nobody needs to stay signed in from before, WEBUI_SECRET_KEY_PREVIOUS may go."
        )
    else:
        print(
            "Restart the server, so that it signs with the new key. People stay signed in as long as the previous keys"
            f" are there; when those sign-ins are over (JWT_EXPIRES_IN, {settings.resolved('auth.jwt_expiry').shown}),"
            " remove these keys: webui keys forget"
        )
    return 0


def _forget(settings: Settings) -> int:
    from webui.security.keys import fingerprint, key_file, keyring, read_or_create, replace_keys
    from webui.security.vault import Vault, is_sealed
    from webui.services.secrets import protect, secret_cells

    if settings["secret_key"]:
        print("The secret key is not in a file; unset WEBUI_SECRET_KEY_PREVIOUS instead.", file=sys.stderr)
        return 1
    with _transaction(settings) as db:
        protect(db, Vault(partial(keyring, settings)))
    with _transaction(settings) as db:  # what the first one did is safe now
        path, (current, *previous) = key_file(settings), read_or_create(key_file(settings))
        gone = set(map(fingerprint, previous))
        stored = [getattr(row, column) for row, column in secret_cells(db)]
        if any(is_sealed(value) and value["key"] in gone for value in stored):
            print("A process has just stored a secret under a previous key. Run this again.", file=sys.stderr)
            return 1
        replace_keys(path, [current])
    if not previous:
        print(f"There is nothing to forget: {path} has the secret key {fingerprint(current)} alone.")
        return 0
    print(f"{path} has the secret key {fingerprint(current)} alone. Restart the server.")
    print("Who signed in under another key has to sign in again.")
    return 0

"""``webui settings``: every setting with its value, its source and whether it is locked."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Collection, Iterable
from difflib import get_close_matches
from functools import partial

import sqlalchemy as sa

from webui.cli.options import add_ini
from webui.log import printable
from webui.security.keys import key_file
from webui.settings import Resolved, Settings, SettingsError, default_ini, from_ini_file
from webui.settings.declarations import GROUPS, SETTINGS
from webui.settings.facts import facts
from webui.settings.reference import dotenv_example, markdown
from webui.settings.setting import Setting
from webui.settings.sources import Origin
from webui.settings.unsupported import READ_BY_START_SH, UNSUPPORTED

Show = Callable[[Resolved], str]  # the value in force as text


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the ``settings`` command."""
    parser = subparsers.add_parser("settings", help="show every setting, its value and where that comes from")
    parser.add_argument(
        "--format",
        choices=("text", "json", "dotenv", "markdown"),
        default="text",
        help="json for programs; dotenv and markdown print the reference of all settings with their defaults",
    )
    parser.add_argument("--changed", action="store_true", help="only what is given somewhere, and not the defaults")
    parser.add_argument("--reveal", action="store_true", help="with secrets, for the eyes of the machine's owner")
    parser.add_argument("--json", dest="format", action="store_const", const="json", help="short for --format json")
    parser.set_defaults(run=run)
    actions = parser.add_subparsers(dest="action", metavar="explain")
    explain = actions.add_parser("explain", help="tell everything that offers a value for one setting")
    explain.add_argument("name", help="dotted name, INI key or environment variable")
    add_ini(parser, explain)


def run(args: argparse.Namespace) -> int:
    """Carry out the command; 0, or 2 when the settings are wrong or the name is unknown."""
    if args.format in ("dotenv", "markdown"):
        print(dotenv_example() if args.format == "dotenv" else markdown(), end="")
        return 0
    try:
        settings, notes = _load(args.ini)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    if args.action == "explain":
        return _explain(settings, args.name, notes)
    overridden = [f"database {name} is overridden by {source}" for name, source in settings.overridden.items()]
    names = {name for name in settings if not args.changed or settings.resolved(name).origin < Origin.DEFAULT}
    form = _as_json if args.format == "json" else _as_text
    show = _revealed if args.reveal else _shown
    print(form(settings, names, show, [*settings.warnings, *overridden, *notes]))
    return 0


def _shown(resolved: Resolved) -> str:
    return resolved.shown


def _revealed(resolved: Resolved) -> str:
    return "" if resolved.value is None else resolved.setting.type.format(resolved.value)


def _load(ini: str | None) -> tuple[Settings, list[str]]:
    """The settings in force, and notes about what could not be read."""
    settings = from_ini_file(ini or default_ini())
    stored, notes = _stored_values(settings)
    return settings.with_database(stored), notes


def _stored_values(settings: Settings) -> tuple[dict[str, object], list[str]]:
    """What the database holds; a database that cannot be read is worth a note here, not an error."""
    from webui.models import create_database, migrate
    from webui.models.setting import stored_values
    from webui.security.keys import SecretKeyError, keyring
    from webui.security.vault import Vault
    from webui.services.secrets import opened

    url, shown = settings["database.url"], settings.resolved("database.url").shown
    try:
        if migrate.is_missing(url):
            return {}, [f"stored settings are not shown: {shown} does not exist yet"]  # connecting would make the file
    except migrate.SchemaError as error:
        return {}, [f"stored settings are not shown: {error}"]
    database = create_database(settings)
    try:
        with database.reader() as connection:
            stored = stored_values(connection)[1]
        values, unreadable = opened(Vault(partial(keyring, settings, make=False)), stored)
        return values, [str(unreadable)] if unreadable else []
    except SecretKeyError as error:
        return {}, [f"stored settings are not shown: {error}"]
    except sa.exc.SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        return {}, [f"stored settings are not shown: {shown} cannot be read ({reason})"]
    finally:
        database.dispose()


def _as_text(settings: Settings, names: Collection[str], show: Show, warnings: Iterable[str]) -> str:
    width = max(map(len, names), default=0)
    lines = []
    for title, declared in GROUPS:
        wanted = [setting for setting in declared if setting.name in names]
        lines += ["", title] if wanted else []
        for setting in wanted:
            resolved = settings.resolved(setting.name)
            marks = (", locked" if resolved.locked else "") + (", planned" if setting.planned else "")
            lines.append(f"  {setting.name:<{width}}  {show(resolved) or '-'}  ({resolved.source}{marks})")
    return "\n".join(map(printable, [*lines[1:], "", *(f"warning: {warning}" for warning in warnings)])).rstrip()


def _as_json(settings: Settings, names: Collection[str], show: Show, warnings: Iterable[str]) -> str:
    rows = [row for row in facts(settings, show) if row["name"] in names]
    return json.dumps({"settings": rows, "warnings": list(warnings)}, indent=2)


def _explain(settings: Settings, name: str, notes: Iterable[str]) -> int:
    if name in UNSUPPORTED:
        print(f"{name} is a variable of Open WebUI that is not supported here. {UNSUPPORTED[name]}")
        return 0
    if name in READ_BY_START_SH:
        print(f"{name} is read by scripts/start.sh, from its environment. {READ_BY_START_SH[name]}")
        return 0
    setting = _find(name)
    if setting is None:
        print(f"There is no setting {name}.{_suggestion(name)} `webui settings` lists all of them.", file=sys.stderr)
        return 2
    print(f"{setting.name}: {setting.help}")
    print(f"  environment {', '.join(setting.variables)}; INI {_ini_places(setting)}; {setting.type.label}")
    for step in settings.explain(setting.name):
        print(printable(f"  {'used      ' if step.used else 'overridden'}  {step.source}: {step.shown or '-'}"))
    if settings.resolved(setting.name).locked:
        print("  It is locked: it cannot be changed at run time while it is set outside the database.")
    if setting.name == "secret_key" and settings["secret_key"] is None:
        print(f"  Without one the key in {key_file(settings)} is used, which the first start makes.")
    if setting.planned:
        print("  It is planned: it is read and checked, but nothing uses it yet.")
    for note in notes:
        print(printable(f"warning: {note}"))
    return 0


def _ini_places(setting: Setting) -> str:
    server, _, key = setting.ini_key.rpartition(".")
    under = f" ({key} under [server:main])" if server == "webui.server" else ""
    return ", ".join(setting.ini_keys) + under


def _suggestion(name: str) -> str:
    known = {item.lower(): item for setting in SETTINGS for item in (setting.name, setting.env)}
    near = get_close_matches(name.lower(), known, n=2)
    return f" Did you mean {' or '.join(known[item] for item in near)}?" if near else ""


def _find(name: str) -> Setting | None:
    return next((item for item in SETTINGS if name in (item.name, *item.variables, *item.ini_keys)), None)

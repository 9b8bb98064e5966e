"""The reference of settings as text: ``.env.example`` and ``docs/settings.md`` are these, and a test keeps them so."""

from __future__ import annotations

import re
import textwrap

from webui.settings.declarations import GROUPS
from webui.settings.setting import Setting
from webui.settings.unsupported import READ_BY_START_SH, REASONS

DOTENV_HEAD = """\
# Settings of webui. Copy this file to .env and remove the # in front of what you want to change.
# Made by: webui settings --format dotenv > .env.example
"""
MARKDOWN_HEAD = """\
# Settings

<!-- Made by: webui settings --format markdown > docs/settings.md -->

A setting is looked up in this order, and the first place that has a value wins:

1. the environment of the process,
2. the `.env` file in the working directory or, when there is none, beside the INI file,
3. the INI file, section `[app:main]`,
4. the database, for settings that an administrator may change at run time (*run time* below),
5. the default.

An empty value counts as not given. A run-time setting with a value in the environment, `.env` or INI is locked: it
cannot be changed at run time. `ENABLE_PERSISTENT_CONFIG=false` leaves the database out. In an INI file a percent sign
is written as `%%`; in `.env` nothing is expanded, and a value with `#`, quotes or spaces around it is put in single
quotes.

`webui settings` prints every setting with its value and where that comes from; `webui settings explain NAME` tells
everything that offers a value for one. Everything wrong is reported at once when the server starts. Warnings tell
of variables whose names look misspelt, of deprecated names, of what is not supported or not used yet, and of stored
values that are not used.

The database is given by `DATABASE_URL`, or by `DATABASE_TYPE` and the other parts, which need no quoting. Parts and
address from the same place: the parts win. Parts that are not complete are an error.
"""
SCRIPT_HEAD = """
## Read by start.sh

`scripts/start.sh` reads these from its environment, not from `.env`; the server does not read them.

| Variable | Meaning |
| --- | --- |
"""
UNSUPPORTED_HEAD = """
## Not supported

Variables of Open WebUI that are deliberately not followed. Who sets one is told so when the server starts, and
`webui settings explain NAME` tells it too.

| Variables | Why, and what to do instead |
| --- | --- |
"""


def dotenv_example() -> str:
    """A ``.env`` file with every setting commented out, at its default."""
    return DOTENV_HEAD + "".join(
        f"\n\n# {title}\n# {'-' * len(title)}\n" + "".join(map(_dotenv_entry, settings)) for title, settings in GROUPS
    )


def markdown() -> str:
    """The reference for people: a section for each group, a row for each setting."""
    return (
        MARKDOWN_HEAD
        + "".join(
            f"\n## {title}\n\n| Variable | INI key | Type | Default | Meaning |\n| --- | --- | --- | --- | --- |\n"
            + "".join(map(_markdown_row, settings))
            for title, settings in GROUPS
        )
        + SCRIPT_HEAD
        + "".join(f"| `{name}` | {told} |\n" for name, told in READ_BY_START_SH.items())
        + UNSUPPORTED_HEAD
        + "".join(map(_unsupported_row, REASONS.items()))
    )


def _dotenv_entry(setting: Setting) -> str:
    about = textwrap.wrap(_meaning(setting), 117, initial_indent="# ", subsequent_indent="# ")
    return "\n".join(["", *about, f"#{setting.env}={_quoted(setting.default or '')}", ""])


def _markdown_row(setting: Setting) -> str:
    default = f"`{setting.default}`" if setting.default else ""
    cells = (f"`{setting.env}`", f"`{setting.ini_key}`", setting.type.label, default, _meaning(setting))
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |\n"


def _unsupported_row(reason: tuple[str, str]) -> str:
    told, names = reason
    return f"| {', '.join(f'`{name}`' for name in names.split())} | {told} |\n"


def _meaning(setting: Setting) -> str:
    notes = [setting.help]
    if setting.default_from:
        notes.append(f"Follows {setting.default_from} when not given.")
    if setting.alternatives:
        notes.append(f"Also read from {', '.join(setting.alternatives)}.")
    if setting.aliases:
        notes.append(f"Deprecated name: {', '.join(setting.aliases)}.")
    if setting.secret:
        notes.append("Secret.")
    if setting.runtime:
        notes.append("Run time.")
    if setting.planned:
        notes.append("Planned: nothing reads it yet.")
    return " ".join(notes)


def _quoted(value: str) -> str:
    if re.fullmatch(r"[\w:/.;,@%+-]*", value):
        return value
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"

"""Resolution of the settings: environment, ``.env``, INI, database, default; the first that has a value wins.

The environment beats the database, so that what an operator pins stays pinned; such a setting is *locked*.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path

from webui.settings.database_url import PARTS, from_parts
from webui.settings.declarations import INI_KEYS, SETTINGS
from webui.settings.setting import Setting
from webui.settings.sources import Candidate, Origin, Sources, probable_typos, read_sources
from webui.settings.unsupported import COMMON, READ_BY_START_SH, UNSUPPORTED
from webui.settings.values import Fixed, Resolved, Settings, following

NO_EFFECT_YET = "has no effect yet"  # tells these warnings from those that want something corrected


class SettingsError(Exception):
    """Everything that is wrong with the settings, in one message; ``problems`` holds a line for each."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("The settings cannot be used. Correct this:\n" + "\n".join(f"  - {line}" for line in problems))


def load(
    ini: Mapping[str, str],
    environ: Mapping[str, str],
    dotenv: Path | None = None,
    database: Mapping[str, object] | None = None,
) -> Settings:
    """Resolve every setting; raises :class:`SettingsError` with all that is wrong.

    ``ini`` holds the application's section and may hold other keys too; ``database`` what is stored for runtime
    settings, as JSON values by name.
    """
    try:
        sources = read_sources(ini, environ, dotenv)
    except ValueError as error:
        raise SettingsError([str(error)]) from None
    candidates = {setting.name: sources.candidates(setting) for setting in SETTINGS}
    problems = _unknown_ini_keys(sources)
    given = {setting.name: found for setting in SETTINGS if (found := _given(setting, candidates, problems))}
    defaults = _defaults(given)
    resolved = {**defaults, **given}
    resolved["database.url"] = _database_url(resolved, problems)
    if problems:
        raise SettingsError(problems)
    warnings = (
        *_warnings(sources, candidates),
        *_without_effect(given, defaults),
        *_two_addresses(given, resolved["database.url"]),
    )
    return Settings(Fixed(resolved, candidates, defaults, warnings), database or {})


def _given(setting: Setting, candidates: Mapping[str, tuple[Candidate, ...]], problems: list[str]) -> Resolved | None:
    """The value that environment, ``.env`` or INI gives; a wrong one is noted and stands as ``None``."""
    if not candidates[setting.name]:
        return None
    winner = candidates[setting.name][0]
    value = None
    try:
        value = setting.type.parse(winner.raw)
    except ValueError as error:
        echo = "" if setting.secret else f" (it is {setting.show_raw(winner.raw)})"
        problems.append(f"{winner.source}: {setting.name} {error}{echo}")
    return Resolved(setting, value, winner.origin, winner.source)


def _defaults(given: Mapping[str, Resolved]) -> dict[str, Resolved]:
    """The default of every setting; one that follows another setting stands after it in the table."""
    defaults: dict[str, Resolved] = {}
    for setting in SETTINGS:
        if setting.default_from is not None:
            other = given.get(setting.default_from) or defaults[setting.default_from]
            defaults[setting.name] = following(setting, other)
        else:
            value = None if setting.default is None else setting.type.parse(setting.default)
            defaults[setting.name] = Resolved(setting, value, Origin.DEFAULT, "default")
    return defaults


def _database_url(resolved: Mapping[str, Resolved], problems: list[str]) -> Resolved:
    """The address as a whole or in parts, whichever has the stronger source; in the same source the parts win."""
    whole = resolved["database.url"]
    parts = {part: resolved[f"database.{part}"] for part in PARTS}
    given = [item for item in parts.values() if item.origin < Origin.DEFAULT]
    strongest = min((item.origin for item in given), default=Origin.DEFAULT)
    if not given or whole.origin < strongest:
        return whole
    if any(item.value is None for item in given):
        return whole  # a part is wrong, which is noted already
    source = _join_sources(given)
    try:
        url = from_parts({part: item.value for part, item in parts.items()})
    except ValueError as error:
        problems.append(f"{source}: database.url is {error}")
        return whole
    return Resolved(whole.setting, url, strongest, source)


def _two_addresses(given: Mapping[str, Resolved], used: Resolved) -> list[str]:
    """A warning when the database is given by an address and by parts: which of them counts."""
    whole = given.get("database.url")
    parts = [given[f"database.{part}"] for part in PARTS if f"database.{part}" in given]
    if whole is None or not parts:
        return []
    unused = _join_sources(parts) if used is whole else whole.source
    return [f"{unused} is not used: the database is given by {used.source}; remove one of the two"]


def _join_sources(items: list[Resolved]) -> str:
    """Such as ``environment DATABASE_TYPE, DATABASE_HOST, development.ini webui.database.name``."""
    keys: dict[str, list[str]] = {}
    for item in items:
        place, key = item.source.rsplit(" ", 1)
        keys.setdefault(place, []).append(key)
    return ", ".join(f"{place} {', '.join(names)}" for place, names in keys.items())


def _unknown_ini_keys(sources: Sources) -> list[str]:
    problems = []
    for key, candidate in sources.ini.items():
        if key not in INI_KEYS:
            near = get_close_matches(key, INI_KEYS, n=1)
            problems.append(
                f"{candidate.source}: there is no such setting" + (f"; did you mean {near[0]}?" if near else "")
            )
    return problems


def _warnings(sources: Sources, candidates: Mapping[str, tuple[Candidate, ...]]) -> tuple[str, ...]:
    deprecated = [
        f"{items[0].source} is deprecated; use {setting.env}"
        for setting in SETTINGS
        if (items := candidates[setting.name]) and items[0].key in setting.aliases
    ]
    variables = [*sources.environment.values(), *sources.dotenv.values()]
    unsupported = [
        f"{item.source} is not supported: {UNSUPPORTED[item.key]}"
        for item in variables
        if item.key in UNSUPPORTED and item.key not in COMMON
    ]
    unread = [
        f"{item.source} is not read: scripts/start.sh takes it from the environment alone"
        for item in sources.dotenv.values()
        if item.key in READ_BY_START_SH
    ]
    typos = probable_typos(
        item for item in variables if item.key not in UNSUPPORTED and item.key not in READ_BY_START_SH
    )
    return (*sources.warnings, *deprecated, *unsupported, *unread, *typos)


def _without_effect(given: Mapping[str, Resolved], defaults: Mapping[str, Resolved]) -> list[str]:
    """Warnings about values that differ from the default in settings that nothing uses yet."""
    return [
        f"{item.source} {NO_EFFECT_YET}: {name} is planned"
        for name, item in given.items()
        if item.setting.planned and item.value != defaults[name].value
    ]

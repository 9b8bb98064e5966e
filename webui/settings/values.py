"""The resolved settings: a read-only mapping of typed values that knows where each came from."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from webui.settings.setting import Setting
from webui.settings.sources import Candidate, Origin


@dataclass(frozen=True, slots=True)
class Resolved:
    """The value in force, and the source that gave it."""

    setting: Setting
    value: Any = field(repr=False)  # it may be secret
    origin: Origin
    source: str

    @property
    def locked(self) -> bool:
        """Whether a runtime setting is pinned outside the database, so that it cannot be changed at run time."""
        return self.setting.runtime and self.origin < Origin.DATABASE

    @property
    def shown(self) -> str:
        """The value for people; a secret is concealed."""
        return self.setting.show(self.value)


def following(setting: Setting, other: Resolved) -> Resolved:
    """The default of a setting that follows ``other``."""
    value = None if other.value is None else setting.derive(other.value)
    return Resolved(setting, value, Origin.DEFAULT, f"default, from {other.setting.name} ({other.source})")


@dataclass(frozen=True, slots=True)
class Step:
    """One link of an explanation: what a source offers, and whether it is the value in force."""

    source: str
    shown: str
    used: bool


@dataclass(frozen=True, slots=True)
class Fixed:
    """What cannot change while the process runs: everything but the values stored in the database."""

    resolved: Mapping[str, Resolved]
    candidates: Mapping[str, tuple[Candidate, ...]]
    defaults: Mapping[str, Resolved]
    warnings: tuple[str, ...]


class Settings(Mapping[str, Any]):
    """``settings[name]`` is the typed value in force."""

    def __init__(self, fixed: Fixed, database: Mapping[str, object], unreadable: Collection[str] = ()) -> None:
        persistent = fixed.resolved["settings.persistent"].value
        self._fixed = fixed
        self._database = dict(database) if persistent else {}
        self._resolved = dict(fixed.resolved)
        # Names of settings that would have a stored value, if that could be read.
        self.unreadable = frozenset(name for name in unreadable if persistent and not self._resolved[name].locked)
        self.overridden: dict[str, str] = {}  # names of stored settings, and the sources that win over them
        self.warnings = (*fixed.warnings, *self._apply_database())
        self._defaults = self._follow_stored()

    def __getitem__(self, name: str) -> Any:
        return self._resolved[name].value

    def __iter__(self) -> Iterator[str]:
        return iter(self._resolved)

    def __len__(self) -> int:
        return len(self._resolved)

    def __repr__(self) -> str:
        return f"<Settings: {len(self)} values>"  # the values are kept out of logs and tracebacks

    def resolved(self, name: str) -> Resolved:
        """The value with its source; raises ``KeyError`` for an unknown name."""
        return self._resolved[name]

    def default(self, name: str) -> Resolved:
        """What the setting is when nothing sets it."""
        return self._defaults[name]

    @property
    def stored(self) -> Mapping[str, object]:
        """The values stored in the database, as JSON values by name, whether they are in force or not."""
        return self._database

    def with_database(self, values: Mapping[str, object], unreadable: Collection[str] = ()) -> Settings:
        """The same settings with other values stored in the database (name to JSON value; ``None`` is unset).

        ``unreadable`` names the settings whose stored values are secrets that cannot be read.
        """
        return Settings(self._fixed, values, unreadable)

    def explain(self, name: str) -> tuple[Step, ...]:
        """Everything that offers a value for the setting, the strongest first; one step is the value in force."""
        force = self._resolved[name]
        setting = force.setting
        steps = [Step(item.source, _shown(setting, item.raw), False) for item in self._fixed.candidates[name]]
        if self._database.get(name) is not None:
            steps.append(Step("database", _shown(setting, self._database[name]), False))
        default = self._defaults[name]
        steps.append(Step(default.source, default.shown, False))
        used = next((at for at, step in enumerate(steps) if step.source == force.source), None)
        if used is None:  # an address put together from parts is no candidate by itself
            return (Step(force.source, force.shown, True), *steps)
        steps[used] = Step(force.source, force.shown, True)
        return tuple(steps)

    def _apply_database(self) -> Iterator[str]:
        """Lay stored values over the fixed ones; yields a warning for each that is not used."""
        for name, raw in self._database.items():
            if raw is None:
                continue
            below = self._resolved.get(name)
            if below is None:
                yield f"database {name} is ignored: there is no such setting"
                continue
            if not below.setting.runtime:
                yield f"database {name} is ignored: it cannot be changed at run time; set {below.setting.env}"
                continue
            try:
                value = below.setting.type.parse(raw)
            except ValueError as error:
                yield f"database {name} is ignored: it {error}"
                continue
            if not below.locked:
                self._resolved[name] = Resolved(below.setting, value, Origin.DATABASE, "database")
            elif value != below.value:
                self.overridden[name] = below.source

    def _follow_stored(self) -> dict[str, Resolved]:
        """The defaults, of which those that follow a stored value are put in force with it."""
        defaults = dict(self._fixed.defaults)
        for name, default in self._fixed.defaults.items():
            source = default.setting.default_from
            if source is None or self._resolved[source] is self._fixed.resolved[source]:
                continue
            defaults[name] = following(default.setting, self._resolved[source])
            if self._resolved[name].origin is Origin.DEFAULT:
                self._resolved[name] = defaults[name]
        return defaults


def _shown(setting: Setting, raw: object) -> str:
    try:
        return setting.show(setting.type.parse(raw))
    except ValueError:
        return f"{setting.show_raw(raw)} (not valid)"

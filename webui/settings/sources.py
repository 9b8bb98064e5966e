"""Where values come from outside the database: process environment, ``.env`` file, INI file.

Each source becomes a mapping of key to :class:`Candidate`. An empty value counts as not given, since container
platforms often define empty variables.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING

from webui.settings.declarations import INI_KEYS, VARIABLES
from webui.settings.setting import INI_PREFIX, Setting

if TYPE_CHECKING:
    from dotenv.parser import Original

SHORTEST_TYPO = 6  # below that, one edit leads from any short name to another


class Origin(IntEnum):
    """The kinds of source, the strongest first."""

    ENVIRONMENT = 0
    DOTENV = 1
    INI = 2
    DATABASE = 3
    DEFAULT = 4


@dataclass(frozen=True, slots=True)
class Candidate:
    """A value that a source offers: ``source`` is its name for people, ``key`` what the source calls the setting."""

    origin: Origin
    source: str
    key: str
    raw: str = field(repr=False)  # it may be secret


@dataclass(frozen=True, slots=True)
class Sources:
    """The three sources in their order of precedence, and what was noticed while reading them."""

    environment: Mapping[str, Candidate]
    dotenv: Mapping[str, Candidate]
    ini: Mapping[str, Candidate]
    warnings: tuple[str, ...] = ()

    def candidates(self, setting: Setting) -> tuple[Candidate, ...]:
        """Everything offered for a setting, the winner first."""
        looked_up = (
            (self.environment, setting.variables),
            (self.dotenv, setting.variables),
            (self.ini, setting.ini_keys),
        )
        return tuple(source[key] for source, keys in looked_up for key in keys if key in source)


def read_sources(ini: Mapping[str, str], environ: Mapping[str, str], dotenv: Path | None) -> Sources:
    """Collect the three sources; raises ``ValueError`` for a ``.env`` file that cannot be read."""
    from_file, warnings = read_dotenv(dotenv) if dotenv else ({}, [])
    ini_name = Path(ini["__file__"]).name if "__file__" in ini else "INI"
    ours = ((key, raw) for key, raw in ini.items() if key.startswith(INI_PREFIX) or key in INI_KEYS)
    return Sources(
        {
            key: Candidate(Origin.ENVIRONMENT, f"environment {key}", key, raw)
            for key, raw in environ.items()
            if raw != ""
        },
        from_file,
        {key: Candidate(Origin.INI, f"{ini_name} {key}", key, raw) for key, raw in ours if raw != ""},
        tuple(warnings),
    )


def read_dotenv(path: Path) -> tuple[dict[str, Candidate], list[str]]:
    """Variables of a ``.env`` file if there is one, and warnings about its lines. Values are not expanded."""
    if not path.is_file():
        return {}, []
    try:
        # Not dotenv_values: only the parser under it tells line numbers and unreadable lines.
        from dotenv.parser import parse_stream
    except ImportError:
        return {}, [f"{path.name} is not read: the package python-dotenv is not installed"]
    try:
        with path.open(encoding="utf-8") as stream:
            bindings = list(parse_stream(stream))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ValueError(f"{path} cannot be read: {reason}") from None
    found, warnings = {}, []
    for binding in bindings:
        place = f"{path.name} line {_line(binding.original)}"
        if binding.error:
            warnings.append(f"{place} is ignored: it is not of the form NAME=value")
        elif binding.key and binding.value:
            found[binding.key] = Candidate(Origin.DOTENV, f"{place} {binding.key}", binding.key, binding.value)
        elif binding.key:
            found.pop(binding.key, None)
    return found, warnings


def _line(original: Original) -> int:
    """The line on which a binding stands; the parser counts the blank lines before it as its beginning."""
    blank = len(original.string) - len(original.string.lstrip())
    return original.line + original.string[:blank].count("\n")


def probable_typos(candidates: Iterable[Candidate]) -> list[str]:
    """Warnings about variables whose names are one edit away from a known one."""
    by_length: dict[int, list[str]] = {}
    for name in VARIABLES:
        if len(name) >= SHORTEST_TYPO:
            by_length.setdefault(len(name), []).append(name)
    warnings = []
    for candidate in candidates:
        if candidate.key in VARIABLES or len(candidate.key) < SHORTEST_TYPO:
            continue
        near = (name for step in (-1, 0, 1) for name in by_length.get(len(candidate.key) + step, ()))
        if meant := next((name for name in near if one_edit_apart(candidate.key, name)), None):
            warnings.append(f"{candidate.source} is not a setting; did you mean {meant}?")
    return warnings


def one_edit_apart(left: str, right: str) -> bool:
    """Whether one insertion, deletion, replacement or swap of neighbours makes two different texts equal."""
    same = 0
    for one, other in zip(left, right, strict=False):
        if one != other:
            break
        same += 1
    left, right = left[same:], right[same:]
    swapped = left[1::-1] + left[2:]
    return left[1:] == right[1:] or left[1:] == right or left == right[1:] or swapped == right

"""Where values come from outside the database: process environment, ``.env`` file, INI file.

Each source becomes a mapping of key to :class:`Candidate`. An empty value counts as not given, since container
platforms often define empty variables.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from webui.settings.declarations import INI_KEYS, SETTINGS, VARIABLES
from webui.settings.setting import INI_PREFIX, Setting

if TYPE_CHECKING:
    from dotenv.parser import Original

VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
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
        (*warnings, *_without_prefix(ini, ini_name)),
    )


def _without_prefix(ini: Mapping[str, str], ini_name: str) -> list[str]:
    """Warnings about keys of the INI file that would be settings under their full names."""
    warnings = []
    for key in ini.keys() - INI_KEYS:
        full, variable = f"{INI_PREFIX}{key}", key.upper()
        if full in INI_KEYS or variable in VARIABLES:
            meant = next(item for item in SETTINGS if full in item.ini_keys or variable in item.variables)
            warnings.append(f"{ini_name} {key} is not read; write {meant.ini_keys[0]}")
    return warnings


def read_dotenv(path: Path) -> tuple[dict[str, Candidate], list[str]]:
    """Variables of a ``.env`` file if there is one, and warnings about its lines. Values are not expanded."""
    if not path.is_file():
        return {}, []
    try:
        # Not dotenv_values: only the parser under it tells line numbers and unreadable lines.
        from dotenv.parser import parse_stream
    except ImportError:
        return {}, [f"{path.name} is not read: the package python-dotenv is not installed"]
    found: dict[str, Candidate] = {}
    warnings = []
    for binding in parse_stream(io.StringIO(_file_text(path), newline=None)):
        place = f"{path.name} line {_line(binding.original)}"
        if binding.error:
            more = binding.original.string.strip().count("\n")
            warnings.append(
                f"{place} is ignored: it is not of the form NAME=value"
                + (f". So are the {more} lines after it, up to the next quote" if more else "")
            )
        elif binding.key and (why := _not_a_variable(binding.key, binding.value)):
            warnings.append(f"{place} is ignored: {why}")
        elif binding.key:
            if before := found.pop(binding.key, None):
                warnings.append(f"{before.source} is ignored: the one on line {_line(binding.original)} counts")
            if binding.value:
                found[binding.key] = Candidate(Origin.DOTENV, f"{place} {binding.key}", binding.key, binding.value)
                warnings += _swallowed(found[binding.key])
    return found, warnings


def _not_a_variable(key: str, value: str | None) -> str | None:
    """Why a line that the parser accepts sets nothing."""
    if value is None:
        return "it is not of the form NAME=value"
    if key in INI_KEYS:
        env = next(setting.env for setting in SETTINGS if key in setting.ini_keys)
        return f"{key} is a key of the INI file; write {env} here"
    return None if VARIABLE.fullmatch(key) else f"{key} is no name of a variable"


def _file_text(path: Path) -> str:
    """The text of a ``.env`` file, which may begin with a byte order mark; raises ``ValueError``."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise ValueError(f"{path} cannot be read: line {line} is not UTF-8 text; save the file as UTF-8") from None


def _swallowed(candidate: Candidate) -> list[str]:
    """A warning when a value of several lines has one that sets a variable: a quote that nobody closed goes on."""
    names = (line.removeprefix("export ").split("=")[0].strip() for line in candidate.raw.split("\n")[1:])
    return [
        f"{candidate.source} goes on over the line of {name}: is a quote missing?"
        for name in names
        if name in VARIABLES
    ]


def _line(original: Original) -> int:
    """The line on which a binding stands; the parser counts the blank lines before it as its beginning."""
    blank = len(original.string) - len(original.string.lstrip())
    return original.line + original.string[:blank].count("\n")


def probable_typos(candidates: Iterable[Candidate]) -> list[str]:
    """Warnings about variables whose names are a known one in other case, or one edit away from one."""
    warnings = []
    for candidate in candidates:
        if candidate.key not in VARIABLES and (meant := nearest_variable(candidate.key)):
            warnings.append(f"{candidate.source} is not a setting; did you mean {meant}?")
    return warnings


def nearest_variable(key: str) -> str | None:
    """The known variable that ``key`` probably stands for, if any. Quick: an environment may have thousands."""
    if (upper := key.upper()) in VARIABLES:
        return upper
    if len(key) < SHORTEST_TYPO:
        return None
    near: set[str] = set()
    for length in (len(key) - 1, len(key), len(key) + 1):
        middle = length // 2
        for half in (key[:middle], key[len(key) - (length - middle - 1) :]):
            near.update(name for name in _halves().get(half, ()) if one_edit_apart(key, name))
    return min(near, default=None)


@cache
def _halves() -> dict[str, list[str]]:
    """Known variables by what stands before and what after the middle: one edit leaves one of the two as it is."""
    halves: dict[str, list[str]] = {}
    for name in VARIABLES:
        middle = len(name) // 2
        for half in (name[:middle], name[middle + 1 :]):
            halves.setdefault(half, []).append(name)
    return halves


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

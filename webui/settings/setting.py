from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from webui.settings.parsers import HIDDEN, Parser

INI_PREFIX = "webui."
LONGEST_ECHO = 60
JSON_TYPES = {bool: "a boolean", list: "an array", dict: "an object"}


@dataclass(frozen=True, slots=True)
class Setting:
    """A declared setting.

    ``name`` is dotted; for what the contract keeps in the database it is the contract's path there.
    ``default`` is the text that one would write in the environment, or ``None`` for no value.
    ``alternatives`` are other variable names that are as good as ``env``; ``aliases`` are deprecated ones.
    ``default_from`` names the setting whose value, through ``derive``, is the default.
    ``planned`` marks one that is read, checked and kept, but whose feature is still to come.
    """

    name: str
    type: Parser[Any]
    default: str | None
    env: str
    help: str
    secret: bool = False
    runtime: bool = False
    planned: bool = False
    aliases: tuple[str, ...] = ()
    alternatives: tuple[str, ...] = ()
    ini_aliases: tuple[str, ...] = ()
    default_from: str | None = None
    derive: Callable[[Any], Any] = lambda value: value

    @property
    def ini_key(self) -> str:
        """The key in the INI file: the name, under ``webui.``."""
        return self.name if self.name.startswith(INI_PREFIX) else INI_PREFIX + self.name

    @property
    def variables(self) -> tuple[str, ...]:
        """Every environment variable that sets it, the first one found wins."""
        return (self.env, *self.alternatives, *self.aliases)

    @property
    def ini_keys(self) -> tuple[str, ...]:
        """Every INI key that sets it, the first one found wins."""
        return (self.ini_key, *self.ini_aliases)

    @property
    def holds_secrets(self) -> bool:
        """Whether its values are secret or may have secrets inside, such as the keys of connections."""
        return self.secret or self.type.redact is not None

    def show(self, value: Any) -> str:
        """A typed value as text for people, without what is secret."""
        if value is None:
            return ""
        if self.type.redact is not None:
            return self.type.redact(value)
        if self.secret:
            return HIDDEN if value else ""
        return self.type.format(value)

    def show_raw(self, raw: object) -> str:
        """A value that does not parse, as text for people: shortened, without what is or may be secret."""
        if self.secret:
            return HIDDEN
        if not isinstance(raw, str):
            return JSON_TYPES.get(type(raw), "a number")
        concealed = re.sub(r"//.*@", f"//{HIDDEN}@", raw, flags=re.DOTALL)
        return repr(concealed if len(concealed) <= LONGEST_ECHO else concealed[:LONGEST_ECHO] + "…")

"""The forms of ``webui.settings.forms``: what is shown of them, and what a filled-in one changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from webui.security.vault import Vault
from webui.services.secrets import masked
from webui.settings import Setting, Settings
from webui.settings.forms import AS_TEXT, Fields, can_be_unset


def shown(settings: Settings, vault: Vault, fields: Fields) -> dict[str, Any]:
    """The fields as they are, in the contract's form, with masks in the place of secrets."""
    return {
        field: shown(settings, vault, item)
        if isinstance(item, Mapping)
        else _in_json(item, masked(vault, item, settings[item.name]))
        for field, item in fields.items()
    }


def wanted_changes(fields: Fields, form: Mapping[str, Any], *, null_keeps: bool = False) -> dict[str, Any]:
    """What to store (setting to JSON value, ``None`` to unset) so that the fields become those of the form.

    A field that is left out stays as it is. So does one that is null if ``null_keeps``, unless its setting can be
    without a value.
    """
    wanted: dict[str, Any] = {}
    for field, item in fields.items():
        value = form.get(field)
        if isinstance(item, Mapping):
            wanted |= wanted_changes(item, value or {}, null_keeps=null_keeps)
        elif value is not None or (field in form and (can_be_unset(item) or not null_keeps)):
            wanted[item.name] = value
    return wanted


def _in_json(setting: Setting, value: Any) -> Any:
    plain = isinstance(value, bool | int | float | str | list | dict) or (value is None and can_be_unset(setting))
    return value if plain and setting.env not in AS_TEXT else setting.type.format(value)

"""The configuration loader: settings are declared once and resolved with their sources."""

from __future__ import annotations

from webui.settings.declarations import SETTINGS
from webui.settings.declarations.permissions import default_permissions
from webui.settings.files import default_ini, find_dotenv, from_ini_file, program
from webui.settings.resolve import SettingsError, load
from webui.settings.setting import Setting
from webui.settings.values import Resolved, Settings

__all__ = [
    "SETTINGS",
    "Resolved",
    "Setting",
    "Settings",
    "SettingsError",
    "default_ini",
    "default_permissions",
    "find_dotenv",
    "from_ini_file",
    "load",
    "program",
]

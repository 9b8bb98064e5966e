"""Where the files are: the INI file of a deployment, and its ``.env``."""

from __future__ import annotations

import configparser
import os
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

from plaster import parse_uri
from plaster_pastedeploy import Loader

from webui.settings.declarations import INI_KEYS
from webui.settings.resolve import SettingsError, load
from webui.settings.values import Settings

SECTION = "app:main"
DEFAULT_INI = "development.ini"


def from_ini_file(path: str | Path | None, environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings as ``pserve`` would have them with this INI file (``None``: without one); no database values.

    Raises :class:`SettingsError`.
    """
    ini = read_ini(Path(path)) if path else {}
    return load(ini, environ, find_dotenv(path))


def default_ini(environ: Mapping[str, str] = os.environ) -> Path | None:
    """The INI file when none is named: ``$WEBUI_INI``, or else the working directory's development.ini, if any."""
    if named := environ.get("WEBUI_INI"):
        return Path(named)
    return Path(DEFAULT_INI) if Path(DEFAULT_INI).is_file() else None


def find_dotenv(ini_path: str | Path | None) -> Path | None:
    """The ``.env`` file that counts: the working directory's, or else the one beside the INI file."""
    folders = [Path.cwd(), *([Path(ini_path).absolute().parent] if ini_path else [])]
    return next((folder / ".env" for folder in folders if (folder / ".env").is_file()), None)


def program(name: str, ini: str | Path) -> str:
    """How one of our commands is called with an INI file, as a line for a shell."""
    beside = Path(sys.executable).with_name(name)  # not resolved: in a virtual environment, Python is a link
    if not beside.is_file():
        beside = Path(name)
    here = Path.cwd()
    shown = (path.relative_to(here) if path.is_relative_to(here) else path for path in (beside, Path(ini)))
    return shlex.join(map(str, shown))


def read_ini(path: Path) -> dict[str, str]:
    """The application's section of an INI file, with ``__file__`` and ``here``; raises :class:`SettingsError`."""
    if not path.is_file():
        raise SettingsError([f"{path}: there is no such file"])
    try:
        loader = _loader(path)
        if SECTION not in loader.get_sections():
            raise SettingsError([f"{path}: there is no section [{SECTION}]"])
        section = loader.get_settings(SECTION)
    except UnicodeDecodeError:
        raise SettingsError([f"{path} cannot be read: it is not UTF-8 text"]) from None
    except OSError as error:
        raise SettingsError([f"{path} cannot be read: {error.strerror}"]) from None
    except KeyError:  # from PasteDeploy
        raise SettingsError([f"{path} cannot be read: [DEFAULT] lacks the KEY of a line get NAME = KEY"]) from None
    except configparser.Error as error:
        raise SettingsError([f"{path} {_complaint(error)}"]) from None
    return {**section.global_conf, **_server_section(loader), **section}


def server_keys(path: str) -> dict[str, str]:
    """The settings that stand under ``[server:main]``, by the keys that they have elsewhere."""
    return _server_section(_loader(path))


def _loader(path: str | Path) -> Loader:
    """Reads as ``pserve`` does; ``plaster.get_loader`` would look through all installed packages for this class."""
    return Loader(parse_uri(f"file+ini://{path}"))


def _complaint(error: configparser.Error) -> str:
    """The place and the remedy. The parser's own message repeats the line, which may hold a password."""
    match error:
        case configparser.InterpolationError():
            return f"{error.option}: write a percent sign as %%; %(name)s is the value of another key"
        case configparser.DuplicateOptionError():
            return f"line {error.lineno}: {error.option} is given a second time; remove one of the two"
        case configparser.DuplicateSectionError():
            return f"line {error.lineno}: the section [{error.section}] is there a second time; make them one"
        case configparser.MissingSectionHeaderError():
            return f"line {error.lineno}: there is no [section] before it, or the file begins with a byte order mark"
        case configparser.ParsingError():
            return f"line {error.errors[0][0]}: it is not of the form key = value"
    return f"cannot be read ({type(error).__name__})"


def _server_section(loader: Loader) -> dict[str, str]:
    """The keys of ``[server:main]`` that are settings, under their own names; the rest is waitress's."""
    section = loader.get_settings("server:main") if "server:main" in loader.get_sections() else {}
    return {key: value for name, value in section.items() if (key := f"webui.server.{name}") in INI_KEYS}

"""``[server:main]`` of an INI file, for ``pserve``: from its keys to ``serve``."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from typing import Any, NoReturn

from webui.server.serve import Adjustments, CannotListen, serve
from webui.settings import SettingsError, find_dotenv, load

# Keys of [server:main] that are settings of ours too, so that the environment can override them.
SETTINGS = (
    "host",
    "port",
    "workers",
    "threads",
    "graceful_timeout",
    "connection_limit",
    "max_body_size",
    "max_import_size",
)
PARAMETERS: dict[str, Callable[[str], Any]] = Adjustments._param_map  # of waitress: name to parser


def serve_paste(app: Any, global_conf: dict[str, str] | None, **kw: str) -> None:
    """Entry point of ``[server:main] use = egg:webui#main``."""
    registry = getattr(app, "registry", None)
    try:
        serve(
            app,
            background=getattr(registry, "background", None),
            post_fork=registry.get("post_fork") if registry is not None else None,
            started=registry.get("started") if registry is not None else None,
            stopped=registry.get("stopped") if registry is not None else None,
            **server_options(kw, (global_conf or {}).get("__file__")),
        )
    except (CannotListen, SettingsError) as error:
        _refuse(str(error))


def _refuse(text: str) -> NoReturn:
    """End the process with 1. pserve takes a ``SystemExit`` of its server for an orderly end, and exits with 0."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
    os._exit(1)


def server_options(kw: dict[str, str], ini_path: str | None = None) -> dict[str, Any]:
    """The arguments of ``serve`` for the keys of ``[server:main]``, where the environment wins."""
    ini = {f"webui.server.{name}": kw.pop(name) for name in SETTINGS if name in kw}
    settings = load({**ini, "__file__": ini_path or ""}, os.environ, find_dotenv(ini_path))
    if problems := list(_wrong(kw)):
        raise SettingsError([f"{ini_path or 'INI'} [server:main] {problem}" for problem in problems])
    options = {name: settings[f"server.{name}"] for name in SETTINGS}
    return {**kw, **options, "graceful_timeout": options["graceful_timeout"].total_seconds()}


def _wrong(kw: dict[str, str]) -> Iterator[str]:
    """What waitress would not understand."""
    for key, value in kw.items():
        if key not in PARAMETERS:
            near = get_close_matches(key, [*SETTINGS, *PARAMETERS], n=1)
            yield f"{key}: there is no such key" + (f"; did you mean {near[0]}?" if near else "")
            continue
        try:
            PARAMETERS[key](value)
        except ValueError as error:
            yield f"{key}: {error}"

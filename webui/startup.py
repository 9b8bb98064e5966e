"""What the server tells once it listens: one screen, by the first process alone, without a secret.

It is put together beside the first requests, which do not wait for it.
"""

from __future__ import annotations

import asyncio
import logging
import platform
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import webui
from webui.errors import ApiError
from webui.models import migrate
from webui.models.connect import target
from webui.providers.factory import place
from webui.providers.local.provider import LocalProvider
from webui.services.accounts import has_users, require_open_signup

if TYPE_CHECKING:
    from pyramid.registry import Registry

    from webui.providers.connection import Connection
    from webui.server.serve import Listening
    from webui.settings import Settings

logger = logging.getLogger(__name__)

MOST = 6  # items of a list that are told; the rest is counted
ANY_HOST = {"//0.0.0.0:": "//localhost:", "//[::]:": "//localhost:"}  # what listens, and what a browser opens


def announce(registry: Registry, files: Sequence[Path], listening: Listening) -> None:
    """Have it reported in the background; ``files`` are those that the settings were read from."""
    registry.background.submit(asyncio.to_thread(report, registry, files, listening))


def report(registry: Registry, files: Sequence[Path], listening: Listening) -> None:
    """Log what was started, a line a fact; waits for the database."""
    settings = registry.runtime.settings
    with registry.database.reader() as connection:
        revision, is_new = migrate.current(connection), not has_users(connection)
        try:
            require_open_signup(connection, settings)
            is_open = True
        except ApiError:
            is_open = False
    public = settings.resolved("webui.url").shown
    url = public or _for_browsers(listening.urls[0])
    for line in (
        f"webui {webui.__version__}, Python {platform.python_version()}; processes: {listening.workers},"
        f" threads of each: {listening.threads}",
        f"Public address: {public or 'not set (WEBUI_URL)'}",
        f"Settings from: the environment, {_some(map(str, files)) or 'no file'}",
        f"Database: {target(settings['database.url'])}; schema {revision}",
        f"Data: {settings['data_dir']}",
        f"Sign-up: {'open' if is_open else 'closed'}; new accounts: {settings['ui.default_user_role']}",
        *_about_settings(settings),
        *_about_models(registry.connections.all()),
        f"Next: {_next_step(url, is_new=is_new, is_open=is_open)}",
    ):
        logger.info("%s", line)


def _about_settings(settings: Settings) -> Iterator[str]:
    """What is not as an administrator may have stored it."""
    locked = [item.setting.env for name in settings if (item := settings.resolved(name)).locked]
    if locked:
        yield f"Locked, since they are set outside the database: {_some(locked)}"
    if settings.overridden:
        yield "Stored but overridden: " + _some(f"{name} by {source}" for name, source in settings.overridden.items())


def _about_models(connections: Sequence[Connection]) -> Iterator[str]:
    remote = [item for item in connections if item.spec.kind != "local"]
    for item in remote[:MOST]:
        yield f"Connection: {item.spec.kind} at {place(item.spec.url)}, {'on' if item.enabled else 'off'}"
    if len(remote) > MOST:
        yield f"Connections besides: {len(remote) - MOST}"
    local = next((item.provider for item in connections if isinstance(item.provider, LocalProvider)), None)
    yield f"Local model: {'off' if local is None else local.reason or 'on'}"


def _next_step(url: str, *, is_new: bool, is_open: bool) -> str:
    if not is_new:
        return f"open {url}"
    if is_open:
        return f"open {url} and make the first account, which is the administrator's"
    return (
        "set WEBUI_ADMIN_EMAIL and WEBUI_ADMIN_PASSWORD and run initialize_db; nobody has an account, and sign-up is"
        " closed"
    )


def _for_browsers(url: str) -> str:
    for listening, opened in ANY_HOST.items():
        url = url.replace(listening, opened)
    return url


def _some(items: Iterable[str]) -> str:
    """The first items, and how many more there are."""
    known = list(items)
    more = f" and {len(known) - MOST} more" if len(known) > MOST else ""
    return ", ".join(known[:MOST]) + more

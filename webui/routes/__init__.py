"""The table of addresses, one file an area. Within an area fixed paths stand before placeholders."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webui.routes import auths, chats, docs, health, models, system

if TYPE_CHECKING:
    from pyramid.config import Configurator

AREAS = (health, system, auths, chats, models, docs)


def includeme(config: Configurator) -> None:
    """Add every route."""
    for area in AREAS:
        for name, pattern in area.ROUTES.items():
            config.add_route(name, pattern)

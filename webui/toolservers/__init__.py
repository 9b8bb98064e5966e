"""Servers whose tools models may use: what they offer, and how people sign in there."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyramid.config import Configurator


def includeme(config: Configurator) -> None:
    """Give the registry its way to tool servers; nothing is connected to yet."""
    from webui.toolservers.http import ToolHttp

    registry = config.registry
    registry.tool_http = ToolHttp(registry.runtime.settings_at_start)

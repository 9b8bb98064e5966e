"""Where models come from: the connections of the settings, and the model inside."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyramid.config import Configurator


def includeme(config: Configurator) -> None:
    """Give the registry its connections; nothing is connected to yet."""
    from webui.providers.connections import Connections  # the local model's child imports this package
    from webui.providers.ollama_servers import Versions

    registry = config.registry
    registry.connections = Connections(registry.runtime, registry.background)
    registry.ollama_versions = Versions()

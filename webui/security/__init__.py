"""Identity, permissions and tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyramid.exceptions import ConfigurationError

from webui.security.keys import secret_key
from webui.security.tokens import Tokens

if TYPE_CHECKING:
    from pyramid.config import Configurator


def includeme(config: Configurator) -> None:
    """Give the registry its tokens."""
    config.registry.tokens = Tokens(config, secret_key(config.registry.webui_settings))


def require_permissions(config: Configurator) -> None:
    """Refuse to start with a view that does not say who may call it."""
    for item in config.registry.introspector.get_category("views"):
        view = item["introspectable"]
        if not any(related.category_name == "permissions" for related in item["related"]):
            raise ConfigurationError(f"{view.title} has no permission. Declare it with webui.api.api_view.")

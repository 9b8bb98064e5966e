"""Identity, permissions and tokens."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from pyramid.exceptions import ConfigurationError

from webui.security.keys import keyring
from webui.security.tokens import Tokens
from webui.security.vault import Vault

if TYPE_CHECKING:
    from pyramid.config import Configurator


def includeme(config: Configurator) -> None:
    """Give the registry its vault for stored secrets, and its tokens."""
    config.registry.vault = Vault(partial(keyring, config.registry.webui_settings))
    config.registry.tokens = Tokens(config, config.registry.vault.keyring)


def require_permissions(config: Configurator) -> None:
    """Refuse to start with a view that does not say who may call it."""
    for item in config.registry.introspector.get_category("views"):
        view = item["introspectable"]
        if not any(related.category_name == "permissions" for related in item["related"]):
            raise ConfigurationError(f"{view.title} has no permission. Declare it with webui.api.api_view.")

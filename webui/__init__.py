"""webui: a self-hosted AI-chat server."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyramid.router import Router

__version__ = "0.1.0"


def main(global_config: dict[str, Any], **settings: Any) -> Router:
    """The WSGI application, for ``use = egg:webui`` in an INI file; ends the process with a text if it cannot be."""
    gc.disable()  # what is loaded stays: looking through it for garbage is a sixth of the start, and finds none
    try:
        from webui.application import make_app  # importing webui alone stays light

        return make_app(ini_file=global_config.get("__file__"), ini=settings)
    finally:
        gc.enable()

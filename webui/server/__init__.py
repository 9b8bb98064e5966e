"""The server entry point: waitress, with replies that hold no worker thread, a graceful stop, and forked workers."""

from webui.server.paste import serve_paste
from webui.server.serve import serve

__all__ = ["serve", "serve_paste"]

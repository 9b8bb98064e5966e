"""The program that test_stopping.py runs: ``program.py '{"workers": 2, ...}'`` serves a few paths."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
import time
from collections.abc import AsyncIterator
from typing import Any

from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import Response

from webui.background import BackgroundLoop
from webui.server import serve
from webui.streaming import Reply, detached


def view(request: Request) -> Response:
    match request.path_info_pop():
        case "relay":  # /relay/PORT: what a server on that port sends, as it comes
            port = int(request.path_info_pop())

            async def start() -> Reply:
                return Reply(200, (), relay(port))

            return detached(request, start, lambda error: Reply(500, (), b""))
        case "sleep":
            time.sleep(float(request.path_info_pop()))
    return Response(str(os.getpid()))


async def relay(port: int) -> AsyncIterator[bytes]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        while data := await reader.read(1000):
            yield data
    finally:
        writer.close()


def post_fork() -> None:
    logging.getLogger("program").info("Post-fork in %d.", os.getpid())


def main(options: dict[str, Any]) -> None:
    logging.basicConfig(level="INFO", format="%(name)s: %(message)s")
    if options.pop("dies", False):

        def post_fork_hook() -> None:
            raise RuntimeError("on purpose")
    else:
        post_fork_hook = post_fork
    config = Configurator()
    config.registry.background = BackgroundLoop()
    config.add_route("any", "/*path")
    config.add_view(view, route_name="any")
    app = config.make_wsgi_app()
    serve(app, port=0, background=config.registry.background, post_fork=post_fork_hook, **options)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))

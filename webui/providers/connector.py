"""aiohttp's connections, mended: an answer that breaks off is never waited for.

Import it late: aiohttp takes 15 MB.
"""

from __future__ import annotations

from functools import partial
from typing import Any, cast

import aiohttp
from aiohttp.client_proto import ResponseHandler


class Connector(aiohttp.TCPConnector):
    """Connections whose readers are told of every end."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._factory = cast("partial[ResponseHandler]", partial(TellingHandler, loop=self._loop))


class TellingHandler(ResponseHandler):
    """Tells the reader of a body that no more will come.

    aiohttp 3.14.5's compiled parser forgets the reader when a body's chunks are malformed: the connection is closed,
    and the reader waits for the whole timeout, or gets a bare ``RuntimeError``.
    """

    def connection_lost(self, exc: BaseException | None) -> None:
        body = self._payload
        super().connection_lost(exc)
        if body is not None and not body.is_eof() and body.exception() is None:
            body.set_exception(aiohttp.ClientPayloadError("the connection was closed in the middle of the answer"))

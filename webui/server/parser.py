"""Requests as they are received, and the answers to those that are refused before the application sees them."""

from __future__ import annotations

import json
import logging
import re
from typing import TYPE_CHECKING
from uuid import uuid4

from waitress.parser import HTTPRequestParser, ParsingError
from waitress.task import ErrorTask
from waitress.utilities import Error, RequestEntityTooLarge

from webui.errors import Problem
from webui.routes.chats import IMPORT_FILE
from webui.security.tokens import COOKIE

if TYPE_CHECKING:
    from webui.server.channel import Task

access_log = logging.getLogger("webui.access")

# Bytes of body without credentials. A body is stored before the application is asked who sent it; this leaves room for
# the largest that honest people send before they have an account: a sign-up with a picture.
ANONYMOUS_BODY = 4 << 20
TOKEN_COOKIE = re.compile(rf"(^|[;,\s]){re.escape(COOKIE)}=")


class RequestParser(HTTPRequestParser):  # type: ignore[misc]
    """A request; ``detached`` is its task once that has left the worker thread."""

    detached: Task | None = None
    error: Error | None = None
    path = ""  # until the head is there

    @property
    def body_limit(self) -> int:
        """The most bytes of body that are accepted. Credentials count as they are; only the application tests them."""
        limit: int = self.adj.max_request_body_size - 1  # waitress refuses a body that is as long as its limit
        if self.path != IMPORT_FILE:
            limit = min(limit, self.adj.max_body_size)
        if "AUTHORIZATION" in self.headers or TOKEN_COOKIE.search(self.headers.get("COOKIE", "")):
            return limit
        return min(limit, ANONYMOUS_BODY)

    def received(self, data: bytes) -> int:
        consumed: int = super().received(data)
        if self.error is None and max(self.content_length, self.body_bytes_received) > self.body_limit:
            self.error = RequestEntityTooLarge("")
            self.completed = True
        if self.error is not None:
            self.expect_continue = False  # waitress would ask for the body that it is about to refuse
        return consumed

    def parse_header(self, header_plus: bytes) -> None:
        super().parse_header(header_plus)
        # Proxies may disagree with us on where such a request ends, and take the rest for another: RFC 9112 section
        # 6.1. In HTTP/1.1 waitress has taken Transfer-Encoding out of the headers; in HTTP/1.0 it is always faulty.
        if "TRANSFER_ENCODING" in self.headers or (self.chunked and "CONTENT_LENGTH" in self.headers):
            raise ParsingError("The length of the body is ambiguous")


class JsonErrorTask(ErrorTask):  # type: ignore[misc]
    """An error that waitress finds itself, in the shape of all our errors and without its own words."""

    def execute(self) -> None:
        error = self.request.error
        body = json.dumps({"detail": self._detail(error.code)}).encode()
        request_id = uuid4().hex
        self.status = f"{error.code} {error.reason}"
        self.response_headers += [("Content-Type", "application/json"), ("X-Request-Id", request_id)]
        access_log.info(
            "%s refused before it was read",
            getattr(self.request, "command", "A request"),
            extra={"request_id": request_id, "status": error.code, "remote": self.channel.addr[0]},
        )
        self.set_close_on_finish()
        self.content_length = len(body)
        self.channel.unread = error.code != 500  # the one that is found after the whole request was read
        self.write(body)

    def _detail(self, status: int) -> str:
        match status:
            case 413:
                return f"The request is too large; this server accepts {self.request.body_limit} bytes."
            case 431:
                return "The headers of the request are too large."
            case 501:
                return "This transfer encoding is not supported; send the body chunked or with a Content-Length."
            case 500:
                return Problem.INTERNAL.text
            case _:
                return Problem.MALFORMED_REQUEST.text

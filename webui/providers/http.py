"""HTTP to model servers: one pool of connections, and failures in words that name the connection."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from pydantic_core import from_json, to_json

from webui.errors import ApiError, Problem
from webui.providers.content import distinct
from webui.settings.parsers import HIDDEN

if TYPE_CHECKING:
    import aiohttp

log = logging.getLogger(__name__)

CONNECT_SECONDS = 10
# Between two pieces of a reply. Long, since a model may read a long prompt before its first word.
SILENCE_SECONDS = 600
KEEP_ALIVE_SECONDS = 4  # llama.cpp closes idle connections after five
MAX_ERROR_BYTES = 64 * 1024
MAX_LIST_BYTES = 16 * 1024 * 1024
MAX_LINE_BYTES = 16 * 1024 * 1024  # a tool call is one line; what is longer is no reply of a model
# What is no secret of the headers that go with every request; the others may hold keys.
PLAIN_HEADERS = frozenset(
    {"accept", "accept-encoding", "anthropic-version", "content-length", "content-type", "host", "user-agent"}
)
LEAST_SECRET = 8  # characters; what is shorter may be a word of any text
PASSED_HEADERS = ("Content-Type", "Retry-After", "OpenAI-Processing-Ms")


class HttpClient:
    """The session shared by all providers; made at first use on the background loop, and closed when that stops."""

    def __init__(
        self,
        *,
        verify_tls: bool = True,
        timeout: timedelta | None = None,
        public: bool = False,
        public_names: set[str] | None = None,
    ) -> None:
        """``public`` is for addresses that strangers name: only https and public ones are asked, 400 for others.

        ``public_names`` collects the names that were found at public addresses.
        """
        self._public_names = public_names
        self._verify_tls = verify_tls
        self._public = public
        self._total = timeout.total_seconds() if timeout else None
        self._session: aiohttp.ClientSession | None = None
        self._keeper: asyncio.Task[None] | None = None

    def session(self) -> aiohttp.ClientSession:
        import aiohttp  # 15 MB that a server without traffic spares

        from webui.providers.connector import Connector

        if self._session is None:
            connector = Connector(
                limit=0, ssl=self._verify_tls, keepalive_timeout=KEEP_ALIVE_SECONDS, resolver=self._resolver()
            )
            self._session = aiohttp.ClientSession(
                connector=connector,
                headers={"Accept-Encoding": "identity", "User-Agent": "webui"},  # bytes are passed on as they come
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,  # 600 kB may become 600 MB
            )
            self._keeper = asyncio.create_task(self._keep())
        return self._session

    def _resolver(self) -> aiohttp.abc.AbstractResolver | None:
        if not self._public and self._public_names is None:
            return None  # aiohttp's own
        from webui.providers.public import NotingResolver, PublicResolver

        return PublicResolver() if self._public_names is None else NotingResolver(self._public_names)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def _keep(self) -> None:
        """Close the session when the loop ends, which cancels every task."""
        try:
            await asyncio.Event().wait()
        finally:
            await self.close()

    async def request(
        self,
        method: str,
        url: str,
        *,
        connection: str,
        headers: Mapping[str, str] | None = None,
        payload: dict[str, Any] | None = None,
        data: bytes | AsyncIterator[bytes] | None = None,
        seconds: float | None = None,
    ) -> aiohttp.ClientResponse:
        """The head of an answer that has a status of HTTP and is not compressed; its body is still to come.

        ``payload`` is sent as JSON, of names that differ in case alone but one; ``data`` as it is. ``connection`` names
        the server in errors: 502 or 504.
        """
        import aiohttp

        if self._public:
            from webui.providers.public import check_public

            check_public(url)
        if payload is not None:
            data = _json(payload)
            headers = {"Content-Type": "application/json", **(headers or {})}
        options: dict[str, Any] = {
            "data": data,
            "headers": headers,
            "timeout": self._timeout(seconds),
            "allow_redirects": False,
        }
        with translated_errors(connection):
            try:
                response = await self.session().request(method, url, **options)
            except aiohttp.ClientConnectionResetError:
                # A pooled connection that the server had closed already: nothing of the request was sent.
                if data is not None and not isinstance(data, bytes):
                    raise  # an iterator cannot be begun again
                response = await self.session().request(method, url, **options)
        if (error := _head_error(response, connection)) is not None:
            response.close()
            raise error
        return response

    def _timeout(self, seconds: float | None) -> aiohttp.ClientTimeout:
        import aiohttp

        return aiohttp.ClientTimeout(
            total=seconds or self._total,
            # Half of the whole, so that a connection that does not come about is told apart from silence.
            connect=min(seconds / 2, CONNECT_SECONDS) if seconds else CONNECT_SECONDS,
            sock_read=seconds or SILENCE_SECONDS,
        )


def _json(payload: dict[str, Any]) -> bytes:
    kept = distinct(payload)
    unequivocal = {name: value for name, value in payload.items() if name in kept}
    return to_json(unequivocal, inf_nan_mode="null")  # 1e999 is JSON, Infinity is not


@contextmanager
def translated_errors(connection: str) -> Iterator[None]:
    """What goes wrong with a server, as an ``ApiError`` that names the connection."""
    import aiohttp

    try:
        yield
    except aiohttp.ConnectionTimeoutError as error:
        text = f"{connection} cannot be used: it did not accept the connection in time."
        raise ApiError(Problem.UPSTREAM_FAILED, text) from error
    except TimeoutError as error:
        raise ApiError(Problem.UPSTREAM_TIMEOUT, f"{connection} took too long to answer.") from error
    except (aiohttp.ClientError, ConnectionError, ssl.SSLError, ValueError) as error:
        raise ApiError(Problem.UPSTREAM_FAILED, f"{connection} cannot be used: {_cause(error)}.") from error


def _head_error(response: aiohttp.ClientResponse, connection: str) -> ApiError | None:
    """Why an answer is not passed on: another protocol, a redirection, a status that is none, a compressed body."""
    if not (200 <= response.status < 300 or 400 <= response.status < 600):
        return refused(response, connection=connection)
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        text = f"{connection} compressed its answer without being asked to. Switch compression off there."
        return ApiError(Problem.UPSTREAM_FAILED, text)
    return None


async def read_json(response: aiohttp.ClientResponse, *, connection: str) -> Any:
    """The JSON of an answer with status 200; for lists and the like."""
    async with response:
        if response.status != 200:
            raise refused(response, connection=connection)
        body = await read_whole(response, connection=connection, limit=MAX_LIST_BYTES)
    return parse_json(body, connection=connection)


async def read_whole(response: aiohttp.ClientResponse, *, connection: str, limit: int) -> bytes:
    """The body of an answer that is not streamed; 502 beyond ``limit`` bytes."""
    body, complete = await read_some(response, connection=connection, limit=limit)
    if not complete:
        text = f"{connection} answered with more than {limit // 1024**2} MB, which is too much."
        raise ApiError(Problem.UPSTREAM_FAILED, text)
    return body


async def read_error(response: aiohttp.ClientResponse, *, connection: str) -> dict[str, Any] | None:
    """The JSON object that an error answer carries; None if it says something else, or too much.

    Without the keys that the request was sent with: some servers repeat them.
    """
    async with response:
        body, complete = await read_some(response, connection=connection, limit=MAX_ERROR_BYTES)
    try:
        answer = from_json(body if complete else b"")
    except ValueError:
        return None
    return without_secrets(answer, secrets_of(response)) if isinstance(answer, dict) else None


def secrets_of(response: aiohttp.ClientResponse) -> list[str]:
    """What the request's headers may hold of keys, with and without the scheme before it; the longest first."""
    sent = [value for name, value in response.request_info.headers.items() if name.lower() not in PLAIN_HEADERS]
    found = {part for value in sent for part in (value, value.partition(" ")[2]) if len(part) >= LEAST_SECRET}
    return sorted(found, key=len, reverse=True)


def without_secrets(value: Any, secrets: Sequence[str]) -> Any:
    """The JSON value with these texts hidden wherever they stand in it."""
    if isinstance(value, str):
        for secret in secrets:
            value = value.replace(secret, HIDDEN)
        return value
    if isinstance(value, dict):
        return {without_secrets(name, secrets): without_secrets(item, secrets) for name, item in value.items()}
    return [without_secrets(item, secrets) for item in value] if isinstance(value, list) else value


async def read_some(response: aiohttp.ClientResponse, *, connection: str, limit: int) -> tuple[bytes, bool]:
    """The body, or a beginning of it that is longer than ``limit`` bytes; and whether it is all.

    An answer that cannot be read is closed.
    """
    body = bytearray()
    try:
        with translated_errors(connection):
            async for piece in response.content.iter_any():
                body += piece
                if len(body) > limit:
                    return bytes(body), False
    except BaseException:
        response.close()
        raise
    return bytes(body), True


def refused(response: aiohttp.ClientResponse, *, connection: str, text: str | None = None) -> ApiError:
    """The error for an answer that is none. The status of an error and Retry-After are kept."""
    headers = {name: value for name, value in passed_headers(response) if name == "Retry-After"}
    detail = text or f"{connection} answered with status {response.status}."
    status = response.status if 400 <= response.status < 600 else None
    return ApiError(Problem.UPSTREAM_FAILED, detail, status=status, headers=headers)


def passed_headers(response: aiohttp.ClientResponse) -> tuple[tuple[str, str], ...]:
    """The headers of an answer that are the caller's business too."""
    found = ((name, response.headers.get(name, "")) for name in PASSED_HEADERS)
    return tuple((name, value) for name, value in found if value and value.isascii() and value.isprintable())


def parse_json(body: bytes, *, connection: str) -> Any:
    """The JSON of an answer; 502 when it is something else."""
    try:
        return from_json(body)
    except ValueError as error:
        raise ApiError(Problem.UPSTREAM_FAILED, f"{connection} answered with something else than JSON.") from error


def _cause(error: Exception) -> str:
    """What went wrong, without addresses and paths of this machine."""
    import aiohttp

    match error:
        case aiohttp.ClientConnectorDNSError():
            return "its name cannot be resolved"
        case aiohttp.ClientConnectorCertificateError(certificate_error=ssl.SSLCertVerificationError() as found):
            return f"its certificate is not accepted ({found.verify_message})"
        case aiohttp.ClientConnectorSSLError() | aiohttp.ClientConnectorCertificateError() | ssl.SSLError():
            return "TLS failed"
        case aiohttp.ClientConnectorError():
            return "the connection was refused"
        case (
            aiohttp.InvalidURL() | ValueError()
        ):  # a key may have a line break, or clash with a password in the address
            return "its address or its key is not valid"
        case _:
            return "the connection broke off"


def event(body: dict[str, Any]) -> bytes:
    """A server-sent event."""
    return b"data: " + to_json(body) + b"\n\n"


def error_event(error: ApiError) -> bytes:
    """An error in the middle of a stream of events; the empty line first ends what was cut off."""
    body = {"error": {"message": error.detail, "type": "api_error", "param": None, "code": error.problem.code}}
    return b"\n\n" + event(body)

"""Questions to servers, all on the background loop: our own, the public address, and those of models."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from webui.doctor.finding import reason
from webui.errors import ApiError, Problem
from webui.providers.connection import Connection, Spec
from webui.providers.connections import specs
from webui.providers.factory import make_remote
from webui.providers.http import HttpClient, parse_json, read_json, translated_errors
from webui.providers.verify import verify
from webui.settings.sources import Origin

if TYPE_CHECKING:
    from webui.settings import Settings
    from webui.streaming import Reply

SECONDS = 5.0  # that a server, a database or a model may take to answer one question
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "*": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - where to ask, not to listen
REFUSES_KEY = (401, 403)


class Step(IntEnum):
    """How far one gets with a server of models, in this order."""

    NAME = 1
    CONNECTION = 2
    TLS = 3
    KEY = 4
    LIST = 5
    REPLY = 6


@dataclass(frozen=True)
class Site:
    """What answers at an address: what it says of its version, or why that is not known."""

    url: str
    version: Mapping[str, Any] | None
    listening: bool
    error: str = ""


@dataclass(frozen=True)
class Probe:
    """What became of a connection: the step that failed, and why. ``label`` is its kind and its place among
    these, which tells two on one host apart; ``default`` is one that nobody has configured; ``https`` is one with
    a certificate.
    """

    name: str
    label: str
    default: bool
    https: bool
    failed: Step | None = None
    error: str = ""
    status: int = 200


def own_address(settings: Settings) -> str:
    """Where this machine reaches a server with these settings."""
    host = str(settings["server.host"])
    host = EVERYWHERE.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{host}:{settings['server.port']}"


async def ask_site(http: HttpClient, url: str) -> Site:
    """Ask for the version of webui."""
    try:
        response = await http.request("GET", f"{url}/api/version", connection=url, seconds=SECONDS)
        answer = await read_json(response, connection=url)
    except ApiError as error:
        return Site(url, None, _step(error) not in (Step.NAME, Step.CONNECTION), reason(error))
    if not isinstance(answer, dict) or not {"version", "deployment_id"} <= answer.keys():
        return Site(url, None, True, f"{url} is no webui")
    return Site(url, answer, True)


async def seconds_between(http: HttpClient, url: str) -> float:
    """Between the first piece of a stream of half a second, and its end; raises ``ApiError``."""
    response = await http.request("GET", f"{url}/health/stream", connection=url, seconds=SECONDS)
    async with response:
        if response.status != 200:
            raise ApiError(Problem.UPSTREAM_FAILED, f"{url} answered with status {response.status}.")
        with translated_errors(url):
            times = [time.monotonic() async for _ in response.content.iter_any()]
    return times[-1] - times[0] if times else 0.0


async def ask_connections(settings: Settings, http: HttpClient) -> list[Probe]:
    """Try all connections that are switched on, at the same time."""
    chosen = [spec for spec, enabled in specs(settings) if enabled]
    return await asyncio.gather(*(_ask(spec, http, default=_is_default(settings, spec)) for spec in chosen))


async def _ask(spec: Spec, http: HttpClient, *, default: bool) -> Probe:
    """From the name to the first token."""
    provider = make_remote(spec, http, list_seconds=SECONDS)
    connection = Connection(spec, provider)
    https = urlsplit(spec.url).scheme == "https"
    probe = Probe(connection.name, f"{spec.kind} {spec.index}", default, https)
    try:
        if not spec.config.model_ids:  # else it need not be able to list any
            await verify(provider)
        models = await connection.models()
    except ApiError as error:
        return replace(probe, failed=_step(error), error=reason(error))
    if not models:
        return replace(probe, failed=Step.LIST, error=f"{probe.name} has no models.")
    name = connection.inside(models[0]["id"])
    asked = {"model": name, "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 1, "stream": False}
    try:
        reply = await connection.chat(asked, user_id="doctor")
    except ApiError as error:
        step = Step.REPLY if (found := _step(error)) is Step.LIST else found
        return replace(probe, failed=step, error=f"{name}: {reason(error)}", status=error.status)
    if reply.status < 400:
        return probe
    step = Step.KEY if reply.status in REFUSES_KEY else Step.REPLY
    said = f"{probe.name} refused to answer as {name}, status {reply.status}: {_said(reply, probe.name)}"
    return replace(probe, failed=step, error=said, status=reply.status)


def _step(error: ApiError) -> Step:
    """Where it failed, by the library's error under ours."""
    import aiohttp

    if error.problem is Problem.KEY_REFUSED:
        return Step.KEY
    match error.__context__:
        case aiohttp.ClientConnectorDNSError():
            return Step.NAME
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientConnectorSSLError() | ssl.SSLError():
            return Step.TLS
        case aiohttp.ClientConnectorError() | aiohttp.ConnectionTimeoutError():
            return Step.CONNECTION
    return Step.LIST


def _said(reply: Reply, name: str) -> str:
    body = parse_json(reply.body, connection=name) if isinstance(reply.body, bytes) else {}
    return str(body.get("detail", "")) if isinstance(body, dict) else ""


def _is_default(settings: Settings, spec: Spec) -> bool:
    address = "ollama.base_urls" if spec.kind == "ollama" else "openai.api_base_urls"
    return settings.resolved(address).origin is Origin.DEFAULT

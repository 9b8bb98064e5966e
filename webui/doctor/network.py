"""The clock, the port, the public address, and what stands between."""

from __future__ import annotations

import socket
import time
from datetime import UTC, datetime

import sqlalchemy as sa

import webui
from webui.doctor.context import Context, Missing
from webui.doctor.finding import Finding, ok, problem, reason, skipped, warning
from webui.doctor.probes import Site, own_address, seconds_between
from webui.errors import ApiError

SKEW = 2.0  # seconds between clocks; a process that seems silent for six loses its replies to another one
LEAST_STREAMED = 0.2  # seconds, of the half that the stream takes, between its first piece and its end
TRIES = 2  # this machine may be too busy to see pieces come one by one
SET_CLOCK = "timedatectl set-ntp true"


def clock(context: Context) -> Finding:
    """This machine's clock against that of the database: the server's, or of when the file was written."""
    if context.is_sqlite:
        path = context.database_file
        if not path.exists():
            return skipped("There is no database to compare the clock with.")
        ahead = path.stat().st_mtime - time.time()
        if ahead > SKEW:
            return problem(
                f"{path} was written {ahead:.0f} s from now, by this machine's clock.",
                "The clock has gone back. Sign-ins end too late, and the order of messages is lost.",
                SET_CLOCK,
            )
        return ok(f"The clock says {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, and no file is newer.")
    with context.connection() as connection:
        connection.execute(sa.select(1))  # so that the next answer takes no time to connect
        before = time.time()
        there = float(connection.scalar(sa.text("SELECT extract(epoch FROM clock_timestamp())")) or 0)
        skew = there - (before + time.time()) / 2
    if abs(skew) > SKEW:
        return problem(
            f"The clock of the database is {skew:+.1f} s from this machine's.",
            "Processes tell by the clock whether another one still works on a reply.",
            f"{SET_CLOCK}, on both machines",
        )
    return ok(f"The clock of the database is {skew:+.1f} s from this machine's.")


def port(context: Context) -> Finding:
    """Whether the server answers where it is to listen, or could listen there."""
    host, number = context.settings["server.host"], context.settings["server.port"]
    if number == 0:
        return skipped("The system chooses the port (PORT=0).")
    where, remedy = (
        f"{host} port {number}",
        f"Set another HOST or PORT; what listens there: ss -ltnp 'sport = :{number}'",
    )
    site = context.own_site
    if site.version is not None:
        if site.version["version"] != webui.__version__:
            text = f"webui {site.version['version']} runs on {where}; this is {webui.__version__}."
            return warning(text, "It was not started again after an upgrade.", "Start the server again.")
        return ok(f"The server runs on {where}.")
    if site.listening:
        return problem(f"Another program listens on {where}.", site.error, remedy)
    try:
        _bind(host, number)
    except OSError as error:
        return problem(f"The server cannot listen on {where}: {error.strerror}.", "It would not start.", remedy)
    return ok(f"{where} is free; the server does not run.")


def public_url(context: Context) -> Finding:
    """Whether WEBUI_URL leads to this server."""
    site = context.public_site
    if _is_this_server(context, site):
        return ok(f"{site.url} leads to this server.")
    if not _runs(context):
        return skipped("The server does not run.")
    return problem(
        site.error or f"{site.url} leads to another server, webui {(site.version or {}).get('version')}.",
        "Links, sign-in pages and the check of origins rely on WEBUI_URL.",
        f"Correct WEBUI_URL, or let the proxy pass requests on to {own_address(context.settings)}.",
    )


def streams(context: Context) -> Finding:
    """Whether a stream comes piece by piece through the public address."""
    if not _is_this_server(context, context.public_site):
        raise Missing("The public address does not lead to this server (network.public_url).")
    url = context.public_site.url
    try:
        streamed = any(context.run(seconds_between(context.http, url)) >= LEAST_STREAMED for _ in range(TRIES))
    except ApiError as error:
        cause = "What stands between breaks the connection off, or refuses the address."
        return problem(f"A stream does not come through: {reason(error)}", cause, "Look at the log of the proxy.")
    if not streamed:
        return problem(
            f"Streams do not come piece by piece through {url}.",
            "A proxy keeps replies back until they are complete, or compresses them: people see nothing, then all.",
            "nginx: proxy_buffering off; and gzip off; for this server. Other proxies have a like setting.",
        )
    return ok(f"Streams come piece by piece through {url}.")


def _is_this_server(context: Context, site: Site) -> bool:
    ours = {"version": webui.__version__, "deployment_id": context.settings["deployment_id"]}
    return site.version is not None and all(site.version.get(name) == value for name, value in ours.items())


def _runs(context: Context) -> bool:
    return context.settings["server.port"] == 0 or context.own_site.version is not None


def _bind(host: str, number: int) -> None:
    """Take the address for a moment, without listening; ``OSError`` when it is not ours to take."""
    family, kind, protocol, _, address = socket.getaddrinfo(
        None if host == "*" else host, number, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    with socket.socket(family, kind, protocol) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(address)

"""What the processes of the server may use, and what they are to use."""

from __future__ import annotations

import os

from webui.doctor.context import Context
from webui.doctor.finding import Finding, ok, skipped, warning
from webui.server.limits import OTHER_FILES

MANY_THREADS = 32  # for each core


def open_files(context: Context) -> Finding:
    """The limit of open files against that of connections; each is one, and streams have one to the model too."""
    try:
        import resource
    except ImportError:  # Windows
        return skipped("This system has no such limit.")
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]  # the server raises the soft limit by itself
    wanted = context.settings["server.connection_limit"] + OTHER_FILES
    if limit == resource.RLIM_INFINITY:
        return ok(f"A process may open any number of files here, and {wanted} may be needed.")
    if limit < wanted:
        return warning(
            f"A process may open {limit} files here, and {wanted} may be needed.",
            "Beyond the limit no connection is accepted, and no model server is reached.",
            f"ulimit -Hn {2 * wanted} (in a service of systemd: LimitNOFILE={2 * wanted}), or lower"
            " WEBUI_CONNECTION_LIMIT",
        )
    return ok(f"A process may open {limit} files here, and {wanted} may be needed.")


def threads(context: Context) -> Finding:
    """Threads and processes against the cores."""
    workers, each = context.settings["server.workers"], context.settings["server.threads"]
    cores = _cores()
    message = f"Workers: {workers}, threads of each: {each}, cores: {cores}."
    if workers > cores:
        cause = "Workers beyond the cores take memory, and turns from each other."
        return warning(message, cause, f"Set UVICORN_WORKERS={cores} or less.")
    if workers * each > MANY_THREADS * cores:
        cause = "Streams hold no thread; the others wait for each other when there are many."
        return warning(message, cause, f"Set WEBUI_THREADS={max(4, MANY_THREADS * cores // workers)} or less.")
    return ok(message)


def workers(context: Context) -> Finding:
    """Several processes on SQLite, which lets one write at a time."""
    count = context.settings["server.workers"]
    if context.is_sqlite and count > 1:
        return warning(
            f"{count} workers share a SQLite file.",
            "It lets one process write at a time; the others wait, up to ten seconds.",
            "Set UVICORN_WORKERS=1, or use PostgreSQL.",
        )
    return ok(f"Workers: {count}; this kind of database suits that.")


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

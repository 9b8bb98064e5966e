"""The system's limit of open files."""

from __future__ import annotations

OTHER_FILES = 100  # that a process has open beside connections of clients: the database, model servers, libraries


def allow_open_files(connections: int) -> None:
    """Raise this process's own limit to what so many connections need, as far as the hard limit lets it."""
    try:
        import resource
    except ImportError:  # Windows
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + OTHER_FILES
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from webui.errors import ApiError


class Status(StrEnum):
    """How a check came out. A warning is what the server runs with, though not as well or as safely as it could."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Finding:
    """What a check found. ``cause`` is why that matters, ``remedy`` the command or the setting that mends it."""

    status: Status
    message: str
    cause: str = ""
    remedy: str = ""


def ok(message: str) -> Finding:
    """All is well."""
    return Finding(Status.OK, message)


def warning(message: str, cause: str, remedy: str) -> Finding:
    """It works, but it could be better or safer."""
    return Finding(Status.WARNING, message, cause, remedy)


def problem(message: str, cause: str, remedy: str) -> Finding:
    """It does not work, or somebody can do harm."""
    return Finding(Status.PROBLEM, message, cause, remedy)


def skipped(message: str, remedy: str = "") -> Finding:
    """There is nothing to look at, or it cannot be looked at now."""
    return Finding(Status.SKIPPED, message, remedy=remedy)


def reason(error: BaseException) -> str:
    """An error in words for people."""
    return str(error.detail) if isinstance(error, ApiError) else f"{type(error).__name__}: {error}"

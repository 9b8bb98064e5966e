"""Logging: one line an event, as text for people or as JSON for machines, each with the id of its request."""

from __future__ import annotations

import json
import logging
import logging.config
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from webui.settings import Settings

request_id: ContextVar[str] = ContextVar("request_id", default="-")

_PLAIN_ATTRIBUTES = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "request_id"}


def configure(settings: Settings) -> None:
    """Send everything to standard error; levels and form come from the settings ``log.level`` and ``log.format``."""
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"line": {"()": JsonFormatter if settings["log.format"] == "json" else TextFormatter}},
            "filters": {"request_id": {"()": RequestIdFilter}},
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["request_id"]}},
            "root": {"level": "WARNING", "handlers": ["stderr"]},
            "loggers": {
                "webui": {"level": settings["log.level"]},
                "pyramid_jwt": {"level": "ERROR"},  # it warns of every expired token
                "waitress.queue": {"level": "ERROR"},  # it warns of every request that waits a moment
            },
        }
    )


class RequestIdFilter(logging.Filter):
    """Puts the id of the current request on each record."""

    def filter(self, record: logging.LogRecord) -> bool:
        if not hasattr(record, "request_id"):
            record.request_id = request_id.get()
        return True


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    """What was passed as ``extra=``."""
    return {name: value for name, value in vars(record).items() if name not in _PLAIN_ATTRIBUTES}


class TextFormatter(logging.Formatter):
    """``2026-11-23 10:00:00.123 INFO webui.access [id] message key=value``."""

    def __init__(self) -> None:
        super().__init__(
            "%(asctime)s.%(msecs)03d %(levelname)s %(name)s [%(request_id)s] %(message)s", "%Y-%m-%d %H:%M:%S"
        )

    def formatMessage(self, record: logging.LogRecord) -> str:
        line = printable(super().formatMessage(record))
        fields = " ".join(f"{name}={one_line(value)}" for name, value in _fields(record).items())
        return f"{line} {fields}" if fields else line


class JsonFormatter(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        event = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "request_id": getattr(record, "request_id", "-"),
            "message": record.getMessage(),
            **_fields(record),
        }
        if record.exc_info:
            event["traceback"] = self.formatException(record.exc_info)
        return json.dumps(event, default=str)


def printable(text: str) -> str:
    """A line for people in which nothing moves a terminal's cursor or changes the order of what is read."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def counted(number: int, word: str) -> str:
    """Such as ``1 warning`` or ``2 warnings``."""
    return f"{number} {word}{'' if number == 1 else 's'}"


def one_line(value: object) -> str:
    """A field as text that cannot start a new line in the log."""
    text = str(value)
    return text if text.isprintable() and " " not in text else json.dumps(text)

from __future__ import annotations

import json
import logging

import pytest

from webui.log import JsonFormatter, RequestIdFilter, TextFormatter


@pytest.mark.parametrize("formatter", [TextFormatter(), JsonFormatter()])
def test_what_others_wrote_cannot_write_to_the_terminal(formatter: logging.Formatter) -> None:
    hostile = "a\x1b[2J\n2026-11-23 forged\x9b\u202e"
    record = logging.makeLogRecord({"msg": "%s", "args": (hostile,), "name": "webui", "field": hostile})
    RequestIdFilter().filter(record)
    line = formatter.format(record)
    assert line.isprintable()
    if isinstance(formatter, JsonFormatter):
        assert json.loads(line)["message"] == hostile

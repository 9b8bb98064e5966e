from __future__ import annotations

from typing import Any

from webui.schemas.common import Form, Line


class MessageForm(Form):
    """What a message says from now on."""

    content: str


class EventForm(Form):
    """Something that pages are told about a message: ``status``, ``replace``, ``notification``, ..."""

    type: Line
    data: dict[str, Any]

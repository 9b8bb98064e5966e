from __future__ import annotations

from webui.schemas.common import Form


class CloneForm(Form):
    """``title`` is the copy's; without one it is called after the original."""

    title: str | None = None

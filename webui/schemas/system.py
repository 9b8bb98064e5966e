from __future__ import annotations

from webui.schemas.common import Out


class Version(Out):
    version: str
    deployment_id: str

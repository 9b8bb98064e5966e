"""Print the description of the API, as /openapi.json answers it, without a server."""

from __future__ import annotations

import json

from webui.config import assemble
from webui.openapi import document

print(json.dumps(document(assemble().registry)))

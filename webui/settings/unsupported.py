"""Variables of Open WebUI that are deliberately not followed: why, and what to do instead.

Who sets one of them is told so at the start; ``docs/settings.md`` lists all of them.
"""

from __future__ import annotations

UNSUPPORTED: dict[str, str] = {}

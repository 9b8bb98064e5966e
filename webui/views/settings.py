"""What views share that change settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from webui.services.settings import change_settings

if TYPE_CHECKING:
    from webui.request import Request


def store(request: Request, values: Mapping[str, Any]) -> None:
    """Store these settings (name to JSON value) as ``change_settings`` does.

    They are in force in this process when the answer goes out, and in the others within two seconds. Until the commit
    ``request.config`` has the old ones.
    """
    change_settings(request.db, request.config, values, user_id=request.user.id)

    def refresh(committed: bool) -> None:
        if committed:
            request.registry.runtime.refresh()

    request.tm.get().addAfterCommitHook(refresh)

"""Durable jobs: work that follows a transaction, done in the background by whichever process takes it first.

A job is stored with the rows that it is about, so it exists if and only if they were committed. It is done at least
once: when its process dies it is taken again, and a handler must not mind that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webui.jobs.worker import Jobs
from webui.runs import after
from webui.services import account_removal
from webui.services.imports import records

if TYPE_CHECKING:
    from pyramid.config import Configurator
    from pyramid.registry import Registry


def includeme(config: Configurator) -> None:
    """Give the registry its jobs; nothing is taken before ``start``."""
    config.registry.jobs = Jobs(
        config.registry, {**after.HANDLERS, records.JOB: _take_in, account_removal.JOB: account_removal.remove}
    )


async def _take_in(registry: Registry, payload: dict[str, Any], user_id: str) -> None:
    from webui.services.imports.job import take_in  # loaded with the first import: 28 ms

    await take_in(registry, payload, user_id)

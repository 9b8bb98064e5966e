"""Durable jobs: work that follows a transaction, done in the background by whichever process takes it first.

A job is stored with the rows that it is about, so it exists if and only if they were committed. It is done at least
once: when its process dies it is taken again, and a handler must not mind that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webui.jobs.worker import Jobs
from webui.runs import after
from webui.services.imports import job as imports

if TYPE_CHECKING:
    from pyramid.config import Configurator


def includeme(config: Configurator) -> None:
    """Give the registry its jobs; nothing is taken before ``start``."""
    config.registry.jobs = Jobs(config.registry, {**after.HANDLERS, **imports.HANDLERS})

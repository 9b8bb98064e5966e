"""The request class. A subclass, since ``config.add_request_method`` builds a class for each request (measured)."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from pyramid.decorator import reify
from pyramid.request import Request as PyramidRequest
from pyramid_tm import create_tm

from webui.security.origins import SAFE_METHODS

if TYPE_CHECKING:
    from sqlalchemy.orm import Session
    from transaction import TransactionManager

    from webui.models import Database
    from webui.security.identity import Identity
    from webui.settings import Settings


class Request(PyramidRequest):
    """What views find on a request beyond Pyramid's own; ``payload`` and ``query`` are set by ``webui.api``."""

    request_body_tempfile_limit = sys.maxsize  # no copy in a file: the server bounds bodies, and spools large ones
    request_id: str = "-"
    began: float = 0.0  # time.perf_counter() when it came
    payload: Any
    query: Any

    # A reified attribute caches under its function's name, so that must be the attribute's own.
    @reify
    def tm(self) -> TransactionManager:
        return create_tm(self)

    @reify
    def db(self) -> Session:
        """The session of this request's transaction; it cannot write when the method promises not to."""
        return self.database.session(self.tm, write=self.method not in SAFE_METHODS)

    @reify
    def reading(self) -> Session:
        """A session that cannot write, for views that only ask though their method could: SQLite lets one write at a
        time.
        """
        return self.database.session(self.tm, write=False)

    @property
    def database(self) -> Database:
        return self.registry.database

    @property
    def config(self) -> Settings:
        """The settings as they are now, stored ones included."""
        return self.registry.runtime.settings

    @property
    def user(self) -> Identity:
        """Who asks; only for views whose permission needs somebody."""
        identity: Identity = self.identity
        return identity

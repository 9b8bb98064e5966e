"""Tables, engine and sessions."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from webui.models.chat import Chat, Message
from webui.models.database import Database, create_database
from webui.models.job import Job
from webui.models.meta import Base, utcnow
from webui.models.model import Model
from webui.models.run import Run, RunDeltas, RunState
from webui.models.session import SigninAttempt, UserSession
from webui.models.setting import StoredSetting
from webui.models.usage import Usage
from webui.models.user import Credential, Role, User

if TYPE_CHECKING:
    from pyramid.config import Configurator

__all__ = [
    "Base",
    "Chat",
    "Credential",
    "Database",
    "Job",
    "Message",
    "Model",
    "Role",
    "Run",
    "RunDeltas",
    "RunState",
    "SigninAttempt",
    "StoredSetting",
    "Usage",
    "User",
    "UserSession",
    "create_database",
    "utcnow",
]


def includeme(config: Configurator) -> None:
    """Give the registry its database; ``request.db`` (see ``webui.request``) joins the request's transaction."""
    database = create_database(config.registry.webui_settings)
    config.registry.database = database
    config.registry["post_fork"] = partial(database.dispose, close=False)

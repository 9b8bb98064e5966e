"""Tables, engine and sessions."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from webui.models.chat import IS_LISTED, Chat, Message
from webui.models.chat_import import ChatImport
from webui.models.database import Database, create_database
from webui.models.feedback import Feedback
from webui.models.folder import Folder
from webui.models.job import Job
from webui.models.memory import Memory
from webui.models.meta import BY_CODE_POINT, Base, utcnow
from webui.models.model import Model
from webui.models.note import MAY_BE_SHARED, Note
from webui.models.prompt import Prompt
from webui.models.run import Run, RunDeltas, RunState
from webui.models.session import SigninAttempt, UserSession
from webui.models.setting import SecretKey, SettingChange, StoredSetting
from webui.models.share import SharedChat
from webui.models.tag import ChatTag, Tag
from webui.models.usage import Usage
from webui.models.user import Credential, Role, User

if TYPE_CHECKING:
    from pyramid.config import Configurator

__all__ = [
    "BY_CODE_POINT",
    "IS_LISTED",
    "MAY_BE_SHARED",
    "Base",
    "Chat",
    "ChatImport",
    "ChatTag",
    "Credential",
    "Database",
    "Feedback",
    "Folder",
    "Job",
    "Memory",
    "Message",
    "Model",
    "Note",
    "Prompt",
    "Role",
    "Run",
    "RunDeltas",
    "RunState",
    "SecretKey",
    "SettingChange",
    "SharedChat",
    "SigninAttempt",
    "StoredSetting",
    "Tag",
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
    config.registry["stopped"] = database.dispose  # with its last connection SQLite empties the -wal file

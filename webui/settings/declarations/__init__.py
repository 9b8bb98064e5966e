"""Every setting, declared once; documentation, ``.env.example`` and the resolution all read this table."""

from __future__ import annotations

from webui.settings.declarations.auth import AUTH
from webui.settings.declarations.conversations import CONVERSATIONS
from webui.settings.declarations.database import DATABASE
from webui.settings.declarations.evaluation import EVALUATION
from webui.settings.declarations.features import FEATURES
from webui.settings.declarations.models import MODELS
from webui.settings.declarations.permissions import PERMISSIONS
from webui.settings.declarations.server import SERVER
from webui.settings.declarations.tasks import TASKS
from webui.settings.declarations.ui import UI
from webui.settings.setting import Setting

GROUPS: tuple[tuple[str, tuple[Setting, ...]], ...] = (
    ("Server", SERVER),
    ("Database", DATABASE),
    ("Accounts and security", AUTH),
    ("Models", MODELS),
    ("Conversations", CONVERSATIONS),
    ("Small tasks", TASKS),
    ("Arenas", EVALUATION),
    ("Web page", UI),
    ("Features", FEATURES),
    ("Default permissions", PERMISSIONS),
)
SETTINGS: tuple[Setting, ...] = tuple(setting for _, settings in GROUPS for setting in settings)
VARIABLES = frozenset(variable for setting in SETTINGS for variable in setting.variables)
INI_KEYS = frozenset(key for setting in SETTINGS for key in setting.ini_keys)

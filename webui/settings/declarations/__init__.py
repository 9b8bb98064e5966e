"""Every setting, declared once; documentation, ``.env.example`` and the resolution all read this table."""

from __future__ import annotations

from webui.settings.declarations.audio import AUDIO
from webui.settings.declarations.auth import AUTH
from webui.settings.declarations.conversations import CONVERSATIONS
from webui.settings.declarations.database import DATABASE
from webui.settings.declarations.directory import DIRECTORY
from webui.settings.declarations.documents import DOCUMENTS
from webui.settings.declarations.drives import DRIVES
from webui.settings.declarations.evaluation import EVALUATION
from webui.settings.declarations.features import FEATURES
from webui.settings.declarations.headers import HEADERS
from webui.settings.declarations.images import IMAGES
from webui.settings.declarations.models import MODELS
from webui.settings.declarations.oauth import OAUTH
from webui.settings.declarations.permissions import PERMISSIONS
from webui.settings.declarations.retrieval import RETRIEVAL
from webui.settings.declarations.server import SERVER
from webui.settings.declarations.storage import STORAGE
from webui.settings.declarations.tasks import TASKS
from webui.settings.declarations.telemetry import TELEMETRY
from webui.settings.declarations.tools import TOOLS
from webui.settings.declarations.ui import UI
from webui.settings.declarations.web_search import WEB_SEARCH
from webui.settings.setting import Setting

GROUPS: tuple[tuple[str, tuple[Setting, ...]], ...] = (
    ("Server", SERVER),
    ("Database", DATABASE),
    ("Accounts and security", AUTH),
    ("Security headers", HEADERS),
    ("Sign-in with other services", OAUTH),
    ("Directories and proxies", DIRECTORY),
    ("Models", MODELS),
    ("Conversations", CONVERSATIONS),
    ("Small tasks", TASKS),
    ("Arenas", EVALUATION),
    ("Web page", UI),
    ("Features", FEATURES),
    ("Default permissions", PERMISSIONS),
    ("Reading documents", DOCUMENTS),
    ("Finding in documents", RETRIEVAL),
    ("Searching the web", WEB_SEARCH),
    ("Tools and code", TOOLS),
    ("Images", IMAGES),
    ("Speech", AUDIO),
    ("Drives", DRIVES),
    ("Storage of files", STORAGE),
    ("Telemetry and audit", TELEMETRY),
)
SETTINGS: tuple[Setting, ...] = tuple(setting for _, settings in GROUPS for setting in settings)
VARIABLES = frozenset(variable for setting in SETTINGS for variable in setting.variables)
INI_KEYS = frozenset(key for setting in SETTINGS for key in setting.ini_keys)

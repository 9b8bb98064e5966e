"""Who may do what: the whole policy on one page.

A view names one permission; a permission is a rule over the identity and the settings. What belongs to one user is
fetched by (id, user id) in the services, so no rule needs to look at objects.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from webui.models import Role
from webui.security.identity import Identity
from webui.settings import Settings

Rule = Callable[[Identity, Settings], bool]


class Permission(StrEnum):
    """What a view can ask for."""

    PUBLIC = "public"  # anybody, signed in or not
    SESSION = "session"  # any signed-in user, also one who waits for an administrator
    VERIFIED = "verified"  # a user or an administrator
    ADMIN = "admin"
    CHAT_DELETE = "chat:delete"
    CHAT_EXPORT = "chat:export"
    CHAT_SHARE = "chat:share"
    FOLDERS = "folders"
    NOTES = "notes"
    MODEL_CREATE = "model:create"
    MODEL_EXPORT = "model:export"
    MODEL_IMPORT = "model:import"
    PROMPT_CREATE = "prompt:create"


def _session(identity: Identity, settings: Settings) -> bool:
    return True


def _verified(identity: Identity, settings: Settings) -> bool:
    return identity.role in (Role.USER, Role.ADMIN)


def _admin(identity: Identity, settings: Settings) -> bool:
    return identity.is_admin


def _granted(*names: str) -> Rule:
    """A verified user to whom a setting ``user.permissions.<name>`` grants it; administrators need no grant."""

    def rule(identity: Identity, settings: Settings) -> bool:
        granted = any(settings[f"user.permissions.{name}"] for name in names)
        return identity.is_admin or (_verified(identity, settings) and granted)

    return rule


RULES: dict[Permission, Rule] = {
    Permission.SESSION: _session,
    Permission.VERIFIED: _verified,
    Permission.ADMIN: _admin,
    Permission.CHAT_DELETE: _granted("chat.delete"),
    Permission.CHAT_EXPORT: _granted("chat.export"),
    Permission.CHAT_SHARE: _granted("chat.share"),
    Permission.FOLDERS: _granted("features.folders"),
    Permission.NOTES: _granted("features.notes"),
    Permission.MODEL_CREATE: _granted("workspace.models"),
    Permission.MODEL_EXPORT: _granted("workspace.models_export"),
    Permission.MODEL_IMPORT: _granted("workspace.models_import"),
    Permission.PROMPT_CREATE: _granted("workspace.prompts", "workspace.prompts_import"),
}

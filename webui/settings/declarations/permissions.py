"""What a user without groups may do: a setting for each permission of the contract.

Permission names are those of the contract's ``UserPermissions`` document; the variable is ``USER_PERMISSIONS_`` and
area and permission, except in the areas workspace and sharing, where the contract spells it by object.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from webui.settings.parsers import boolean
from webui.settings.setting import Setting

PREFIX = "user.permissions"
WORKSPACE = {
    "models": "WORKSPACE_MODELS_ACCESS",
    "knowledge": "WORKSPACE_KNOWLEDGE_ACCESS",
    "prompts": "WORKSPACE_PROMPTS_ACCESS",
    "tools": "WORKSPACE_TOOLS_ACCESS",
    "models_import": "WORKSPACE_MODELS_IMPORT",
    "models_export": "WORKSPACE_MODELS_EXPORT",
    "prompts_import": "WORKSPACE_PROMPTS_IMPORT",
    "prompts_export": "WORKSPACE_PROMPTS_EXPORT",
    "tools_import": "WORKSPACE_TOOLS_IMPORT",
    "tools_export": "WORKSPACE_TOOLS_EXPORT",
}
SHARING = {
    "models": "WORKSPACE_MODELS_ALLOW_SHARING",
    "public_models": "WORKSPACE_MODELS_ALLOW_PUBLIC_SHARING",
    "knowledge": "WORKSPACE_KNOWLEDGE_ALLOW_SHARING",
    "public_knowledge": "WORKSPACE_KNOWLEDGE_ALLOW_PUBLIC_SHARING",
    "prompts": "WORKSPACE_PROMPTS_ALLOW_SHARING",
    "public_prompts": "WORKSPACE_PROMPTS_ALLOW_PUBLIC_SHARING",
    "tools": "WORKSPACE_TOOLS_ALLOW_SHARING",
    "public_tools": "WORKSPACE_TOOLS_ALLOW_PUBLIC_SHARING",
    "notes": "NOTES_ALLOW_SHARING",
    "public_notes": "NOTES_ALLOW_PUBLIC_SHARING",
}
CHAT = (
    "controls",
    "valves",
    "system_prompt",
    "params",
    "file_upload",
    "delete",
    "delete_message",
    "continue_response",
    "regenerate_response",
    "rate_response",
    "edit",
    "share",
    "export",
    "stt",
    "tts",
    "call",
    "multiple_models",
    "temporary",
    "temporary_enforced",
)
FEATURES = (
    "api_keys",
    "notes",
    "channels",
    "folders",
    "direct_tool_servers",
    "web_search",
    "image_generation",
    "code_interpreter",
)
AREAS = {
    "workspace": WORKSPACE,
    "sharing": SHARING,
    "chat": {name: f"CHAT_{name.upper()}" for name in CHAT},
    "features": {name: f"FEATURES_{name.upper()}" for name in FEATURES},
}
DENIED = {"chat.temporary_enforced", "features.api_keys", "features.direct_tool_servers"}


def _declare(area: str, permission: str, variable: str) -> Setting:
    allowed = area in {"chat", "features"} and f"{area}.{permission}" not in DENIED
    return Setting(
        f"{PREFIX}.{area}.{permission}",
        boolean(),
        "true" if allowed else "false",
        f"USER_PERMISSIONS_{variable}",
        f"Permission {permission} in the area {area}, for users to whom no group gives it.",
        runtime=True,
    )


PERMISSIONS = tuple(
    _declare(area, permission, variable) for area, names in AREAS.items() for permission, variable in names.items()
)


def default_permissions(settings: Mapping[str, Any]) -> dict[str, dict[str, bool]]:
    """The contract's permissions document, ``{area: {permission: allowed}}``, as the settings have it now."""
    return {area: {name: settings[f"{PREFIX}.{area}.{name}"] for name in names} for area, names in AREAS.items()}

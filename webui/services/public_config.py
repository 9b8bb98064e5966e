"""What ``GET /api/config`` tells the page: more once somebody is signed in."""

from __future__ import annotations

from typing import Any

import webui
from webui.models import Role
from webui.security.identity import Identity
from webui.settings import Settings, default_permissions

# Keys of ``features`` and the settings that they show.
_PUBLIC_FEATURES = {
    "auth": "auth.enable",
    "enable_signup_password_confirmation": "auth.enable_signup_password_confirmation",
    "enable_ldap": "ldap.enable",
    "enable_api_keys": "auth.enable_api_keys",
    "enable_signup": "ui.enable_signup",
    "enable_login_form": "ui.ENABLE_LOGIN_FORM",
    "enable_websocket": "websocket.enable",
    "enable_version_update_check": "ui.enable_version_update_check",
    "enable_public_active_users_count": "ui.enable_public_active_users_count",
}
_SIGNED_IN_FEATURES = {
    "enable_direct_connections": "direct.enable",
    "enable_folders": "folders.enable",
    "enable_channels": "channels.enable",
    "enable_notes": "notes.enable",
    "enable_web_search": "rag.web.search.enable",
    "enable_code_execution": "code_execution.enable",
    "enable_code_interpreter": "code_interpreter.enable",
    "enable_image_generation": "image_generation.enable",
    "enable_autocomplete_generation": "task.autocomplete.enable",
    "enable_community_sharing": "ui.enable_community_sharing",
    "enable_message_rating": "ui.enable_message_rating",
    "enable_user_webhooks": "ui.enable_user_webhooks",
    "enable_admin_export": "admin.export",
    "enable_admin_chat_access": "admin.chat_access",
    "enable_google_drive_integration": "google_drive.enable",
    "enable_onedrive_integration": "onedrive.enable",
}
_ONEDRIVE = ("client_id_personal", "client_id_business", "sharepoint_url", "sharepoint_tenant_id")


def public_config(settings: Settings, identity: Identity | None, *, user_count: int) -> dict[str, Any]:
    """The page's configuration for this visitor; without users it asks for the first account (``onboarding``)."""
    features = {key: settings[name] for key, name in _PUBLIC_FEATURES.items()}
    config: dict[str, Any] = {
        "status": True,
        "name": settings["webui.name"],
        "version": webui.__version__,
        "default_locale": settings["ui.default_locale"],
        "oauth": {"providers": {}},
        "features": {**features, "auth_trusted_header": False},
    }
    if user_count == 0 and settings["auth.enable"]:
        config["onboarding"] = True
    if identity is None:
        return config
    config["features"] |= {key: settings[name] for key, name in _SIGNED_IN_FEATURES.items()}
    if settings["onedrive.enable"]:
        kinds = ("personal", "business")
        config["features"] |= {f"enable_onedrive_{kind}": settings[f"onedrive.enable_{kind}"] for kind in kinds}
    config["ui"] = {
        "pending_user_overlay_title": settings["ui.pending_user_overlay_title"],
        "pending_user_overlay_content": settings["ui.pending_user_overlay_content"],
    }
    if identity.role is not Role.PENDING:
        config |= _for_verified_users(settings, user_count)
        config["ui"]["response_watermark"] = settings["ui.watermark"]
    return config


def _for_verified_users(settings: Settings, user_count: int) -> dict[str, Any]:
    return {
        "default_models": settings["ui.default_models"],
        "default_pinned_models": settings["ui.default_pinned_models"],
        "default_prompt_suggestions": settings["ui.prompt_suggestions"],
        "user_count": user_count,
        "trash_days": settings["chats.trash_days"],  # not of the contract
        "code": {"engine": settings["code_execution.engine"]},
        "audio": {
            "tts": {name: settings[f"audio.tts.{name}"] for name in ("engine", "voice", "split_on")},
            "stt": {"engine": settings["audio.stt.engine"]},
        },
        "file": {
            "max_size": settings["rag.file.max_size"],
            "max_count": settings["rag.file.max_count"],
            "image_compression": {
                "width": settings["file.image_compression_width"],
                "height": settings["file.image_compression_height"],
            },
        },
        "permissions": default_permissions(settings),
        "google_drive": {name: settings[f"google_drive.{name}"] for name in ("client_id", "api_key")},
        "onedrive": {name: settings[f"onedrive.{name}"] or "" for name in _ONEDRIVE},
        "license_metadata": None,
    }

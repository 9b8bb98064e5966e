from __future__ import annotations

from dataclasses import replace
from typing import Any

from webui.settings.parsers import Parser, boolean, json_objects, json_texts, text, url
from webui.settings.setting import Setting


def _banners() -> Parser[list[dict[str, Any]]]:
    """A JSON array of banners in the contract's form."""
    objects = json_objects()

    def parse(raw: object) -> list[dict[str, Any]]:
        found = objects.parse(raw)
        if not all(_is_banner(item) for item in found):
            raise ValueError('must be a JSON array of {"id", "type", "title", "content", "dismissible", "timestamp"}')
        return found

    return replace(objects, parse=parse)


def _is_banner(item: dict[str, Any]) -> bool:
    match item:
        case {"id": str(), "type": str(), "content": str(), "dismissible": bool(), "timestamp": int()}:
            return isinstance(item.get("title"), str | None)
    return False


UI = (
    Setting(
        "ui.default_locale",
        text(),
        "",
        "DEFAULT_LOCALE",
        "Language of the page; empty follows the browser.",
        runtime=True,
    ),
    Setting(
        "ui.default_models",
        text(),
        None,
        "DEFAULT_MODELS",
        "Models of a new chat: ids with commas between.",
        runtime=True,
    ),
    Setting(
        "ui.default_pinned_models",
        text(),
        None,
        "DEFAULT_PINNED_MODELS",
        "Models pinned for people who pinned none: ids with commas between.",
        runtime=True,
    ),
    Setting(
        "ui.model_order_list",
        json_texts(),
        "[]",
        "MODEL_ORDER_LIST",
        "Models that stand first in the list: a JSON array of ids. The others follow by name.",
        runtime=True,
    ),
    Setting(
        "ui.prompt_suggestions",
        json_objects(),
        "[]",
        "DEFAULT_PROMPT_SUGGESTIONS",
        'Suggestions on the start page: [{"title": ["first line", "second line"], "content": "the prompt"}].',
        runtime=True,
    ),
    Setting(
        "ui.banners",
        _banners(),
        "[]",
        "WEBUI_BANNERS",
        'Notices at the head of the page: [{"id": "1", "type": "info", "title": "", "content": "Hello", "dismissible": '
        'true, "timestamp": 0}]; the type is info, success, warning or error.',
        runtime=True,
    ),
    Setting(
        "auth.admin.show",
        boolean(),
        "true",
        "SHOW_ADMIN_DETAILS",
        "Whether people who wait for approval see whom to ask.",
        runtime=True,
    ),
    Setting(
        "auth.admin.email",
        text(),
        None,
        "ADMIN_EMAIL",
        "Whom they see; the first administrator when not given.",
        runtime=True,
    ),
    Setting(
        "ui.pending_user_overlay_title",
        text(),
        "",
        "PENDING_USER_OVERLAY_TITLE",
        "Heading that people see who wait for approval.",
        runtime=True,
    ),
    Setting(
        "ui.pending_user_overlay_content",
        text(),
        "",
        "PENDING_USER_OVERLAY_CONTENT",
        "Text that people see who wait for approval.",
        runtime=True,
    ),
    Setting("ui.watermark", text(), "", "RESPONSE_WATERMARK", "Text added to a reply that is copied.", runtime=True),
    Setting(
        "ui.enable_community_sharing",
        boolean(),
        "true",
        "ENABLE_COMMUNITY_SHARING",
        "Whether the page offers sharing with the community site.",
        runtime=True,
    ),
    Setting(
        "ui.enable_message_rating",
        boolean(),
        "true",
        "ENABLE_MESSAGE_RATING",
        "Whether replies can be rated.",
        runtime=True,
    ),
    Setting(
        "ui.enable_user_webhooks",
        boolean(),
        "true",
        "ENABLE_USER_WEBHOOKS",
        "Whether people may have notifications sent to an address of theirs.",
        runtime=True,
    ),
    Setting(
        "webhook_url",
        url(),
        "",
        "WEBHOOK_URL",
        "Address that is told of every new account.",
        runtime=True,
        planned=True,
    ),
    Setting(
        "ui.pwa_manifest_url",
        url(),
        "",
        "EXTERNAL_PWA_MANIFEST_URL",
        "Where manifest.json of the page is taken from; empty is the built-in one.",
        planned=True,
    ),
    Setting(
        "ui.enable_version_update_check",
        boolean(),
        "false",
        "ENABLE_VERSION_UPDATE_CHECK",
        "Whether the page looks for newer releases.",
    ),
    Setting(
        "ui.enable_public_active_users_count",
        boolean(),
        "true",
        "ENABLE_PUBLIC_ACTIVE_USERS_COUNT",
        "Whether everybody sees how many people are active.",
    ),
    Setting(
        "admin.export", boolean(), "true", "ENABLE_ADMIN_EXPORT", "Whether administrators may export everyone's chats."
    ),
    Setting(
        "admin.chat_access",
        boolean(),
        "true",
        "ENABLE_ADMIN_CHAT_ACCESS",
        "Whether administrators may read other people's chats.",
    ),
    Setting(
        "admin.bypass_access_control",
        boolean(),
        "true",
        "BYPASS_ADMIN_ACCESS_CONTROL",
        "Whether administrators may use and change everybody's models.",
        aliases=("ENABLE_ADMIN_WORKSPACE_CONTENT_ACCESS",),
    ),
)

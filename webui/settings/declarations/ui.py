from __future__ import annotations

from webui.settings.parsers import boolean, json_objects, text
from webui.settings.setting import Setting

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
        "ui.prompt_suggestions",
        json_objects(),
        "[]",
        "DEFAULT_PROMPT_SUGGESTIONS",
        'Suggestions on the start page: [{"title": ["first line", "second line"], "content": "the prompt"}].',
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
)

from __future__ import annotations

from webui.settings.parsers import boolean, integer, path
from webui.settings.setting import Setting

CONVERSATIONS = (
    Setting(
        "chats.trash_days",
        integer(0, 36_500),
        "30",
        "CHAT_TRASH_DAYS",
        "Days that deleted chats and messages stay in the trash, where their owner can restore them; with 0 a deleted "
        "chat is gone at once.",
        runtime=True,
    ),
    Setting(
        "chats.images_as_files",
        boolean(),
        "false",
        "ENABLE_CHAT_RESPONSE_BASE64_IMAGE_URL_CONVERSION",
        "Whether images that a model puts into its reply are kept as files of their own.",
        planned=True,
    ),
    Setting(
        "chats.pdf_font",
        path(),
        None,
        "WEBUI_PDF_FONT",
        "TrueType font of chats as PDF; when not given DejaVu Sans, if the system has it, else Latin letters alone.",
    ),
)

from __future__ import annotations

from webui.settings.parsers import boolean, choice, integer, text
from webui.settings.setting import Setting


def _switch(name: str, default: str, env: str, what: str, *, runtime: bool = True, planned: bool = False) -> Setting:
    return Setting(name, boolean(), default, env, f"Whether {what}.", runtime=runtime, planned=planned)


FEATURES = (
    _switch("folders.enable", "true", "ENABLE_FOLDERS", "chats can be kept in folders"),
    _switch("channels.enable", "false", "ENABLE_CHANNELS", "there are channels for groups of people", planned=True),
    _switch("notes.enable", "true", "ENABLE_NOTES", "there are notes"),
    _switch(
        "direct.enable", "false", "ENABLE_DIRECT_CONNECTIONS", "people may add model servers of their own", planned=True
    ),
    _switch("rag.web.search.enable", "false", "ENABLE_WEB_SEARCH", "models may search the web", planned=True),
    _switch("code_execution.enable", "true", "ENABLE_CODE_EXECUTION", "people may run code of a reply"),
    Setting(
        "code_execution.engine",
        choice("pyodide", "jupyter"),
        "pyodide",
        "CODE_EXECUTION_ENGINE",
        "Where that code runs: in the browser (pyodide) or on a Jupyter server.",
        runtime=True,
    ),
    _switch("code_interpreter.enable", "true", "ENABLE_CODE_INTERPRETER", "models may run code"),
    _switch("image_generation.enable", "false", "ENABLE_IMAGE_GENERATION", "images can be generated", planned=True),
    _switch("ldap.enable", "false", "ENABLE_LDAP", "people may sign in with an LDAP account", planned=True),
    _switch("auth.enable_api_keys", "false", "ENABLE_API_KEYS", "people may make and use API keys", planned=True),
    Setting(
        "auth.api_key.endpoint_restrictions",
        boolean(),
        "false",
        "ENABLE_API_KEYS_ENDPOINT_RESTRICTIONS",
        "Whether API keys open only the paths of API_KEYS_ALLOWED_ENDPOINTS.",
        runtime=True,
        planned=True,
        aliases=("ENABLE_API_KEY_ENDPOINT_RESTRICTIONS",),
    ),
    Setting(
        "auth.api_key.allowed_endpoints",
        text(),
        "",
        "API_KEYS_ALLOWED_ENDPOINTS",
        "These paths, with commas between; what stands below one is open too.",
        runtime=True,
        planned=True,
        aliases=("API_KEY_ALLOWED_ENDPOINTS",),
    ),
    _switch("websocket.enable", "true", "ENABLE_WEBSOCKET_SUPPORT", "pages may use a websocket", runtime=False),
    _switch(
        "google_drive.enable",
        "false",
        "ENABLE_GOOGLE_DRIVE_INTEGRATION",
        "files can be taken from Google Drive",
        planned=True,
    ),
    _switch(
        "onedrive.enable", "false", "ENABLE_ONEDRIVE_INTEGRATION", "files can be taken from OneDrive", planned=True
    ),
    Setting(
        "audio.tts.engine", text(), "", "AUDIO_TTS_ENGINE", "What speaks replies; empty is the browser.", runtime=True
    ),
    Setting("audio.tts.voice", text(), "alloy", "AUDIO_TTS_VOICE", "Voice that speaks replies.", runtime=True),
    Setting(
        "audio.tts.split_on",
        choice("punctuation", "paragraphs", "none"),
        "punctuation",
        "AUDIO_TTS_SPLIT_ON",
        "Where a reply is cut into pieces to speak.",
        runtime=True,
    ),
    Setting(
        "audio.stt.engine",
        text(),
        "",
        "AUDIO_STT_ENGINE",
        "What writes down speech; empty is the server.",
        runtime=True,
    ),
    Setting(
        "rag.file.max_size",
        integer(1),
        None,
        "RAG_FILE_MAX_SIZE",
        "Largest file in a chat, in MB; any when not given.",
        runtime=True,
    ),
    Setting(
        "rag.file.max_count",
        integer(1),
        None,
        "RAG_FILE_MAX_COUNT",
        "Most files in a chat; any when not given.",
        runtime=True,
    ),
    Setting(
        "file.image_compression_width",
        integer(1),
        None,
        "FILE_IMAGE_COMPRESSION_WIDTH",
        "Width in pixels to which the page shrinks images.",
        runtime=True,
    ),
    Setting(
        "file.image_compression_height",
        integer(1),
        None,
        "FILE_IMAGE_COMPRESSION_HEIGHT",
        "Height in pixels to which the page shrinks images.",
        runtime=True,
    ),
)

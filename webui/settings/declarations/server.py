from __future__ import annotations

from datetime import timedelta

from webui.settings.parsers import boolean, choice, duration, integer, log_level, origins, path, size, text, url
from webui.settings.setting import Setting

SERVER = (
    Setting("server.host", text(minimum=1), "0.0.0.0", "HOST", "Address to listen on."),  # noqa: S104
    Setting("server.port", integer(0, 65535), "8080", "PORT", "Port to listen on; 0 lets the system choose one."),
    Setting(
        "server.workers",
        integer(1, 64),
        "1",
        "UVICORN_WORKERS",
        "Number of server processes.",
        alternatives=("WEBUI_WORKERS", "WEB_CONCURRENCY"),
    ),
    Setting(
        "server.threads",
        integer(1, 256),
        "4",
        "WEBUI_THREADS",
        "Threads of a process that answer requests; streams hold none.",
    ),
    Setting(
        "server.graceful_timeout",
        duration(),
        "30s",
        "WEBUI_GRACEFUL_TIMEOUT",
        "How long a stopping process lets running requests and replies finish.",
    ),
    Setting(
        "server.max_body_size",
        size(),
        "100MB",
        "WEBUI_MAX_BODY_SIZE",
        "Largest request body; larger ones are refused with 413.",
    ),
    Setting(
        "server.max_import_size",
        size(),
        "2GB",
        "WEBUI_MAX_IMPORT_SIZE",
        "Largest file of chats that can be imported, also when it is unpacked.",
    ),
    Setting(
        "server.connection_limit",
        integer(16, 65535),
        "2000",
        "WEBUI_CONNECTION_LIMIT",
        "Most open connections of a process; more wait in the system's queue.",
    ),
    Setting(
        "data_dir",
        path(),
        "data",
        "DATA_DIR",
        "Folder of the database file, uploads and the generated secret key; relative to the working directory.",
    ),
    Setting("webui.name", text(), "webui", "WEBUI_NAME", "Name shown as the title of the page."),
    Setting(
        "webui.url",
        url(),
        None,
        "WEBUI_URL",
        "Public address of this server, when a proxy gives requests another host.",
        runtime=True,
    ),
    Setting(
        "frontend.build_dir",
        path(),
        None,
        "FRONTEND_BUILD_DIR",
        "Folder of another built web page to serve instead of the packaged one.",
    ),
    Setting(
        "cors.allow_origin",
        origins(),
        "",
        "CORS_ALLOW_ORIGIN",
        "Other origins whose pages may call the API, separated by ;. Empty means none; * alone means every origin.",
    ),
    Setting(
        "deployment_id",
        text(),
        "",
        "DEPLOYMENT_ID",
        "Text that /api/version shows; an open page reloads itself when it has changed.",
    ),
    Setting(
        "offline",
        boolean(),
        "false",
        "OFFLINE_MODE",
        "Whether the server fetches nothing by itself: no files of models, no news of releases.",
        planned=True,
    ),
    Setting(
        "websocket.ping_interval",
        duration(least=timedelta(seconds=1)),
        "25s",
        "WEBSOCKET_SERVER_PING_INTERVAL",
        "How often a websocket is asked whether somebody is there.",
        planned=True,
    ),
    Setting(
        "websocket.ping_timeout",
        duration(least=timedelta(seconds=1)),
        "20s",
        "WEBSOCKET_SERVER_PING_TIMEOUT",
        "How long the answer may take.",
        planned=True,
    ),
    Setting("log.level", log_level(), "INFO", "GLOBAL_LOG_LEVEL", "Least severity that is logged."),
    Setting("log.format", choice("text", "json"), "text", "WEBUI_LOG_FORMAT", "Form of a log line."),
    Setting(
        "settings.persistent",
        boolean(),
        "true",
        "ENABLE_PERSISTENT_CONFIG",
        "Whether settings stored in the database count; false leaves environment, .env, INI and defaults.",
    ),
)

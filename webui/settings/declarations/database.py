from __future__ import annotations

from webui.settings.database_url import database_url, default_url
from webui.settings.parsers import boolean, choice, duration, integer, text
from webui.settings.setting import Setting

DATABASE = (
    Setting(
        "database.url",
        database_url(),
        None,
        "DATABASE_URL",
        "Address of the database: sqlite:///path/to/file.db or postgresql://user:password@host:5432/name."
        " Without it and without the parts below, the file webui.db in DATA_DIR is used.",
        secret=True,
        ini_aliases=("sqlalchemy.url",),
        default_from="data_dir",
        derive=default_url,
    ),
    Setting(
        "database.type",
        choice("sqlite", "postgresql", "postgres"),
        None,
        "DATABASE_TYPE",
        "Kind of database. Together with the parts below it replaces DATABASE_URL, and nothing needs encoding.",
    ),
    Setting("database.host", text(minimum=1), None, "DATABASE_HOST", "Host name of the PostgreSQL server."),
    Setting(
        "database.port", integer(1, 65535), None, "DATABASE_PORT", "Port of the PostgreSQL server; 5432 when not given."
    ),
    Setting(
        "database.name",
        text(minimum=1),
        None,
        "DATABASE_NAME",
        "Name of the PostgreSQL database, or path of the SQLite file.",
    ),
    Setting("database.user", text(minimum=1), None, "DATABASE_USER", "PostgreSQL role to connect as."),
    Setting("database.password", text(), None, "DATABASE_PASSWORD", "Password of that role, as it is.", secret=True),
    Setting(
        "database.pool_size",
        integer(0, 1000),
        None,
        "DATABASE_POOL_SIZE",
        "Connections that a process keeps open; two for each thread when not given, 0 for none.",
    ),
    Setting(
        "database.pool_max_overflow",
        integer(0, 1000),
        "10",
        "DATABASE_POOL_MAX_OVERFLOW",
        "Connections beyond the pool that may be opened when all are busy.",
    ),
    Setting(
        "database.pool_timeout",
        integer(1, 3600),
        "30",
        "DATABASE_POOL_TIMEOUT",
        "Seconds that a request waits for a free connection.",
    ),
    Setting(
        "database.pool_recycle",
        integer(-1),
        "3600",
        "DATABASE_POOL_RECYCLE",
        "Seconds after which a connection is replaced; -1 for never.",
    ),
    Setting(
        "database.sqlite_wal",
        boolean(),
        "true",
        "DATABASE_ENABLE_SQLITE_WAL",
        "SQLite: write-ahead journal, so that readers and the writer do not wait for each other.",
    ),
    Setting(
        "database.connect_timeout",
        duration(),
        "30s",
        "WEBUI_DATABASE_CONNECT_TIMEOUT",
        "How long initialize_db waits for a database that does not answer yet.",
    ),
    Setting(
        "database.user_active_interval",
        duration(),
        None,
        "DATABASE_USER_ACTIVE_STATUS_UPDATE_INTERVAL",
        "Least time between two notes of when somebody was last active; the server's choice when not given.",
        planned=True,
    ),
)

"""Alembic's entry: takes the caller's connection, or opens one with the same settings as the server."""

import sqlalchemy as sa
from alembic import context

from webui.models import Base, migrate
from webui.settings import default_ini, from_ini_file


def is_in_models(name: str | None, _kind: str, _parents: object) -> bool:
    """What the search index is made of (see ``webui.models.search``) stands in its migration alone."""
    return not (name or "").startswith(("search_", "ix_search_"))


def run(connection: sa.Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        compare_server_default=True,
        include_name=is_in_models,
        render_as_batch=connection.dialect.name == "sqlite",
    )
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if context.is_offline_mode():
    context.configure(
        url=from_ini_file(default_ini())["database.url"], target_metadata=Base.metadata, literal_binds=True
    )
    with context.begin_transaction():
        context.run_migrations()
elif given is not None:
    run(given)
else:
    with migrate.locked_connection(from_ini_file(default_ini())["database.url"]) as connection:
        run(connection)

"""Base class and column types that all tables share."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from sqlalchemy import JSON, ColumnElement, DateTime, Dialect, ForeignKey, MetaData, Text
from sqlalchemy.orm import DeclarativeBase, mapped_column
from sqlalchemy.types import TypeDecorator

NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


def utcnow() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment in UTC, on SQLite (which stores no zone) as well."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value


class Base(DeclarativeBase):
    """Base of all tables."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy's own declaration style
        str: Text,
        datetime: UtcDateTime,
        # JSON as text, not JSONB: what a client stores comes back as it was sent.
        dict[str, Any]: JSON(none_as_null=True),
    }


# The order of the characters' numbers, which SQLite has anyway, whatever the language of a PostgreSQL server is.
BY_CODE_POINT = Text().with_variant(Text(collation="C"), "postgresql")


def only(where: ColumnElement[bool]) -> dict[str, Any]:
    """The arguments of an ``Index`` over these rows alone. A query uses it when it has the same conditions."""
    return {"sqlite_where": where, "postgresql_where": where}


TextKey = Annotated[str, mapped_column(primary_key=True)]
UserId = Annotated[str, mapped_column(ForeignKey("users.id", ondelete="CASCADE"))]
Moment = Annotated[datetime, mapped_column(default=utcnow)]

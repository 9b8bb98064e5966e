"""How the databases go about the lists: by an index that has the order of the list, and without what is not shown."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from tests.support import Client

LISTS = {
    "/api/v1/chats/?page=2": ["ix_chats_loose"],
    "/api/v1/chats/": ["ix_chats_loose"],
    "/api/v1/chats/?page=1&include_pinned=true": ["ix_chats_list"],
    "/api/v1/chats/?page=1&include_folders=true": ["ix_chats_list"],
    "/api/v1/chats/?page=1&include_pinned=true&include_folders=true": ["ix_chats_list"],
    "/api/v1/chats/pinned": ["ix_chats_pinned"],
    "/api/v1/chats/archived": ["ix_chats_list"],
    "/api/v1/chats/archived?query=x": ["ix_chats_list"],
    "/api/v1/chats/list/user/somebody?page=3": ["ix_chats_list", "ix_chats_list"],
    "/api/v1/chats/trash": ["ix_chats_trash"],
}


def read(admin: Client, path: str) -> tuple[str, Any]:
    """The statement that reads chats for an answer, with its parameters."""
    seen: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        seen.append((statement, parameters))

    engine = admin.registry.database.engine
    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        admin.get(path, status=200)
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)
    [found] = [(statement, parameters) for statement, parameters in seen if "chats" in statement]
    return found


def plan(engine: sa.Engine, statement: str, parameters: Any) -> list[str]:
    """The plan's lines; PostgreSQL's as it would be for a table that is large."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            return [row[-1] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]
        for way in ("seqscan", "bitmapscan", "sort"):
            connection.exec_driver_sql(f"SET LOCAL enable_{way} = off")
        return [row[0] for row in connection.exec_driver_sql(f"EXPLAIN {statement}", parameters)]


@pytest.mark.parametrize("path", LISTS)
def test_a_list_is_read_in_the_order_of_its_index(admin: Client, path: str) -> None:
    statement, parameters = read(admin, path)
    lines = plan(admin.registry.database.engine, statement, parameters)
    used = [name for line in lines for name in line.split() if name.startswith("ix_")]
    assert used == LISTS[path], lines
    assert not [line for line in lines if "Seq Scan" in line or "Sort  (" in line], lines
    assert len(used) > 1 or not [line for line in lines if "TEMP B-TREE" in line], lines  # SQLite sorts what it merges
    assert not [name for name in ("messages", "data", "meta") if name in statement]


def test_usage_looks_at_the_messages_of_its_page_alone(admin: Client) -> None:
    lines = plan(admin.registry.database.engine, *read(admin, "/api/v1/chats/stats/usage"))
    assert not [line for line in lines if "Seq Scan" in line or line.startswith(("SCAN messages", "SCAN chats"))], lines
    assert [line for line in lines if "messages" in line and ("USING INDEX" in line or "Index" in line)], lines

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from webui.models.connect import explain, may_pass, target

URL = sa.make_url('postgresql+psycopg2://al"ice:s3cret%2Fpass@db:5433/it%27s')


def failure(text: str) -> OperationalError:
    return OperationalError("SELECT 1", {}, Exception(text))


@pytest.mark.parametrize(
    ("said", "cause", "advice"),
    [
        (
            'FATAL:  password authentication failed for user "role"',
            "password or the user",
            "DATABASE_PASSWORD needs no",
        ),
        ("fe_sendauth: no password supplied", "wants a password", "Set DATABASE_PASSWORD"),
        ('FATAL:  role "alice" does not exist', "no such user", "createuser --pwprompt 'al\"ice'"),
        ('FATAL:  database "role" does not exist', "no such database", "createdb -O 'al\"ice' 'it'\"'\"'s'"),
        ("permission denied for schema public", "may not create tables", 'SCHEMA public TO "al""ice"'),
        ("permission denied for table users", "lacks a permission", "owner of the database"),
        ('no pg_hba.conf entry for host "10.0.0.1"', "no such client", "pg_hba.conf"),
        ('could not translate host name "db" to address: Unknown', "cannot be resolved", "the name db"),
        ("Connection refused\n\tIs the server running on that host?", "nothing listens", "db, port 5433"),
        ('connection to server on socket "/run/.s.PGSQL.5432" failed: No such file', "no server listens", "running"),
        ("canceling statement due to lock timeout", "another process holds it", "backup"),
        ("database is locked", "another process holds it", "backup"),
        ("connection to server failed: timeout expired", "no answer", "firewall"),
        ("FATAL:  sorry, too many clients already", "full", "max_connections"),
        ("FATAL:  the database system is starting up", "not ready", "Try again"),
        ("unable to open database file", "cannot be opened", "folder"),
        ("attempt to write a readonly database", "cannot be written", "owner"),
        ("file is not a database", "something else", "DATABASE_URL"),
        ("database disk image is malformed", "damaged", "backup"),
        ("what nobody foresaw", "refused", "log"),
    ],
)
def test_each_failure_tells_its_cause_and_what_to_check(said: str, cause: str, advice: str) -> None:
    text = explain(failure(said), URL)
    tried, words, check = text.splitlines()[1:]
    assert cause in text.splitlines()[0]
    assert tried == "  tried: PostgreSQL, host db, port 5433, database it's, user al\"ice"
    assert words == f"  said:  {' '.join(said.split())}"
    assert advice in check
    assert "s3cret" not in text


@pytest.mark.parametrize("said", ["Connection refused", "the database system is starting up", "timeout expired"])
def test_a_server_that_is_not_there_yet_may_come(said: str) -> None:
    assert may_pass(failure(said))


@pytest.mark.parametrize("said", ["password authentication failed", 'database "x" does not exist', "anything else"])
def test_a_wrong_setting_does_not_mend_itself(said: str) -> None:
    assert not may_pass(failure(said))


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("sqlite:///data/webui.db", "SQLite, file data/webui.db"),
        (
            "postgresql+psycopg2://u:p@/chat?host=/run/postgresql&password=secret",
            "PostgreSQL, host /run/postgresql, port 5432, database chat, user u",
        ),
        ("postgresql+psycopg2://u@h/chat", "PostgreSQL, host h, port 5432, database chat, user u"),
    ],
)
def test_a_database_is_told_in_words(url: str, words: str) -> None:
    assert target(sa.make_url(url)) == words

"""What all tests share: a real database of each kind, the real application, and people who sign in to it.

The PostgreSQL server is the one in WEBUI_TEST_POSTGRES_URL; ``scripts/test.sh`` brings one if none is given. Requests
commit for real, as in production; after each test every table is emptied.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa
from hypothesis import settings
from webtest import TestApp

from tests.support import Client, make_application
from webui.models import Base, migrate
from webui.models.database import create_engine
from webui.security import passwords

POSTGRES_URL = os.environ.get("WEBUI_TEST_POSTGRES_URL")
BACKENDS = ("sqlite", "postgresql")

# What fails is to fail by the change at hand. ``pytest --hypothesis-profile default`` looks for more with each run.
settings.register_profile("steady", derandomize=True)
settings.load_profile("steady")

# Each test makes and drops an application, and the collector looked through all the others a hundred times meanwhile.
gc.set_threshold(100_000, 20, 100)


def new_database_url(backend: str, folder: Path) -> Iterator[sa.URL]:
    """The address of an empty database that is dropped afterwards."""
    if backend == "sqlite":
        yield sa.make_url(f"sqlite:///{folder}/webui.db")
        return
    if not POSTGRES_URL:
        pytest.skip("WEBUI_TEST_POSTGRES_URL is not set; scripts/test.sh starts a server for it")
    server = sa.make_url(POSTGRES_URL).set(drivername="postgresql+psycopg2")
    name = f"webui_test_{uuid4().hex}"
    admin = sa.create_engine(server, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    yield server.set(database=name)
    with admin.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=[pytest.param(name, marks=pytest.mark.database) for name in BACKENDS])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sa.URL]:
    """A database without any table."""
    yield from new_database_url(request.param, tmp_path)


@pytest.fixture
def ini(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An INI file in a folder of its own, and no settings from elsewhere."""
    monkeypatch.chdir(tmp_path)
    for name in ("DATABASE_URL", "DATA_DIR", "WEBUI_INI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("WEBUI_DATABASE_CONNECT_TIMEOUT", "0s")
    path = tmp_path / "test.ini"
    path.write_text("[app:main]\nuse = egg:webui\n")
    return path


@pytest.fixture(scope="session", params=[pytest.param(name, marks=pytest.mark.database) for name in BACKENDS])
def database_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[sa.URL]:
    """A migrated database that all tests share."""
    for url in new_database_url(request.param, tmp_path_factory.mktemp("database")):
        migrate.upgrade(url)
        yield url


@pytest.fixture(scope="session")
def empty_tables(database_url: sa.URL) -> Iterator[Callable[[], None]]:
    """Empties the shared database: statements that are ready, on a connection that stays, take 1 ms and not 15."""
    engine = create_engine(database_url)
    statements = [str(table.delete()) for table in reversed(Base.metadata.sorted_tables)]

    def empty() -> None:
        with engine.begin() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)

    yield empty
    engine.dispose()


@pytest.fixture
def clean_database_url(database_url: sa.URL, empty_tables: Callable[[], None]) -> Iterator[sa.URL]:
    """The shared database, empty again when the test is over."""
    yield database_url
    empty_tables()


@pytest.fixture
def quick_passwords(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Hashes at the least cost: nearly every test signs somebody up."""
    passwords._hash_of_nobody.cache_clear()
    monkeypatch.setattr(passwords, "MEMORY_KIB", 8)
    monkeypatch.setattr(passwords, "PASSES", 1)
    monkeypatch.setattr(passwords, "_PARAMETERS", "m=8,t=1,p=1")
    yield
    passwords._hash_of_nobody.cache_clear()


@pytest.fixture
def make_client(clean_database_url: sa.URL, tmp_path: Path, quick_passwords: None) -> Iterator[object]:
    """Builds a client of an application with other settings: ``make_client(DEFAULT_USER_ROLE="user")``."""
    registries = []

    def make(**environ: str) -> Client:
        app = make_application(clean_database_url, tmp_path, environ)
        registries.append(app.registry)
        return Client(TestApp(app))

    yield make
    for registry in registries:
        registry.background.stop()
        registry.database.dispose()


@pytest.fixture
def client(make_client) -> Client:  # type: ignore[no-untyped-def]
    """Somebody who has not signed in."""
    return make_client()


@pytest.fixture
def admin(client: Client) -> Client:
    """The first account of the server."""
    return client.sign_up(name="Ada")


@pytest.fixture
def users(make_client) -> Client:  # type: ignore[no-untyped-def]
    """A server on which everybody may sign up and is verified at once; its administrator exists."""
    client = make_client(ENABLE_SIGNUP="true", DEFAULT_USER_ROLE="user")
    client.sign_up(name="Ada")
    return client


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests have measured, also when they pass."""
    passed = terminalreporter.getreports("passed")
    measured = [str(value) for report in passed for name, value in report.user_properties if name == "reach"]
    if measured:
        terminalreporter.section("reach of the page")
    for line in measured:
        terminalreporter.write_line(line)

from __future__ import annotations

import io
import shutil
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy.exc import OperationalError

import webui
from webui.models import Base, migrate
from webui.models.database import create_engine
from webui.models.migrate import SchemaError

ROOT = Path(webui.__file__).parents[1]
HEAD = migrate.head()
NEXT = f"{int(HEAD) + 1:04}"  # of a migration that a test adds
WAIT = 20.0  # seconds; the bound of every wait
USER = sa.text(
    "INSERT INTO users (id, email, name, role, profile_image_url, created_at, updated_at)"
    " VALUES ('u', 'u@example.com', 'U', 'user', '', '2026-01-01', '2026-01-01')"
)
SESSION = sa.text("INSERT INTO sessions (id, user_id, created_at) VALUES ('s', 'u', '2026-01-01')")


def alembic(**attributes: Any) -> Config:
    config = Config(output_buffer=io.StringIO(), stdout=io.StringIO())
    config.set_main_option("script_location", str(migrate.script_location()))
    config.attributes.update(attributes)
    return config


def execute(url: sa.URL, *statements: sa.Executable) -> None:
    with create_engine(url, poolclass=sa.NullPool).begin() as connection:
        for statement in statements:
            connection.execute(statement)


def tables(url: sa.URL) -> set[str]:
    with create_engine(url, poolclass=sa.NullPool).connect() as connection:
        return set(sa.inspect(connection).get_table_names())


@pytest.fixture
def versions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the migrations that a test may add to."""
    folder = tmp_path / "migrations"
    shutil.copytree(migrate.script_location(), folder, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(migrate, "script_location", lambda: folder)
    return folder / "versions"


def add_revision(versions: Path, upgrade: str) -> None:
    lines = "\n".join(f"    {line}" for line in upgrade.splitlines())
    text = f"import sqlalchemy as sa\nfrom alembic import op\nrevision, down_revision = '{NEXT}', '{HEAD}'\n"
    (versions / f"{NEXT}_next.py").write_text(f"{text}def upgrade():\n{lines}\ndef downgrade():\n    pass\n")


def test_the_models_and_the_migrations_agree(empty_database_url: sa.URL) -> None:
    migrate.upgrade(empty_database_url)
    with migrate.locked_connection(empty_database_url) as connection:
        command.check(alembic(connection=connection))


def test_upgrading_can_be_undone_and_done_again(empty_database_url: sa.URL) -> None:
    migrate.upgrade(empty_database_url)
    with migrate.locked_connection(empty_database_url) as connection:
        command.downgrade(alembic(connection=connection), "base")
    assert tables(empty_database_url) == {"alembic_version"}
    assert migrate.upgrade(empty_database_url) == (None, migrate.head())
    assert migrate.check(empty_database_url) == migrate.head()


def test_upgrading_twice_changes_nothing(empty_database_url: sa.URL) -> None:
    assert migrate.upgrade(empty_database_url) == (None, migrate.head())
    assert migrate.upgrade(empty_database_url) == (migrate.head(), migrate.head())


def test_the_sql_of_the_migrations_can_be_applied_by_hand(
    empty_database_url: sa.URL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", empty_database_url.render_as_string(hide_password=False))
    config = alembic()
    command.upgrade(config, "head", sql=True)
    sql = config.output_buffer.getvalue()
    if empty_database_url.get_backend_name() == "sqlite":
        with sqlite3.connect(str(empty_database_url.database)) as connection:
            connection.executescript(sql)
        connection.close()
    else:
        engine = create_engine(empty_database_url, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql(sql)
    assert migrate.check(empty_database_url) == migrate.head()
    with migrate.locked_connection(empty_database_url) as connection:
        command.check(alembic(connection=connection))


def test_alembic_finds_the_migrations_and_the_settings_from_the_root(tmp_path: Path) -> None:
    call = [sys.executable, "-m", "alembic", "upgrade", "head"]
    environ = {"DATABASE_URL": f"sqlite:///{tmp_path}/webui.db", "PATH": ""}
    subprocess.run(call, cwd=ROOT, env=environ, check=True, capture_output=True, timeout=WAIT)
    assert migrate.check(sa.make_url(environ["DATABASE_URL"])) == migrate.head()


def test_the_folder_of_migrations_does_not_hide_the_library() -> None:
    assert not (ROOT / "alembic" / "__init__.py").exists()
    code = "import alembic.config; print(alembic.__version__)"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=WAIT)


def test_revisions_form_one_line_and_files_are_named_after_them() -> None:
    scripts = ScriptDirectory(str(migrate.script_location()))
    assert scripts.get_heads() == [migrate.head()]
    found = list(reversed(list(scripts.walk_revisions())))
    assert [script.revision for script in found] == migrate.revisions()
    for script in found:
        assert Path(script.path).name.startswith(f"{script.revision}_")
        assert callable(script.module.downgrade)


def test_migrations_that_are_missing_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webui, "__file__", str(tmp_path / "webui" / "__init__.py"))
    monkeypatch.setattr(migrate.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SchemaError, match="migrations are missing"):
        migrate.script_location()


def test_a_missing_file_is_told_and_not_made(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match=r"no database yet.*Run: initialize_db"):
        migrate.check(sa.make_url(f"sqlite:///{tmp_path}/webui.db"))
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_not_for_this_user_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "exists", refuse)  # root may see everything
    with pytest.raises(SchemaError, match=r"This user may not look at .*webui\.db: Permission denied"):
        migrate.check(sa.make_url(f"sqlite:///{tmp_path}/webui.db"))


def test_an_empty_database_is_told(empty_database_url: sa.URL) -> None:
    create_engine(empty_database_url, wal=True, poolclass=sa.NullPool).connect().close()
    with pytest.raises(SchemaError, match=r"is empty.*Run: initialize_db") as caught:
        migrate.check(empty_database_url)
    assert (empty_database_url.password or "nothing secret") not in str(caught.value)


def test_a_database_behind_the_program_is_told(empty_database_url: sa.URL, versions: Path) -> None:
    migrate.upgrade(empty_database_url)
    add_revision(versions, "pass")
    with pytest.raises(
        SchemaError, match=rf"revision {HEAD}, behind this program, which needs {NEXT}.*Run: initialize_db"
    ):
        migrate.check(empty_database_url)


def test_a_database_ahead_of_the_program_is_left_alone(empty_database_url: sa.URL) -> None:
    migrate.upgrade(empty_database_url)
    execute(empty_database_url, sa.text("UPDATE alembic_version SET version_num = '9999'"))
    for use in (migrate.check, migrate.upgrade):
        with pytest.raises(SchemaError, match="9999, which is newer than this program"):
            use(empty_database_url)


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        ("op.execute('INSERT INTO nowhere VALUES (1)')", "nowhere"),
        ("raise ValueError('on purpose')", "ValueError: on purpose"),
    ],
)
def test_a_failing_migration_is_named_and_changes_nothing(
    empty_database_url: sa.URL, versions: Path, failure: str, said: str
) -> None:
    migrate.upgrade(empty_database_url)
    execute(empty_database_url, USER)
    add_revision(
        versions, f"op.create_table('extra', sa.Column('id', sa.Text))\nop.execute('DELETE FROM users')\n{failure}"
    )
    with pytest.raises(SchemaError, match=f"Migration {NEXT} failed; the database is as it was(.|\n)*{said}"):
        migrate.upgrade(empty_database_url)
    of_models = {name for name in tables(empty_database_url) if not name.startswith("search_")}
    assert of_models == {"alembic_version", *Base.metadata.tables}
    with create_engine(empty_database_url, poolclass=sa.NullPool).connect() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM users")) == 1
        assert migrate.current(connection) == HEAD


def test_a_failing_migration_of_an_empty_database_leaves_it_empty(empty_database_url: sa.URL, versions: Path) -> None:
    add_revision(versions, "raise ValueError('on purpose')")
    with pytest.raises(SchemaError, match=f"Migration {NEXT} failed"):
        migrate.upgrade(empty_database_url)
    assert tables(empty_database_url) == set()


def test_making_a_table_anew_keeps_the_rows_that_refer_to_it(empty_database_url: sa.URL, versions: Path) -> None:
    migrate.upgrade(empty_database_url)
    execute(empty_database_url, USER, SESSION)
    recreate = "always" if empty_database_url.get_backend_name() == "sqlite" else "auto"
    add_revision(
        versions,
        f"with op.batch_alter_table('users', recreate='{recreate}') as table:\n"
        "    table.add_column(sa.Column('nickname', sa.Text))",
    )
    migrate.upgrade(empty_database_url)
    with create_engine(empty_database_url, poolclass=sa.NullPool).connect() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM sessions")) == 1


def test_a_migration_that_breaks_references_is_undone(empty_database_url: sa.URL, versions: Path) -> None:
    migrate.upgrade(empty_database_url)
    execute(empty_database_url, USER, SESSION)
    add_revision(versions, "op.execute(\"UPDATE sessions SET user_id = 'nobody'\")")
    with pytest.raises(SchemaError, match="sessions"):
        migrate.upgrade(empty_database_url)
    with create_engine(empty_database_url, poolclass=sa.NullPool).connect() as connection:
        assert connection.scalar(sa.text("SELECT user_id FROM sessions")) == "u"


def test_a_second_migration_waits_for_the_first(empty_database_url: sa.URL) -> None:
    order: list[str] = []
    trying = threading.Event()

    def second() -> None:
        trying.set()
        with migrate.locked_connection(empty_database_url):
            order.append("second")

    with ThreadPoolExecutor(1) as pool:
        with migrate.locked_connection(empty_database_url):
            later = pool.submit(second)
            assert trying.wait(WAIT)
            order.append("first")
        later.result(WAIT)
    assert order == ["first", "second"]


def test_waiting_for_another_migration_has_an_end(empty_database_url: sa.URL, monkeypatch: pytest.MonkeyPatch) -> None:
    with migrate.locked_connection(empty_database_url), ThreadPoolExecutor(1) as pool:
        monkeypatch.setattr(migrate, "LOCK_WAIT_SECONDS", 1)
        error = pool.submit(migrate.upgrade, empty_database_url).exception(WAIT)
    assert isinstance(error, TimeoutError | OperationalError)
    assert "lock" in str(error)


def test_what_waiting_cannot_mend_is_raised_at_once(tmp_path: Path) -> None:
    engine = create_engine(sa.make_url(f"sqlite:///{tmp_path}/nowhere/webui.db"), poolclass=sa.NullPool)
    told: list[OperationalError] = []
    with pytest.raises(OperationalError, match="unable to open"):
        migrate.wait_for(engine, 3600, told.append)
    assert told == []

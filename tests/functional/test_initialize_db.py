from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from webui.cli.initialize_db import main
from webui.models import Base, Role, User, migrate
from webui.models.database import create_engine

WAIT = 60.0  # seconds; the bound of every wait
PASSWORD = "p@ss:w/o#r%d?&é '\""


def text_of(url: sa.URL) -> str:
    return url.render_as_string(hide_password=False)


def use(monkeypatch: pytest.MonkeyPatch, url: sa.URL) -> None:
    monkeypatch.setenv("DATABASE_URL", text_of(url))


def users(url: sa.URL) -> list[tuple[str, str]]:
    with create_engine(url, poolclass=sa.NullPool).connect() as connection:
        return [tuple(row) for row in connection.execute(sa.select(User.email, User.role))]


def start(ini: Path, url: sa.URL, **environ: str) -> subprocess.Popen[str]:
    environ = {"DATABASE_URL": text_of(url), "PATH": os.environ["PATH"], **environ}
    call = [sys.executable, "-m", "webui.cli.initialize_db", str(ini)]
    return subprocess.Popen(
        call, cwd=ini.parent, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def test_an_empty_database_is_made_ready(
    ini: Path, empty_database_url: sa.URL, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    use(monkeypatch, empty_database_url)
    assert main([str(ini)]) == 0
    out, err = capfd.readouterr()
    lines = out.splitlines()
    assert lines[0].startswith("Database: ")
    assert lines[0].endswith("(environment DATABASE_URL)")
    assert lines[1].startswith(f"Schema: migrated from empty to {migrate.head()} in ")
    assert lines[2:] == ["The database is ready."]
    assert err == ""
    assert migrate.check(empty_database_url) == migrate.head()


def test_running_it_again_changes_nothing(
    ini: Path, empty_database_url: sa.URL, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    use(monkeypatch, empty_database_url)
    assert [main([str(ini)]) for _ in range(2)] == [0, 0]
    assert f"Schema: at revision {migrate.head()}, nothing to migrate." in capfd.readouterr().out


def test_the_folder_of_the_database_is_made(ini: Path) -> None:
    assert main([str(ini)]) == 0
    assert (ini.parent / "data" / "webui.db").is_file()


def test_the_ini_file_may_be_named_by_the_environment(ini: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBUI_INI", str(ini))
    assert main([]) == 0


def test_many_at_once_leave_one_good_database(ini: Path, empty_database_url: sa.URL) -> None:
    admin = {"WEBUI_ADMIN_EMAIL": "ada@example.com", "WEBUI_ADMIN_PASSWORD": "correct horse"}
    running = [start(ini, empty_database_url, **admin) for _ in range(10)]
    outputs = [process.communicate(timeout=WAIT)[0] for process in running]
    assert [process.returncode for process in running] == [0] * 10, outputs
    assert sum("migrated from empty" in output for output in outputs) == 1
    assert sum("made the administrator ada@example.com" in output for output in outputs) == 1
    assert users(empty_database_url) == [("ada@example.com", Role.ADMIN)]
    with create_engine(empty_database_url, poolclass=sa.NullPool).connect() as connection:
        assert connection.execute(sa.text("SELECT version_num FROM alembic_version")).all() == [(migrate.head(),)]
        tables = {name for name in sa.inspect(connection).get_table_names() if not name.startswith("search_")}
        assert tables == {"alembic_version", *Base.metadata.tables}


@pytest.mark.parametrize(
    ("email", "password", "said"), [("nonsense", "good enough", "not an email"), ("a@b.co", "x" * 73, "at most 72")]
)
def test_an_administrator_that_cannot_be_made_is_a_mistake_in_the_settings(
    ini: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    *,
    email: str,
    password: str,
    said: str,
) -> None:
    monkeypatch.setenv("WEBUI_ADMIN_EMAIL", email)
    monkeypatch.setenv("WEBUI_ADMIN_PASSWORD", password)
    assert main([str(ini)]) == 2
    out, err = capfd.readouterr()
    assert said in err
    assert "Check WEBUI_ADMIN_EMAIL and WEBUI_ADMIN_PASSWORD." in err
    assert "ready" not in out
    assert password not in out + err


def test_half_an_administrator_is_a_mistake_in_the_settings(
    ini: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WEBUI_ADMIN_EMAIL", "ada@example.com")
    assert main([str(ini)]) == 2
    assert "needs both an email and a password" in capfd.readouterr().err


def test_settings_that_are_wrong_end_with_2(
    ini: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", "mysql://u:s3cret@h/d")
    assert main([str(ini)]) == 2
    out, err = capfd.readouterr()
    assert "environment DATABASE_URL" in err
    assert "s3cret" not in out + err
    assert main([str(ini.parent / "missing.ini")]) == 2
    assert "missing.ini: there is no such file" in capfd.readouterr().err


def test_a_call_without_a_file_ends_with_2(ini: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main([])
    assert "usage: initialize_db" in capfd.readouterr().err


def test_the_file_of_a_database_is_its_owners_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    (tmp_path / "empty.ini").write_text("[app:main]\n", encoding="utf-8")
    assert main([str(tmp_path / "empty.ini")]) == 0
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "data" / "webui.db").stat().st_mode & 0o777 == 0o600

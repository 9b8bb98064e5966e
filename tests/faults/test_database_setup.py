"""``initialize_db`` and the start of the server, on databases that cannot be used."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from tests.faults.relay import Relay
from webui.application import make_app
from webui.cli.initialize_db import main
from webui.models import migrate
from webui.models.database import create_engine

WAIT = 60.0  # seconds; the bound of every wait
PASSWORD = "p@ss:w/o#r%d?&é '\""


@pytest.fixture
def role(postgresql: sa.URL) -> Iterator[sa.URL]:
    """The database for a user with a difficult password who owns nothing."""
    name = f"webui_{uuid4().hex}"
    engine = create_engine(postgresql, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
    literal = PASSWORD.replace("'", "''")
    with engine.connect() as connection:
        connection.connection.cursor().execute(f"CREATE ROLE {name} LOGIN PASSWORD '{literal}'")
        connection.exec_driver_sql("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    yield postgresql.set(username=name, password=PASSWORD)
    with engine.connect() as connection:
        connection.exec_driver_sql(f"DROP OWNED BY {name}")
        connection.exec_driver_sql(f"DROP ROLE {name}")


def text_of(url: sa.URL) -> str:
    return url.render_as_string(hide_password=False)


def use(monkeypatch: pytest.MonkeyPatch, url: sa.URL) -> None:
    monkeypatch.setenv("DATABASE_URL", text_of(url))


def asks_for_passwords(url: sa.URL) -> bool:
    try:
        create_engine(url.set(password="wrong"), poolclass=sa.NullPool).connect().close()
    except OperationalError:
        return True
    return False


def start(ini: Path, url: sa.URL, **environ: str) -> subprocess.Popen[str]:
    environ = {"DATABASE_URL": text_of(url), "PATH": os.environ["PATH"], **environ}
    call = [sys.executable, "-m", "webui.cli.initialize_db", str(ini)]
    return subprocess.Popen(
        call, cwd=ini.parent, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


Break = Callable[[sa.URL, int], sa.URL]
FAILURES: dict[str, tuple[Break, tuple[str, ...]]] = {
    "nothing listens": (
        lambda url, port: url.set(host="127.0.0.1", port=port, query={}),
        ("nothing listens there", "host 127.0.0.1", "Is the server running"),
    ),
    "host unknown": (
        lambda url, port: url.set(host="nowhere.invalid", query={}),
        ("cannot be resolved", "host nowhere.invalid", "Check the name nowhere.invalid"),
    ),
    "no socket": (
        lambda url, port: url.set(host=None, query={"host": "/nowhere"}),
        ("no server listens on this socket", "host /nowhere", "Is the server running"),
    ),
    "database missing": (
        lambda url, port: url.set(database="web ui"),
        ("there is no such database", "database web ui", "createdb -O webui_", "'web ui'"),
    ),
    "wrong password": (
        lambda url, port: url.set(password="s3cret"),
        ("the password or the user is wrong", "percent-encoded", "DATABASE_PASSWORD needs no encoding"),
    ),
    "user missing": (
        lambda url, port: url.set(username="web'ui"),
        ("user", "user web'ui", ""),  # a server that asks for passwords does not tell that there is no such user
    ),
    "no permission": (
        lambda url, port: url,
        ("Migration 0001 failed", "may not create tables", 'GRANT USAGE, CREATE ON SCHEMA public TO "webui_'),
    ),
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_database_that_cannot_be_used_is_told_with_what_to_check(
    ini: Path,
    role: sa.URL,
    relay: Relay,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    *,
    name: str,
) -> None:
    if name == "wrong password" and not asks_for_passwords(role):
        pytest.skip("this server lets everybody in")
    change, said = FAILURES[name]
    url = change(role, relay.port)
    use(monkeypatch, url)
    assert main([str(ini)]) == 1
    out, err = capfd.readouterr()
    assert "tried: PostgreSQL, host " in err
    assert all(part in err for part in (*said, f"database {url.database}", f"user {url.username}", "check: "))
    assert "Traceback" not in err
    for secret in (url.password, PASSWORD, text_of(url)):
        assert str(secret) not in out + err


@pytest.mark.parametrize("way", ["parts", "url"])
def test_a_password_with_special_characters_works(
    way: str, ini: Path, role: sa.URL, postgresql: sa.URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    with create_engine(postgresql, poolclass=sa.NullPool).begin() as connection:
        connection.exec_driver_sql(f"GRANT CREATE ON SCHEMA public TO {role.username}")
    if way == "url":
        use(monkeypatch, role)
    else:
        parts = {"TYPE": "postgresql", "HOST": role.host or role.query["host"], "PORT": role.port or 5432}
        parts |= {"USER": role.username, "PASSWORD": PASSWORD, "NAME": role.database}
        for name, value in parts.items():
            monkeypatch.setenv(f"DATABASE_{name}", str(value))
    assert main([str(ini)]) == 0
    assert migrate.check(role) == migrate.head()


def test_an_unquoted_password_in_the_address_gets_a_hint(
    ini: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://ada:s3cr@t/x@db/webui")
    assert main([str(ini)]) == 2
    out, err = capfd.readouterr()
    assert "percent-encoded" in err
    assert "s3cr" not in out + err


def test_it_waits_for_a_server_that_is_not_there_yet(ini: Path, relay: Relay) -> None:
    process = start(ini, relay.url, WEBUI_DATABASE_CONNECT_TIMEOUT=f"{WAIT:.0f}s")
    watchdog = threading.Timer(WAIT, process.kill)
    watchdog.start()
    assert process.stdout is not None
    said = list(iter_until(process.stdout, f"Waiting for it, {WAIT:.0f} s at most."))
    relay.open()
    rest, _ = process.communicate()
    watchdog.cancel()
    assert process.returncode == 0, rest
    assert "The database cannot be used: nothing listens there." in said
    assert "The database is ready." in rest


def test_waiting_has_an_end(
    ini: Path, relay: Relay, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    use(monkeypatch, relay.url)
    monkeypatch.setenv("WEBUI_DATABASE_CONNECT_TIMEOUT", "1s")
    assert main([str(ini)]) == 1
    out, err = capfd.readouterr()
    assert "Waiting for it, 1 s at most." in out
    assert "nothing listens there" in err


def iter_until(lines: Iterable[str], last: str) -> Iterator[str]:
    for line in lines:
        yield line.rstrip("\n")
        if line.rstrip("\n") == last:
            return


def not_a_database(path: Path) -> str:
    path.write_text("no database at all " * 100)
    return "something else than an SQLite database"


def not_a_file(path: Path) -> str:
    path.mkdir()
    return "the file cannot be opened"


@pytest.mark.parametrize("spoil", [not_a_database, not_a_file])
def test_a_file_that_is_no_database_is_told(
    spoil: Callable[[Path], str], ini: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    path = ini.parent / "webui.db"
    said = spoil(path)
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{path}")
    assert main([str(ini)]) == 1
    assert said in capfd.readouterr().err
    with pytest.raises(SystemExit, match=said):
        make_app(ini={})


def test_a_folder_that_cannot_be_made_is_told(
    ini: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATA_DIR", str(ini / "data"))
    assert main([str(ini)]) == 1
    err = capfd.readouterr().err
    assert "test.ini/data cannot be made: Not a directory. Choose another one with DATA_DIR or DATABASE_URL." in err


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_told(ini: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (ini.parent / "data").mkdir(mode=0o500)
    assert main([str(ini)]) == 1
    assert "may this user write to it?" in capfd.readouterr().err


def missing(url: sa.URL) -> None:
    pass


def behind(url: sa.URL) -> None:
    migrate.upgrade(url)
    set_revision(url, "0000")


def ahead(url: sa.URL) -> None:
    migrate.upgrade(url)
    set_revision(url, "9999")


def set_revision(url: sa.URL, revision: str) -> None:
    with create_engine(url, poolclass=sa.NullPool).begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})


@pytest.mark.parametrize(
    ("prepare", "said"),
    [
        (missing, r"(no database yet|is empty).*Run: .*initialize_db"),
        (behind, r"revision 0000, behind this program, which needs .*Run: .*initialize_db"),
        (ahead, r"revision 9999, which is newer than this program.*Install the version"),
    ],
)
def test_the_server_does_not_start_on_a_database_that_is(
    prepare: Callable[[sa.URL], None],
    said: str,
    ini: Path,
    empty_database_url: sa.URL,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    prepare(empty_database_url)
    monkeypatch.setattr(migrate, "revisions", lambda: ["0000", "0001"])
    use(monkeypatch, empty_database_url)
    with pytest.raises(SystemExit, match=said) as caught:
        make_app(ini={})
    assert (empty_database_url.password or "nothing secret") not in str(caught.value)


def test_the_server_does_not_start_without_its_database(
    ini: Path, relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, relay.url)
    with pytest.raises(SystemExit, match="nothing listens there"):
        make_app(ini={})


def test_the_server_does_not_start_without_a_secret_key(ini: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert main([str(ini)]) == 0
    path = ini.parent / "data" / ".webui_secret_key"
    path.unlink()
    path.mkdir()
    with pytest.raises(SystemExit, match=r"secret key cannot be kept in .*set WEBUI_SECRET_KEY"):
        make_app(ini={})


def test_pserve_tells_it_in_one_text_and_ends_with_1(ini: Path) -> None:
    call = [str(Path(sys.executable).with_name("pserve")), str(ini)]
    environ = {"PATH": os.environ["PATH"]}
    ini.write_text(ini.read_text() + "\n[server:main]\nuse = egg:webui#main\nport = 8080\n")
    done = subprocess.run(call, cwd=ini.parent, env=environ, capture_output=True, text=True, timeout=WAIT, check=False)
    assert done.returncode == 1
    assert f"There is no database yet (SQLite, file {ini.parent}/data/webui.db). Run: " in done.stderr
    assert f"initialize_db {ini.name}\n" in done.stderr
    assert "Traceback" not in done.stderr

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from webui.settings import SettingsError, load
from webui.settings.database_url import secrets_of
from webui.settings.values import Resolved

PARTS = {
    "DATABASE_TYPE": "postgresql",
    "DATABASE_USER": "webui",
    "DATABASE_PASSWORD": "p@ss/w:rd#1%40",
    "DATABASE_HOST": "db.example.com",
    "DATABASE_NAME": "chats",
}
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)


def resolve(environ: Mapping[str, str], ini: Mapping[str, str] | None = None) -> Resolved:
    return load(ini or {}, environ).resolved("database.url")


def url(environ: Mapping[str, str], ini: Mapping[str, str] | None = None) -> str:
    value = resolve(environ, ini).value
    assert isinstance(value, sa.URL)
    return value.render_as_string(hide_password=False)


def problem(environ: Mapping[str, str], ini: Mapping[str, str] | None = None) -> str:
    with pytest.raises(SettingsError) as caught:
        resolve(environ, ini)
    (line,) = caught.value.problems
    return line


def test_without_anything_it_is_a_file_in_the_data_folder(tmp_path: Path) -> None:
    assert url({"DATA_DIR": str(tmp_path)}) == f"sqlite:///{tmp_path}/webui.db"
    assert resolve({"DATA_DIR": "/d"}).source == "default, from data_dir (environment DATA_DIR)"


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg2", "POSTGRESQL"])
def test_every_spelling_of_postgresql_uses_the_driver_that_we_ship(scheme: str) -> None:
    found = url({"DATABASE_URL": f"{scheme}://u:p%40@h:5433/n?sslmode=require"})
    assert found == "postgresql+psycopg2://u:p%40@h:5433/n?sslmode=require"


def test_passwords_among_the_parameters_are_hidden() -> None:
    address = "postgresql://u:@/db?host=/run/pg&password=s3%26cret&sslpassword=s3cret&passfile=/srv/pass"
    found = resolve({"DATABASE_URL": address})
    shown = "postgresql+psycopg2://u:***@/db?host=%2Frun%2Fpg&passfile=%2Fsrv%2Fpass&password=***&sslpassword=***"
    assert found.shown == shown
    assert sorted(secrets_of(found.value)) == ["", "s3&cret", "s3cret"]
    assert found.value.query["password"] == "s3&cret"


@pytest.mark.parametrize("address", ["sqlite:///chats.db", "sqlite:////srv/chats.db"])
def test_sqlite_addresses_stay_as_they_are(address: str) -> None:
    assert url({"DATABASE_URL": address}) == address


@pytest.mark.parametrize(
    "address", ["mysql://u@h/n", "postgresql+psycopg://u@h/n", "postgresql+asyncpg://u@h/n", "sqlite+sqlcipher:///f"]
)
def test_other_databases_are_refused_with_what_is_supported(address: str) -> None:
    line = problem({"DATABASE_URL": address})
    assert line.startswith("environment DATABASE_URL: database.url names a kind of database that is not supported")
    assert "sqlite:///path/to/file.db or postgresql://" in line


@pytest.mark.parametrize("address", ["chats.db", "postgresql://u:s3cret@h:port/n", "postgresql:/u:s3cret@h"])
def test_what_is_no_address_is_refused(address: str) -> None:
    line = problem({"DATABASE_URL": address})
    assert "cannot be read as a database address" in line
    assert "s3cret" not in line


@pytest.mark.parametrize("password", ["s3@cret", "s3@cr/et", "s3@cr:et"])
def test_a_password_that_needed_encoding_is_found_out(password: str) -> None:
    line = problem({"DATABASE_URL": f"postgresql://u:{password}@h/n"})
    assert "percent-encoded" in line
    assert "cr" not in line.replace("encoded", "").replace("characters", "")


def test_an_sqlite_address_with_two_slashes_is_refused() -> None:
    assert "three slashes" in problem({"DATABASE_URL": "sqlite://data/webui.db"})


def test_parts_are_quoted() -> None:
    found = resolve(PARTS)
    assert url(PARTS) == "postgresql+psycopg2://webui:p%40ss%2Fw%3Ard%231%2540@db.example.com:5432/chats"
    assert found.source == ("environment DATABASE_TYPE, DATABASE_USER, DATABASE_PASSWORD, DATABASE_HOST, DATABASE_NAME")
    assert found.shown == "postgresql+psycopg2://webui:***@db.example.com:5432/chats"


@given(user=ANY_TEXT, password=ANY_TEXT, name=ANY_TEXT)
def test_parts_arrive_as_they_were_given(user: str, password: str, name: str) -> None:
    found = resolve({**PARTS, "DATABASE_USER": user, "DATABASE_PASSWORD": password, "DATABASE_NAME": name}).value
    again = sa.make_url(found.render_as_string(hide_password=False))
    assert (found.username, found.password, found.database) == (user, password, name)
    assert (again.username, again.password) == (user, password)


def test_a_password_is_optional_and_a_port_can_be_given() -> None:
    parts = {**PARTS, "DATABASE_PASSWORD": "", "DATABASE_PORT": "6432", "DATABASE_TYPE": "postgres"}
    assert url(parts) == "postgresql+psycopg2://webui@db.example.com:6432/chats"


def test_sqlite_needs_only_the_path() -> None:
    assert url({"DATABASE_TYPE": "sqlite", "DATABASE_NAME": "/srv/chats.db"}) == "sqlite:////srv/chats.db"


def test_parts_win_over_an_address_from_the_same_place() -> None:
    assert url({**PARTS, "DATABASE_URL": "sqlite:///x.db"}).startswith("postgresql+psycopg2://webui:")


def test_an_address_from_a_stronger_place_wins_over_parts() -> None:
    ini = {"webui.database.type": "sqlite", "webui.database.name": "ini.db"}
    assert url({"DATABASE_URL": "sqlite:///env.db"}, ini) == "sqlite:///env.db"


def test_parts_may_come_from_several_places() -> None:
    ini = {
        "webui.database.type": "postgresql",
        "webui.database.host": "h",
        "webui.database.name": "n",
        "webui.database.user": "u",
        "sqlalchemy.url": "sqlite:///ini.db",
    }
    found = resolve({"DATABASE_PASSWORD": "p"}, ini)
    assert found.value.render_as_string(hide_password=False) == "postgresql+psycopg2://u:p@h:5432/n"
    assert found.source == (
        "INI webui.database.type, webui.database.user, webui.database.host, webui.database.name,"
        " environment DATABASE_PASSWORD"
    )


@pytest.mark.parametrize("missing", ["DATABASE_TYPE", "DATABASE_USER", "DATABASE_HOST", "DATABASE_NAME"])
@pytest.mark.parametrize("address", [{}, {"DATABASE_URL": "sqlite:///x.db"}])
def test_half_a_set_of_parts_is_an_error_that_names_what_is_missing(missing: str, address: dict[str, str]) -> None:
    given_parts = {name: value for name, value in PARTS.items() if name != missing}
    line = problem({**given_parts, **address})
    assert f"database.url is incomplete: {missing} missing" in line
    assert line.startswith("environment DATABASE_")
    assert PARTS["DATABASE_PASSWORD"] not in line


def test_sqlite_without_a_path_is_an_error() -> None:
    assert "incomplete: DATABASE_NAME missing" in problem({"DATABASE_TYPE": "sqlite"})


def test_a_wrong_part_is_reported_once() -> None:
    line = problem({**PARTS, "DATABASE_PORT": "tcp://10.0.0.1:5432"})
    assert line.startswith("environment DATABASE_PORT: database.port must be a whole number from 1 to 65535")


def test_the_usual_key_of_an_ini_file_works() -> None:
    found = resolve({}, {"sqlalchemy.url": "sqlite:///ini.db", "__file__": "/srv/production.ini"})
    assert str(found.value) == "sqlite:///ini.db"
    assert found.source == "production.ini sqlalchemy.url"


def test_an_explanation_of_parts_shows_what_they_override() -> None:
    steps = load({}, {**PARTS, "DATABASE_URL": "sqlite:///env.db", "DATA_DIR": "/d"}).explain("database.url")
    assert [(step.shown, step.used) for step in steps] == [
        ("postgresql+psycopg2://webui:***@db.example.com:5432/chats", True),
        ("sqlite:///env.db", False),
        ("sqlite:////d/webui.db", False),
    ]


@pytest.mark.parametrize("address", ["sqlite://", "sqlite:///:memory:"])
def test_a_database_that_would_not_last_is_refused(address: str) -> None:
    assert "nothing would last" in problem({"DATABASE_URL": address})

"""``[server:main]`` of an INI file."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from webui.application import make_app
from webui.models import migrate
from webui.server.paste import server_options


@pytest.fixture(autouse=True)
def _empty_surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("HOST", "PORT", "WEBUI_GRACEFUL_TIMEOUT"):
        monkeypatch.delenv(name, raising=False)


def test_keys_of_the_ini_become_arguments_of_serve() -> None:
    options = server_options({"port": "9000", "graceful_timeout": "1m", "max_body_size": "2MB", "threads": "3"})
    assert (options["port"], options["graceful_timeout"], options["max_body_size"]) == (9000, 60.0, 2 << 20)
    assert options["threads"] == 3


def test_the_environment_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "9001")
    assert server_options({"port": "9000"})["port"] == 9001


def test_other_keys_are_passed_on_to_waitress() -> None:
    assert server_options({"trusted_proxy": "10.0.0.1"})["trusted_proxy"] == "10.0.0.1"


def test_the_application_knows_what_stands_there(ini: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ini.write_text(ini.read_text() + "\n[server:main]\nuse = egg:webui#main\nhost = 127.0.0.1\nport = 8123\n")
    monkeypatch.setenv("DATABASE_URL", url := f"sqlite:///{ini.parent}/webui.db")
    monkeypatch.setenv("PORT", "8124")
    migrate.upgrade(sa.make_url(url))
    app = make_app(ini={}, ini_file=str(ini))
    host, port = (app.registry.webui_settings.resolved(f"server.{name}") for name in ("host", "port"))
    assert (host.value, host.source) == ("127.0.0.1", "test.ini webui.server.host")
    assert (port.value, port.source) == (8124, "environment PORT")

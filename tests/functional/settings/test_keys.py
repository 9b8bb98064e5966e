"""The life of a secret key: made, changed, lost, forgotten; whatever happens on the way, nothing is lost."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
import sqlalchemy as sa

from webui.cli import initialize_db, keys
from webui.models import Database
from webui.models.database import create_engine
from webui.models.setting import known_keys, store_values, stored_values
from webui.security import keys as module
from webui.security.keys import Keyring, fingerprint, keyring, read_or_create, replace_keys
from webui.security.vault import Vault, is_sealed
from webui.settings import Settings, from_ini_file, load, program

A, B = "key-a-" * 6, "key-b-" * 6
SECRET = ["sk-secret"]
TRACED = {each.__code__ for each in (keys._rotate, keys._forget, replace_keys, module._draft)}


class Site:
    """A deployment in the working directory."""

    def __init__(self, ini: Path) -> None:
        self.ini = ini
        self.file = ini.parent / "data" / ".webui_secret_key"
        self.url = sa.make_url(f"sqlite:///{ini.parent}/data/webui.db")

    @property
    def key(self) -> str:
        """The current one."""
        return read_or_create(self.file)[0]

    @property
    def database(self) -> Database:
        return Database(create_engine(self.url, poolclass=sa.NullPool))

    def initialize(self) -> None:
        assert initialize_db.main([str(self.ini)]) == 0

    def keys(self, *arguments: str) -> int:
        parser = argparse.ArgumentParser("webui")
        keys.add_parser(parser.add_subparsers())
        args = parser.parse_args(["keys", "--ini", str(self.ini), *arguments])
        code: int = args.run(args)
        return code

    def vault(self) -> Vault:
        """As a server has it that starts now."""
        return Vault(partial(keyring, load({}, {**os.environ, "DATA_DIR": str(self.file.parent)})))

    def store(self, value: Any) -> None:
        with self.database.begin() as db:
            store_values(db, {"openai.api_keys": value}, updated_by=None)

    def stored(self) -> Any:
        with self.database.reader() as connection:
            return stored_values(connection)[1]["openai.api_keys"]

    def known(self) -> set[str]:
        with self.database.reader() as connection:
            return set(known_keys(connection))


@pytest.fixture
def site(ini: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    for name in ("WEBUI_SECRET_KEY", "WEBUI_SECRET_KEY_PREVIOUS"):
        monkeypatch.delenv(name, raising=False)
    site = Site(ini)
    site.initialize()
    return site


def test_a_new_database_remembers_its_key(site: Site) -> None:
    assert site.known() == {fingerprint(site.key)}


def test_secrets_that_were_stored_plain_are_encrypted_once(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    site.store(SECRET)
    capsys.readouterr()
    site.initialize()
    assert "Secrets: encrypted 2 stored values." in capsys.readouterr().out
    assert is_sealed(site.stored())
    assert site.vault().open(site.stored()) == SECRET
    site.initialize()
    assert "Secrets" not in capsys.readouterr().out


def test_a_database_that_was_moved_without_its_key_is_told(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    old = site.key
    site.file.unlink()
    for _ in range(2):
        site.initialize()
        err = capsys.readouterr().err
        assert f"used with the secret key {fingerprint(old)}" in err
        assert "webui keys rotate" in err
    assert site.keys("rotate") == 0
    site.initialize()
    assert capsys.readouterr().err == ""


def test_secrets_under_a_key_that_is_gone_are_named(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    site.store(site.vault().seal(SECRET))
    old = site.key
    replace_keys(site.file, ["n" * 40])
    site.initialize()
    err = capsys.readouterr().err
    assert f"openai.api_keys (secret key {fingerprint(old)})" in err
    assert "WEBUI_SECRET_KEY_PREVIOUS" in err
    replace_keys(site.file, ["n" * 40, old])
    site.initialize()
    assert "encrypted 2 stored values" in capsys.readouterr().out
    assert site.vault().is_current(site.stored())


def test_a_stored_value_of_an_old_type_is_told_and_does_no_harm(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    with site.database.begin() as db:
        store_values(db, {"ui.enable_signup": {"an": "object"}, "openai.api_base_urls": 7}, updated_by=None)
    site.initialize()
    err = capsys.readouterr().err
    assert "database ui.enable_signup is ignored: it must be" in err
    assert "database openai.api_base_urls is ignored: it must be" in err


def test_the_keys_are_shown_without_being_told(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    site.store(site.vault().seal(SECRET))
    current = site.key
    replace_keys(site.file, [current, "p" * 40])
    capsys.readouterr()
    assert site.keys() == 0
    out = capsys.readouterr().out
    assert f"{fingerprint(current)}  current, first used" in out
    assert f"{fingerprint('p' * 40)}  previous" in out
    assert f"openai.api_keys  {fingerprint(current)}" in out
    assert f"history: 1 value  {fingerprint(current)}" in out
    assert current not in out
    assert "sk-secret" not in out


def test_without_stored_secrets_that_is_said(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert site.keys() == 0
    out = capsys.readouterr().out
    assert out.endswith("No encrypted secrets are stored.\n")
    assert "encrypted under:" not in out


def test_without_a_key_that_is_said(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    site.file.unlink()
    capsys.readouterr()
    assert site.keys() == 0
    assert capsys.readouterr().out.startswith(f"There is no secret key yet ({site.file}).\n")


def test_rotating_makes_a_key_that_everything_is_under(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    running, old = site.vault(), site.key
    site.store(running.seal(SECRET))
    assert site.keys("rotate") == 0
    new, previous = read_or_create(site.file)
    assert previous == old != new
    out = capsys.readouterr().out
    assert f"Encrypted 2 stored values under the secret key {fingerprint(new)}" in out
    assert "Restart" in out
    assert "webui keys forget" in out
    assert old not in out
    assert new not in out
    assert site.stored()["key"] == fingerprint(new)
    assert site.known() == {fingerprint(old), fingerprint(new)}
    # A server that has not been started again reads it, and stores under the new key as well.
    assert running.open(site.stored()) == SECRET
    assert running.seal(SECRET)["key"] == fingerprint(new)


def test_drafts_that_a_killed_process_left_are_removed(site: Site) -> None:
    left, begun, other = (
        site.file.with_name(f"{site.file.name}{end}") for end in (".7.0f1e2d3c", ".8.0a1b2c3d", ".old")
    )
    for path in (left, begun, other):
        path.write_text("k" * 43)
    for path in (left, other):
        os.utime(path, (0, 0))
    assert site.keys("rotate") == 0
    assert not left.exists()
    assert begun.exists()  # perhaps somebody is at work on it
    assert other.exists()
    os.utime(begun, (0, 0))
    assert site.keys("forget") == 0
    assert not begun.exists()


def test_names_of_stored_settings_cannot_write_to_the_terminal(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    with site.database.begin() as db:
        sealed = {"sealed": "x", "key": "\x1b[2J"}
        store_values(db, {"openai.api_keys": sealed | site.vault().seal(SECRET), "a\x9b31m": 1}, updated_by=None)
    capsys.readouterr()
    site.initialize()
    assert site.keys() == 0
    said = "".join(capsys.readouterr()).replace("\n", "")
    assert said.isprintable()


def test_forgetting_leaves_one_key_and_every_secret(site: Site) -> None:
    site.store(site.vault().seal(SECRET))
    for action in ("rotate", "rotate", "forget"):
        assert site.keys(action) == 0
    (left,) = read_or_create(site.file)
    assert Vault(lambda: Keyring((left,))).open(site.stored()) == SECRET


def test_with_one_key_there_is_nothing_to_forget(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert site.keys("forget") == 0
    assert capsys.readouterr().out == (
        f"There is nothing to forget: {site.file} has the secret key {fingerprint(site.key)} alone.\n"
    )
    for action in ("rotate", "forget"):
        assert site.keys(action) == 0
    assert capsys.readouterr().out.endswith("Who signed in under another key has to sign in again.\n")


def test_a_key_from_the_environment_is_changed_there(
    site: Site, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WEBUI_SECRET_KEY", A)
    site.keys("rotate")
    site.store(site.vault().seal(SECRET))
    monkeypatch.setenv("WEBUI_SECRET_KEY", B)
    monkeypatch.setenv("WEBUI_SECRET_KEY_PREVIOUS", A)
    capsys.readouterr()
    assert site.keys("rotate") == 0
    out = capsys.readouterr().out
    assert f"Encrypted 2 stored values under the secret key {fingerprint(B)}" in out
    assert "environment WEBUI_SECRET_KEY" in out
    monkeypatch.delenv("WEBUI_SECRET_KEY_PREVIOUS")
    assert site.vault().open(site.stored()) == SECRET
    assert site.keys("forget") == 1


def test_what_is_missing_is_told_in_one_line(ini: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert Site(ini).keys("rotate") == 1
    err = capsys.readouterr().err
    assert "There is no database yet" in err
    assert err.endswith(f"Run: {program('initialize_db', ini)}\n")
    ini.write_text("[app:main]\nwebui.server.port = x\n")
    assert Site(ini).keys() == 2


@pytest.mark.parametrize("action", [keys._rotate, keys._forget])
def test_killed_at_any_line_everything_can_still_be_read(site: Site, action: Callable[[Settings], int]) -> None:
    replace_keys(site.file, ["n" * 40, *read_or_create(site.file)])
    site.store(Vault(lambda: Keyring(tuple(read_or_create(site.file)[1:]))).seal(SECRET))
    settings = from_ini_file(site.ini)
    for line in range(1, 200):
        if _killed_at(line, action, settings) == 0:
            break
        assert site.vault().open(site.stored()) == SECRET
    assert line > 10
    assert site.vault().open(site.stored()) == SECRET


def _killed_at(wanted: int, action: Callable[[Settings], int], settings: Settings) -> int:
    """Carry the action out in a process that is killed before its how-manieth line; the exit code."""
    pid = os.fork()
    if pid:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    passed = 0

    def trace(frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal passed
        if frame.f_code not in TRACED:
            return None
        passed += event == "line"
        if passed == wanted:
            os.kill(os.getpid(), signal.SIGKILL)
        return trace

    code = 1
    try:
        sys.settrace(trace)
        code = action(settings)
    finally:
        os._exit(code)

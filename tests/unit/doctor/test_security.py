from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from webui.doctor.finding import Finding, Status
from webui.security.keys import Keyring, fingerprint
from webui.security.vault import Vault

Look = Callable[..., Finding]
GOOD_KEY = "kJ8-qU2xvT5mZr0_WcY7eHn4LbGd9sPfA1oVi3RtXyQ"
OTHER_KEY = "another key, and as long as it ought to be"
EVERYBODY = {"HOST": "0.0.0.0"}


@pytest.fixture
def add_user(place: Path) -> Callable[[str], None]:
    """Adds an account with this role."""

    insert = (
        "INSERT INTO users (id, email, name, role, profile_image_url, created_at, updated_at)"
        " VALUES (?, 'ada@example.com', 'Ada', ?, '', '2026-11-23', '2026-11-23')"
    )
    return lambda role: write(place, insert, role, role)


@pytest.fixture
def unreadable_key_file(place: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A key file that is there, and is not for this user."""
    path, read = place / ".webui_secret_key", Path.read_text
    path.write_text(GOOD_KEY, encoding="ascii")

    def refuse(file: Path, *args: str, **options: str) -> str:
        if file == path:
            raise PermissionError(13, "Permission denied", str(file))
        return read(file, *args, **options)

    monkeypatch.setattr(Path, "read_text", refuse)  # root may read everything
    return path


def write(place: Path, statement: str, *values: str) -> None:
    database = sqlite3.connect(place / "webui.db")
    with database:
        database.execute(statement, values)
    database.close()


def store_sealed(place: Path, key: str) -> None:
    """Store the keys of connections, encrypted under this secret key."""
    value = json.dumps(Vault(lambda: Keyring((key,))).seal(["sk-s3cret-word"]))
    insert = "INSERT INTO settings (name, value, version, updated_at) VALUES ('openai.api_keys', ?, 1, '2026-11-23')"
    write(place, insert, value)


def test_a_good_key_is_not_shown(look: Look) -> None:
    found = look("security.secret_key", WEBUI_SECRET_KEY=GOOD_KEY)
    assert (found.status, found.message) == (Status.OK, "The secret key is given (environment WEBUI_SECRET_KEY).")


@pytest.mark.parametrize("key", ["correct-horse-12", "a" * 64])
def test_a_key_that_can_be_guessed(look: Look, key: str) -> None:
    found = look("security.secret_key", WEBUI_SECRET_KEY=key)
    assert found.status is Status.WARNING
    assert "token_urlsafe" in found.remedy
    assert key not in str(found)


def test_a_generated_key(look: Look, place: Path) -> None:
    assert look("security.secret_key").status is Status.OK
    assert not (place / ".webui_secret_key").exists()
    (place / ".webui_secret_key").write_text(GOOD_KEY, encoding="ascii")
    assert look("security.secret_key").message == f"The secret key is in {place}/.webui_secret_key."


@pytest.mark.parametrize("text", [b"", b"short", b"\xff" * 40])
def test_a_damaged_key_file(look: Look, place: Path, text: bytes) -> None:
    (place / ".webui_secret_key").write_bytes(text)
    assert look("security.secret_key").status is Status.PROBLEM


def test_a_key_file_that_is_another_user_s(look: Look, unreadable_key_file: Path) -> None:
    found = look("security.secret_key")
    assert found.status is Status.PROBLEM
    assert found.message == f"{unreadable_key_file} exists, but this user cannot read it."
    assert "sudo -u USER webui doctor" in found.remedy
    assert found.remedy.endswith(f'sudo chown "$(id -un)" {unreadable_key_file}')


def test_nothing_is_said_of_what_a_key_that_cannot_be_read_would_tell(
    look: Look, place: Path, unreadable_key_file: Path
) -> None:
    store_sealed(place, GOOD_KEY)
    write(place, "INSERT INTO secret_keys VALUES (?, '2026-11-23')", fingerprint(OTHER_KEY))
    # The server would connect with the stored key, so what a connection without it meets tells nothing.
    connected = {"ENABLE_OPENAI_API": "true", "OPENAI_API_BASE_URL": "http://127.0.0.1:1"}
    for name in ("security.known_key", "security.stored_secrets", "models.connects"):
        found = look(name, **connected)
        assert (found.status, found.message) == (
            Status.SKIPPED,
            "The secret key cannot be read (security.secret_key).",
        ), name


def test_what_is_stored_and_no_secret_counts_without_a_key(look: Look, place: Path, unreadable_key_file: Path) -> None:
    store_sealed(place, GOOD_KEY)
    insert = "INSERT INTO settings (name, value, version, updated_at) VALUES (?, ?, 2, '2026-11-23')"
    write(place, insert, "ui.default_user_role", '"admin"')
    assert look("security.default_role").status is Status.PROBLEM


def test_a_key_that_was_lost(look: Look, add_user: Callable[[str], None]) -> None:
    add_user("user")
    found = look("security.secret_key")
    assert found.status is Status.PROBLEM
    assert "backup" in found.remedy


@pytest.mark.parametrize(("known", "status"), [(GOOD_KEY, Status.OK), (OTHER_KEY, Status.PROBLEM)])
def test_the_key_that_the_database_was_used_with(look: Look, place: Path, known: str, status: Status) -> None:
    write(place, "INSERT INTO secret_keys VALUES (?, '2026-11-23')", fingerprint(known))
    found = look("security.known_key", WEBUI_SECRET_KEY=GOOD_KEY)
    assert found.status is status
    assert fingerprint(known) in found.message
    assert GOOD_KEY not in str(found)


def test_without_a_key_there_is_nothing_to_compare(look: Look) -> None:
    assert look("security.known_key").status is Status.SKIPPED


@pytest.mark.parametrize(("key", "status"), [(GOOD_KEY, Status.OK), (OTHER_KEY, Status.PROBLEM)])
def test_secrets_that_are_encrypted_under_a_key(look: Look, place: Path, key: str, status: Status) -> None:
    store_sealed(place, key)
    found = look("security.stored_secrets", WEBUI_SECRET_KEY=GOOD_KEY)
    assert found.status is status
    assert ("openai.api_keys" in found.message) is (status is Status.PROBLEM)
    assert look("settings.stored", WEBUI_SECRET_KEY=GOOD_KEY).status is Status.OK


@pytest.mark.parametrize(
    ("environ", "status"),
    [
        ({}, Status.OK),
        ({"CORS_ALLOW_ORIGIN": "https://a.example", "WEBUI_URL": "https://chat.example"}, Status.OK),
        ({"CORS_ALLOW_ORIGIN": "http://localhost:5173", "WEBUI_URL": "https://chat.example"}, Status.OK),
        ({"CORS_ALLOW_ORIGIN": "http://a.example", "WEBUI_URL": "https://chat.example"}, Status.WARNING),
        ({"CORS_ALLOW_ORIGIN": "*"}, Status.WARNING),
    ],
)
def test_origins(look: Look, environ: dict[str, str], status: Status) -> None:
    assert look("security.origins", **environ).status is status


@pytest.mark.parametrize(
    ("role", "environ", "status"),
    [
        (None, {}, Status.OK),
        (None, EVERYBODY, Status.WARNING),
        (None, {"WEBUI_URL": "https://chat.example"}, Status.WARNING),
        ("user", EVERYBODY, Status.WARNING),
        ("admin", EVERYBODY, Status.OK),
        ("admin", EVERYBODY | {"DEFAULT_USER_ROLE": "user"}, Status.WARNING),
        ("admin", EVERYBODY | {"DEFAULT_USER_ROLE": "user", "ENABLE_SIGNUP": "false"}, Status.OK),
        ("admin", EVERYBODY | {"WEBUI_AUTH": "false"}, Status.PROBLEM),
    ],
)
def test_sign_up(
    look: Look, add_user: Callable[[str], None], role: str | None, environ: dict[str, str], status: Status
) -> None:
    if role is not None:
        add_user(role)
    assert look("security.sign_up", **environ).status is status


@pytest.mark.parametrize(("role", "status"), [("pending", Status.OK), ("user", Status.OK), ("admin", Status.PROBLEM)])
def test_the_role_of_new_accounts(look: Look, role: str, status: Status) -> None:
    assert look("security.default_role", DEFAULT_USER_ROLE=role).status is status


@pytest.mark.parametrize(
    ("secure", "same_site", "url", "status"),
    [
        ("true", "lax", "https://chat.example", Status.OK),
        ("false", "lax", "https://chat.example", Status.WARNING),
        ("true", "lax", "http://chat.example", Status.PROBLEM),
        ("true", "lax", "http://localhost:8080", Status.OK),
        ("false", "none", "http://chat.example", Status.PROBLEM),
        ("false", "lax", "", Status.SKIPPED),
    ],
)
def test_the_sign_in_cookie(look: Look, secure: str, same_site: str, url: str, status: Status) -> None:
    environ = {"WEBUI_SESSION_COOKIE_SECURE": secure, "WEBUI_SESSION_COOKIE_SAME_SITE": same_site, "WEBUI_URL": url}
    assert look("security.cookies", **environ).status is status

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from webui.doctor import files
from webui.doctor.finding import Finding, Status

Look = Callable[..., Finding]


@pytest.mark.parametrize("name", ["data_dir", "space", "database_writable", "database_mode", "network_file_system"])
def test_good_files(look: Look, name: str) -> None:
    assert look(f"files.{name}").status is Status.OK


def test_drafts_of_the_key_file(look: Look, place: Path) -> None:
    assert look("files.key_drafts").status is Status.OK
    draft = place / ".webui_secret_key.7.0f1e2d3c"
    draft.touch()
    os.utime(draft, (0, 0))
    found = look("files.key_drafts")
    assert (found.status, found.remedy) == (Status.WARNING, f"rm {draft}")


def test_a_folder_that_does_not_exist(look: Look, place: Path) -> None:
    found = look("files.data_dir", DATA_DIR=str(place / "a b"))
    assert found.status is Status.PROBLEM
    assert found.remedy.startswith(f"Relative paths start from the working directory, {place}: ")
    assert found.remedy.endswith(f"mkdir -p -m 700 '{place}/a b'")
    elsewhere = look("files.data_dir", DATA_DIR=f"{place}-b")
    assert elsewhere.remedy == f"mkdir -p -m 700 {place}-b"


def test_a_folder_that_is_none(look: Look, place: Path) -> None:
    (place / "file").touch()
    assert look("files.data_dir", DATA_DIR=str(place / "file")).status is Status.PROBLEM


def test_a_folder_that_cannot_be_written_to(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files.os, "access", lambda *_: False)  # root may write everywhere
    found = look("files.data_dir")
    assert found.status is Status.PROBLEM
    assert "chown" in found.remedy


def test_a_database_that_another_user_made(look: Look, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files.os, "access", lambda path, _: path.is_dir())  # root may write everywhere
    found = look("files.database_writable")
    assert (found.status, found.remedy) == (Status.PROBLEM, f"sudo chown USER {place}/webui.db")


@pytest.mark.parametrize(("limit", "status"), [("LITTLE_SPACE", Status.WARNING), ("NO_SPACE", Status.PROBLEM)])
def test_little_space(look: Look, monkeypatch: pytest.MonkeyPatch, limit: str, status: Status) -> None:
    monkeypatch.setattr(files, limit, 1 << 60)
    found = look("files.space")
    assert found.status is status
    assert "df -h" in found.remedy


@pytest.mark.parametrize("mode", [0o640, 0o644, 0o602])
@pytest.mark.parametrize(
    ("check", "name"), [("database_mode", "webui.db"), ("key_mode", ".webui_secret_key"), ("dotenv_mode", ".env")]
)
def test_a_file_that_others_can_use(look: Look, place: Path, check: str, name: str, mode: int) -> None:
    with (place / name).open("a", encoding="utf-8") as file:
        file.write("" if name == "webui.db" else "WEBUI_SECRET_KEY=correct-horse-battery\n")
    (place / name).chmod(mode)
    found = look(f"files.{check}")
    assert found.status is (Status.PROBLEM if mode & 0o007 else Status.WARNING)
    assert found.remedy == f"chmod 600 {place / name}"
    (place / name).chmod(0o600)
    assert look(f"files.{check}").status is Status.OK


def test_a_file_of_its_owner_s_alone_tells_whose_it_is(look: Look, place: Path) -> None:
    path = place / ".webui_secret_key"
    path.touch(mode=0o600)
    assert look("files.key_mode").message == f"{path} is its owner's alone ({path.owner()})."
    os.chown(path, 54321, -1)
    assert look("files.key_mode").message == f"{path} is its owner's alone (54321)."


def test_the_side_files_of_a_database_count(look: Look, place: Path) -> None:
    (place / "webui.db-wal").touch(mode=0o600)
    (place / "webui.db-wal").chmod(0o644)
    assert look("files.database_mode").remedy == f"chmod 600 {place}/webui.db-wal"


def test_a_dotenv_without_secrets_may_be_read(look: Look, place: Path) -> None:
    (place / ".env").write_text("WEBUI_NAME=ours\nWEBUI_SECRET_KEY=\n", encoding="utf-8")
    (place / ".env").chmod(0o644)
    assert look("files.dotenv_mode").status is Status.OK


@pytest.mark.parametrize("name", ["database_writable", "database_mode", "key_mode", "dotenv_mode"])
def test_what_does_not_exist_is_not_judged(look: Look, place: Path, name: str) -> None:
    (place / "webui.db").unlink()
    assert look(f"files.{name}").status is Status.SKIPPED


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("nfs4", Status.PROBLEM),
        ("cifs", Status.PROBLEM),
        ("fuse.sshfs", Status.PROBLEM),
        ("9p", Status.WARNING),
        ("fuse.anything", Status.WARNING),
        ("ext4", Status.OK),
        ("fuseblk", Status.OK),
    ],
)
def test_the_file_system_under_the_database(look: Look, place: Path, kind: str, status: Status) -> None:
    folder = place / "on a server"
    folder.mkdir()
    escaped = str(folder).replace(" ", r"\040")
    mounts = place / "mounts"
    mounts.write_text(f"/dev/sda1 / ext4 rw 0 0\nserver:/x {escaped} {kind} rw 0 0\ntmpfs {place}/other tmpfs rw 0 0\n")
    found = look("files.network_file_system", mounts=mounts, DATABASE_URL=f"sqlite:///{folder}/webui.db")
    assert found.status is status
    assert f"{kind} at {folder}" in found.message


def test_a_system_without_a_table_of_mounts(look: Look, place: Path) -> None:
    assert look("files.network_file_system", mounts=place / "none").status is Status.SKIPPED


def test_another_kind_of_database_has_no_file(look: Look) -> None:
    found = look("files.network_file_system", DATABASE_URL="postgresql://u:s3cret-word@127.0.0.1:1/x")
    assert found.status is Status.SKIPPED

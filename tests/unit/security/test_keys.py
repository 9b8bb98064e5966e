from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from webui.security.keys import KEY_FILE, SecretKeyError, fingerprint, keyring, new_key, read_or_create, replace_keys
from webui.settings import Settings, load


def settings(folder: Path, **environ: str) -> Settings:
    return load({}, {"DATA_DIR": str(folder), **environ})


def secret_key(settings: Settings) -> str:
    return keyring(settings).current


def test_a_key_is_made_once_and_kept(tmp_path: Path) -> None:
    first = secret_key(settings(tmp_path))
    assert len(first) >= 32
    assert secret_key(settings(tmp_path)) == first
    assert [path.name for path in tmp_path.iterdir()] == [KEY_FILE]


def test_nobody_else_may_read_the_key(tmp_path: Path) -> None:
    read_or_create(tmp_path / "key")
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600


def test_threads_that_make_a_key_at_once_agree(tmp_path: Path) -> None:
    with ThreadPoolExecutor(10) as pool:
        keys = list(pool.map(lambda _: read_or_create(tmp_path / "new" / "key"), range(10)))
    assert len(set(map(tuple, keys))) == 1
    assert len(list((tmp_path / "new").iterdir())) == 1


def test_processes_that_make_a_key_at_once_agree(tmp_path: Path) -> None:
    with get_context("spawn").Pool(4) as pool:
        keys = pool.map(read_or_create, [tmp_path / "key"] * 10, chunksize=1)
    assert len(set(map(tuple, keys))) == 1


def test_a_key_that_is_set_wins_and_no_file_is_made(tmp_path: Path) -> None:
    assert secret_key(settings(tmp_path, WEBUI_SECRET_KEY="k" * 32)) == "k" * 32
    assert list(tmp_path.iterdir()) == []


def test_the_file_may_be_elsewhere(tmp_path: Path) -> None:
    path = tmp_path / "run" / "secret"
    assert secret_key(settings(tmp_path, WEBUI_SECRET_KEY_FILE=str(path))) == path.read_text().strip()


def test_white_space_around_a_key_does_not_count(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"{'k' * 32}\n")
    assert read_or_create(tmp_path / "key") == ["k" * 32]


@pytest.mark.parametrize("content", [b"", b"short\n", b"k" * 32 + b"\nshort\n", b"\xff\xfe" * 20, "ключ".encode() * 8])
def test_a_damaged_file_is_told_and_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / KEY_FILE
    path.write_bytes(content)
    with pytest.raises(SecretKeyError, match=r"damaged\. Restore it, or delete"):
        secret_key(settings(tmp_path))
    assert path.read_bytes() == content


def test_a_place_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SecretKeyError, match=r"cannot be kept in .*file/\.webui_secret_key.*WEBUI_SECRET_KEY"):
        secret_key(settings(tmp_path / "file"))


def test_a_file_that_is_not_for_this_user_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, **_: str) -> str:
        raise PermissionError(13, "Permission denied", str(path))

    (tmp_path / KEY_FILE).touch()
    monkeypatch.setattr(Path, "read_text", refuse)  # root may read everything
    with pytest.raises(SecretKeyError, match=rf"in .*/{KEY_FILE} cannot be read: Permission denied\. Run this as the"):
        secret_key(settings(tmp_path))


def test_further_lines_of_the_file_are_previous_keys(tmp_path: Path) -> None:
    (tmp_path / KEY_FILE).write_text(f"{'a' * 32}\n\n {'b' * 32} \n")
    found = keyring(settings(tmp_path, WEBUI_SECRET_KEY_PREVIOUS=f"{'c' * 32};{'a' * 32}"))
    assert found.keys == ("a" * 32, "b" * 32, "c" * 32)


def test_a_key_may_be_appended_by_hand(tmp_path: Path) -> None:
    first, second = read_or_create(tmp_path / "one"), read_or_create(tmp_path / "two")
    with (tmp_path / "one").open("a") as file:
        file.write((tmp_path / "two").read_text())
    assert read_or_create(tmp_path / "one") == [*first, *second]


def test_keys_that_ran_together_are_told_and_not_taken_for_one(tmp_path: Path) -> None:
    first, second = new_key(), new_key()
    (tmp_path / KEY_FILE).write_text(first + second)
    with pytest.raises(SecretKeyError, match=r"on one line.*they have 43 characters") as caught:
        secret_key(settings(tmp_path))
    assert first not in str(caught.value)
    (tmp_path / KEY_FILE).write_text("k" * 64)  # one that was made by hand
    assert secret_key(settings(tmp_path)) == "k" * 64


def test_a_key_that_is_set_has_those_that_were_set_before(tmp_path: Path) -> None:
    found = keyring(settings(tmp_path, WEBUI_SECRET_KEY="a" * 32, WEBUI_SECRET_KEY_PREVIOUS="b" * 32))
    assert found.keys == ("a" * 32, "b" * 32)
    assert found.find(fingerprint("b" * 32)) == "b" * 32
    assert found.find("00000000") is None


def test_reading_alone_makes_no_file(tmp_path: Path) -> None:
    assert keyring(settings(tmp_path), make=False).keys == ()
    assert list(tmp_path.iterdir()) == []


def test_keys_are_never_shown(tmp_path: Path) -> None:
    found = keyring(settings(tmp_path, WEBUI_SECRET_KEY="a" * 32, WEBUI_SECRET_KEY_PREVIOUS="b" * 32))
    assert "aaaa" not in repr(found)
    assert "bbbb" not in settings(tmp_path, WEBUI_SECRET_KEY_PREVIOUS="b" * 32).resolved("secret_key_previous").shown


def test_keys_are_replaced_as_a_whole_and_stay_private(tmp_path: Path) -> None:
    path = tmp_path / "key"
    (old,) = read_or_create(path)
    replace_keys(path, ["n" * 32, old])
    assert read_or_create(path) == ["n" * 32, old]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]

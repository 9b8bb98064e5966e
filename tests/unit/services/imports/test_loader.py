from __future__ import annotations

import json
import random
import tracemalloc
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.support import conversation, message
from webui.services.imports import source
from webui.services.imports.loader import BATCH_BYTES, BATCH_CHATS, Batch, Loader
from webui.services.imports.splitter import BrokenFile

LIMIT = 1 << 30


def load(path: Path, *, skip: int = 0) -> Iterator[Batch]:
    """The batches of a file."""
    loader = Loader(path, LIMIT, skip)
    try:
        while batch := loader.batch():
            yield batch
    finally:
        loader.close()


def chat(text: str = "Hi") -> dict[str, Any]:
    return conversation(message("q", content=text))


def titles(path: Path, *, skip: int = 0) -> list[str]:
    return [item.chat["title"] for batch in load(path, skip=skip) for item in batch.chats]


def write_json(path: Path, chats: list[Any]) -> Path:
    path.write_text(json.dumps(chats))
    return path


def write_zip(path: Path, content: bytes, *, method: int = zipfile.ZIP_DEFLATED, name: str = "chats.json") -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr(name, content)
    return path


@pytest.mark.parametrize("packed", [False, True])
def test_a_file_of_fifty_megabytes_takes_the_memory_of_a_batch(tmp_path: Path, packed: bool) -> None:
    one = json.dumps(chat("".join(f"{number:09d} " for number in range(10_000))))
    path = tmp_path / "file"
    body = path.open("wb") if not packed else zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1)
    with body as file, file if not packed else file.open("conversations.json", "w") as member:
        member.write(b"[" + one.encode())
        for _ in range(499):
            member.write(b"," + one.encode())
        member.write(b"]")
    tracemalloc.start()
    try:
        count = sum(len(batch.chats) for batch in load(path))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == 500
    assert peak < 20 * BATCH_BYTES


def test_batches_are_small_and_tell_how_far_the_file_is_read(tmp_path: Path) -> None:
    path = write_json(tmp_path / "file", [chat("x" * 10_000)] * 250)
    batches = list(load(path))
    assert max(len(batch.chats) for batch in batches) <= BATCH_CHATS
    assert sum(len(batch.chats) for batch in batches) == 250
    positions = [batch.position for batch in batches]
    assert positions == sorted(positions)
    assert positions[-1] == path.stat().st_size


def test_the_first_chats_can_be_left_out(tmp_path: Path) -> None:
    path = write_json(tmp_path / "file", [{"chat": {"title": str(number)}} for number in range(10)])
    assert titles(path, skip=7) == ["7", "8", "9"]
    assert titles(path, skip=10) == []


def test_an_archive_in_parts_is_read_in_their_order(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with zipfile.ZipFile(path, "w") as archive:
        for number in (1, 0):
            archive.writestr(f"conversations-00{number}.json", json.dumps([{"chat": {"title": str(number)}}]))
        archive.writestr("shared_conversations.json", "[")
        archive.writestr("__MACOSX/._conversations-000.json", "[")
    assert titles(path) == ["0", "1"]
    assert titles(path, skip=1) == ["1"]


def broken(path: Path) -> str:
    with pytest.raises(BrokenFile) as caught:
        list(load(path))
    return str(caught.value)


def test_an_archive_that_is_damaged_is_broken(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "file", json.dumps([chat("x" * 1000)]).encode(), method=zipfile.ZIP_STORED)
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b"xxx", b"yyy", 1))
    assert "chats.json is damaged or cut off: Bad CRC-32" in broken(path)
    path.write_bytes(whole[:-30])
    assert "The archive is damaged or cut off" in broken(path)


def test_an_archive_that_needs_much_memory_or_a_password_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_zip(tmp_path / "file", b"[]", method=zipfile.ZIP_LZMA)
    assert "packed in an unusual way" in broken(path)
    whole = write_zip(path, b"[]").read_bytes()
    at = whole.index(b"PK\x01\x02") + 8  # its flags in the list of files
    path.write_bytes(whole[:at] + b"\x01\x00" + whole[at + 2 :])
    assert "is encrypted" in broken(path)
    monkeypatch.setattr(source, "MAX_DIRECTORY", 20)
    assert "its list of files is too long" in broken(write_zip(path, b"[]"))


def test_faults_in_an_archive_name_the_file_in_it(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "file", b'[{"chat": {}}, {]', name="a/conversations.json")
    assert broken(path).startswith("a/conversations.json: ")


def test_chats_with_odd_values_are_taken_as_they_are(tmp_path: Path) -> None:
    odd = {
        "chat": {"title": 5, "history": {"messages": {"q": {"content": None, "role": 1, "timestamp": 1e300}}}},
        "meta": {"tags": ["Home Work", "none", 5, "home work", "x" * 300]},
        "created_at": "never",
        "pinned": "yes",
    }
    (batch,) = load(write_json(tmp_path / "file", [odd]))
    (item,) = batch.chats
    assert (item.chat["title"], item.chat["pinned"]) == ("New Chat", False)
    assert item.chat["meta"] == {"tags": ["home_work"]}
    assert [(row["content"], row["role"]) for row in item.messages] == [("", "user")]


def test_no_damage_to_an_archive_is_more_than_a_broken_file(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "file", json.dumps([chat()] * 3).encode())
    whole, chance = path.read_bytes(), random.Random(0)
    for _ in range(500):
        damaged = bytearray(whole)
        for at in chance.sample(range(4, len(whole)), 3):
            damaged[at] = chance.choice((0, 1, 0x50, 0x7F, 0x80, 0xFF))
        path.write_bytes(damaged[: chance.choice((len(whole), chance.randrange(4, len(whole))))])
        with suppress(BrokenFile):
            list(load(path))

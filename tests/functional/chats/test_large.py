"""Chats that are so large that they are stored in several transactions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests.functional.chats.support import act, new_chat
from tests.support import Client, conversation, message
from webui.models import Chat, Message, utcnow
from webui.services import locks, merging, messages, new_chats, trash
from webui.services.merging import Changes

COUNT = 30


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "PART", 10 * messages.ROW)


def branch(count: int = COUNT, **fields: Any) -> list[dict[str, Any]]:
    return [message(f"m{number}", f"m{number - 1}" if number else None, **fields) for number in range(count)]


def parents(chat: dict[str, Any]) -> dict[str, str | None]:
    return {key: each["parentId"] for key, each in chat["chat"]["history"]["messages"].items()}


def straight(count: int) -> dict[str, str | None]:
    return {f"m{number}": f"m{number - 1}" if number else None for number in range(count)}


def rows(person: Client) -> dict[str, Chat]:
    with person.registry.database.begin(write=False) as db:
        return {chat.id: chat for chat in db.scalars(sa.select(Chat))}


def save(person: Client, chat_id: str, *all_of_it: dict[str, Any], status: int = 200) -> dict[str, Any]:
    answer = person.post(f"/api/v1/chats/{chat_id}", conversation(*all_of_it), status=status)
    return answer.json if status == 200 else {}


class Died(BaseException):
    """What a killed process does not live to see."""


@contextmanager
def killed(person: Client, *, after: int) -> Iterator[None]:
    """Ends the server's work at the transaction that follows the first ``after`` which write."""
    left = [after]

    def count(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        left[0] -= statement.startswith("INSERT INTO messages")
        if left[0] < 0:
            raise Died

    engine = person.registry.database.engine
    sa.event.listen(engine, "before_cursor_execute", count)
    try:
        with pytest.raises(Died):
            yield
    finally:
        sa.event.remove(engine, "before_cursor_execute", count)


def test_a_large_chat_is_stored_copied_and_imported_as_it_is(admin: Client) -> None:
    chat = new_chat(admin, *branch(), title="Large")
    copy = act(admin, chat["id"], "clone")
    form = {"chat": conversation(*branch(), title="Large")["chat"], "meta": {"tags": ["work"]}, "pinned": True}
    first, second = admin.post("/api/v1/chats/import", {"chats": [form, form]}, status=200).json
    for each in (chat, copy, first, second):
        found = admin.get(f"/api/v1/chats/{each['id']}", status=200).json
        assert found == each
        assert parents(found) == straight(COUNT)
    assert (first["pinned"], first["meta"]) == (True, {"tags": ["work"]})
    assert {(row.import_id, row.deleted_at) for row in rows(admin).values()} == {(None, None)}


def test_a_large_chat_goes_into_its_folder(admin: Client) -> None:
    folder = admin.post("/api/v1/folders/", {"name": "Work"}, status=200).json["id"]
    chat = admin.post("/api/v1/chats/new", conversation(*branch()) | {"folder_id": folder}, status=200).json
    assert chat["folder_id"] == act(admin, chat["id"], "clone")["folder_id"] == folder
    admin.post("/api/v1/chats/new", conversation(*branch()) | {"folder_id": "not there"}, status=400)
    assert len(admin.get("/api/v1/chats/?include_folders=true", status=200).json) == 2


def test_what_is_being_built_is_seen_nowhere_and_erased_in_the_end(admin: Client) -> None:
    with killed(admin, after=2):
        admin.post("/api/v1/chats/new", conversation(*branch(), title="Half"))
    [(chat_id, row)] = rows(admin).items()
    assert row.import_id == new_chats.BEING_BUILT
    admin.get(f"/api/v1/chats/{chat_id}", status=401)
    admin.post(f"/api/v1/chats/{chat_id}/restore", {}, status=401)
    for path in ("?page=1", "trash", "search?text=half", "search?text=", "all", "pinned", "archived"):
        assert admin.get(f"/api/v1/chats/{path}", status=200).json == [], path
    assert not erased(admin, trash_days=0)  # it may still be at work
    with admin.registry.database.begin() as db:
        db.execute(sa.update(Chat).values(deleted_at=utcnow() - timedelta(seconds=1)))
    assert erased(admin, trash_days=0)
    assert rows(admin) == {}


def erased(person: Client, *, trash_days: int) -> bool:
    some = False
    with Session(person.registry.database.engine) as db:
        while trash.erase_some(db, trash_days=trash_days):
            some = True
            db.commit()
    return some


def test_a_large_save_merges_as_a_small_one_does(admin: Client) -> None:
    chat_id = new_chat(admin, *branch(3))["id"]
    save(admin, chat_id, *branch(3), message("other", "m2"))
    merged = save(admin, chat_id, *branch())  # from a copy that lacks "other", which is not to go by that
    assert parents(merged) == straight(COUNT) | {"other": "m2"}
    assert parents(save(admin, chat_id, *branch())) == straight(COUNT)  # which it is, when nothing comes instead


def test_a_save_that_was_cut_off_is_completed_by_the_next(admin: Client) -> None:
    chat_id = new_chat(admin, *branch(3))["id"]
    with killed(admin, after=1):
        save(admin, chat_id, *branch())
    half = admin.get(f"/api/v1/chats/{chat_id}", status=200).json
    assert 3 < len(parents(half)) < COUNT
    assert parents(save(admin, chat_id, *branch())) == straight(COUNT)


def test_a_save_that_changes_very_much_is_stored_in_parts_and_completed_by_the_next(admin: Client) -> None:
    chat_id = new_chat(admin, *branch())["id"]
    save(admin, chat_id, *branch(), message("other", "m2"))
    # What messages said before goes to the trash, a part of it at a time, in a statement for roots and one for others.
    with killed(admin, after=2):
        save(admin, chat_id, *branch(content="Changed"))
    assert 3 < list(said(admin, chat_id).values()).count("Changed") < COUNT
    merged = save(admin, chat_id, *branch(content="Changed"))
    assert parents(merged) == straight(COUNT) | {"other": "m2"}
    assert said(admin, chat_id) == {f"m{number}": "Changed" for number in range(COUNT)} | {"other": "other"}


def said(person: Client, chat_id: str) -> dict[str, str]:
    found = person.get(f"/api/v1/chats/{chat_id}", status=200).json["chat"]["history"]["messages"]
    return {key: each["content"] for key, each in found.items()}


def test_a_large_save_into_the_chat_of_somebody_else_stores_nothing(users: Client) -> None:
    chat_id = new_chat(users, *branch(3))["id"]
    save(users.sign_up(name="Bob"), chat_id, *branch(), status=401)
    with users.registry.database.begin(write=False) as db:
        assert db.scalar(sa.select(sa.func.count()).select_from(Message)) == 3


def test_messages_of_a_large_save_that_came_meanwhile_are_stored_once(
    admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat_id = new_chat(admin, *branch(3))["id"]
    write = merging.write_part

    def race(db: Session, chat: str, part: Changes) -> None:
        write(db, chat, replace(part, new=part.new[:4]))
        write(db, chat, part)

    monkeypatch.setattr(merging, "write_part", race)
    assert parents(save(admin, chat_id, *branch())) == straight(COUNT)


@pytest.mark.parametrize("after", [1, 2])
def test_half_of_a_large_save_is_a_tree_from_which_others_may_go_on(admin: Client, after: int) -> None:
    chat_id = new_chat(admin, *branch(3))["id"]
    with killed(admin, after=after):
        save(admin, chat_id, *branch())
    seen = admin.get(f"/api/v1/chats/{chat_id}", status=200).json["chat"]["history"]["messages"]
    assert 3 < len(seen) < COUNT
    assert {key: each["parentId"] for key, each in seen.items()} == straight(len(seen))
    save(admin, chat_id, *branch())
    both = save(admin, chat_id, *seen.values(), message("other", "m2"))
    assert parents(both) == straight(COUNT) | {"other": "m2"}


def test_deleting_and_moving_very_many_messages_is_done_in_parts(
    admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[int] = []
    write = merging.write_part

    def count(db: Session, chat: str, part: Changes) -> None:
        done.append(len(part.moved) + len(part.gone))
        write(db, chat, part)

    monkeypatch.setattr(merging, "write_part", count)
    chat_id = new_chat(admin, *branch())["id"]
    flat = save(admin, chat_id, *(message(f"m{number}", "m0" if number else None) for number in range(COUNT)))
    assert parents(flat) == {f"m{number}": "m0" if number else None for number in range(COUNT)}
    assert parents(save(admin, chat_id, message("m0"), message("m1", "m0"))) == {"m0": None, "m1": "m0"}
    assert len(done) > 4
    assert max(done) < COUNT / 2


def test_what_others_have_answered_meanwhile_is_not_deleted(admin: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    chat_id = new_chat(admin, *branch())["id"]
    write = merging.write_part

    def race(db: Session, chat: str, part: Changes) -> None:
        monkeypatch.setattr(merging, "write_part", write)
        write(db, chat, Changes(new=[{"id": "answer", "parent_id": "m29", "role": "user", "content": "", "data": {}}]))
        write(db, chat, part)

    monkeypatch.setattr(merging, "write_part", race)
    assert parents(save(admin, chat_id, message("m0"))) == straight(COUNT) | {"answer": "m29"}


def test_moves_that_would_make_a_circle_with_those_of_others_are_left_out(
    admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat_id = new_chat(admin, *branch())["id"]
    write = merging.write_part

    def race(db: Session, chat: str, part: Changes) -> None:
        monkeypatch.setattr(merging, "write_part", write)
        write(db, chat, Changes(moved=[{"id": "m1", "parent_id": None}, {"id": "m0", "parent_id": "m9"}]))
        write(db, chat, part)

    monkeypatch.setattr(merging, "write_part", race)
    flat = (message(f"m{number}", "m0" if number else None) for number in range(COUNT))
    found = parents(save(admin, chat_id, *flat))
    for key in found:
        seen = set()
        step: str | None = key
        while step is not None:
            assert step not in seen
            seen.add(step)
            step = found[step]


def test_few_large_saves_run_at_once_and_others_are_told_to_wait(admin: Client) -> None:
    chat_id = new_chat(admin, *branch(3))["id"]
    with locks.large_write(), locks.large_write():
        answer = admin.post(f"/api/v1/chats/{chat_id}", conversation(*branch()), status=503)
        assert answer.headers["Retry-After"] == "5"
        admin.post("/api/v1/chats/new", conversation(*branch()), status=503)
        save(admin, chat_id, *branch(4))
    assert parents(save(admin, chat_id, *branch())) == straight(COUNT)

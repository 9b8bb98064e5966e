"""Copies of a chat that are stale, partial or no tree: what each of them does to what is stored."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from tests.support import Client, conversation, counted_statements, message
from webui.models import Message


def create(person: Client, *held: dict[str, Any]) -> str:
    """A chat's address."""
    return "/api/v1/chats/" + person.post("/api/v1/chats/new", conversation(*held), status=200).json["id"]


def save(person: Client, address: str, *held: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return person.post(address, conversation(*held), status=200).json["chat"]["history"]["messages"]


def trash(person: Client, address: str) -> list[str]:
    return [line["content"] for line in person.get(f"{address}/trash", status=200).json]


def parents(held: dict[str, dict[str, Any]]) -> dict[str, str | None]:
    return {key: one["parentId"] for key, one in held.items()}


def test_two_copies_that_are_trees_make_no_circle_together(admin: Client) -> None:
    address = create(admin, message("x"), message("y"))
    save(admin, address, message("x"), message("y", "x"))
    held = save(admin, address, message("x", "y"), message("new", "x"))
    assert parents(held) == {"x": None, "y": "x", "new": "x"}


def test_a_message_may_follow_one_that_the_copy_lacks(admin: Client) -> None:
    address = create(admin, message("q"), message("a", "q"))
    assert parents(save(admin, address, message("q2", "a"))) == {"q": None, "a": "q", "q2": "a"}


def test_a_parent_may_come_later_than_its_child(admin: Client) -> None:
    address = create(admin, message("q"))
    assert parents(save(admin, address, message("q"), message("a2", "q2")))["a2"] is None
    held = save(admin, address, message("q"), message("q2", "q"), message("a2", "q2"))
    assert parents(held) == {"q": None, "q2": "q", "a2": "q2"}


def test_children_that_a_deletion_leaves_behind_go_to_the_nearest_ancestor(admin: Client) -> None:
    address = create(admin, message("q"), message("a", "q"), message("q2", "a"), message("a2", "q2"))
    assert parents(save(admin, address, message("q"), message("a2", "q2"))) == {"q": None, "a2": "q"}


def test_a_reply_that_is_being_generated_outlives_the_deletion_of_what_it_answers(admin: Client) -> None:
    address = create(admin, message("q"), message("q2", "q"), message("a2", "q2", role="assistant"))
    with admin.registry.database.begin() as db:
        db.execute(sa.update(Message).where(Message.id == "a2").values(run_id="run"))
    assert parents(save(admin, address, message("q"))) == {"q": None, "a2": "q"}


def test_the_current_message_of_a_stale_copy_may_be_in_the_trash(admin: Client) -> None:
    address = create(admin, message("q"), message("a", "q"))
    save(admin, address, message("q"))
    body = conversation(message("q"))
    body["chat"]["history"]["currentId"] = "a"
    assert admin.post(address, body, status=200).json["chat"]["history"]["currentId"] == "q"


def test_a_text_that_another_replaces_goes_to_the_trash_once(admin: Client) -> None:
    address = create(admin, message("q", content="one"))
    for text in ("two", "one", "two", "one", "one and more"):
        assert save(admin, address, message("q", content=text))["q"]["content"] == text
    assert sorted(trash(admin, address)) == ["one", "two"]


def test_parts_that_others_replace_go_to_the_trash_as_well(admin: Client) -> None:
    parts = [{"type": "text", "text": "hi"}]
    address = create(admin, message("q", content=parts))
    save(admin, address, message("q", content="text"))
    with admin.registry.database.begin(write=False) as db:
        assert db.scalars(sa.select(Message.data).where(Message.deleted_at.is_not(None))).all() == [{"content": parts}]


def test_a_stale_copy_of_a_message_takes_nothing_out_of_it(admin: Client) -> None:
    address = create(admin, message("q"))
    save(admin, address, message("q", annotation={"rating": 1}), message("one", "q"))
    held = save(admin, address, message("q", theirs=2), message("two", "q"))
    assert (held["q"]["annotation"], held["q"]["theirs"]) == ({"rating": 1}, 2)
    whole = save(admin, address, message("q", theirs=3), message("one", "q"), message("two", "q"))
    assert "annotation" not in whole["q"]


def test_saving_takes_as_many_statements_in_a_long_chat_as_in_a_short_one(admin: Client) -> None:
    counts = []
    for length in (2, 500):
        held = [message("0"), *(message(str(number), str(number - 1)) for number in range(1, length))]
        address = create(admin, *held)
        held[0]["content"] = "changed"
        with counted_statements(admin.registry.database.engine) as statements:
            save(admin, address, *held, message("new", held[-1]["id"]))
        counts.append(len(statements))
    assert counts[0] == counts[1]


def test_a_message_of_ten_megabytes_is_a_message(admin: Client) -> None:
    text = "ä \n" * 2_500_000
    address = create(admin, message("q", content=text))
    assert admin.get(address, status=200).json["chat"]["history"]["messages"]["q"]["content"] == text


def test_more_than_the_most_messages_are_refused(admin: Client) -> None:
    address = create(admin, message("q"))
    body = {"chat": {"history": {"messages": {str(number): {} for number in range(100_001)}}}}
    refusal = admin.post(address, body, status=422).json["detail"][0]
    assert "at most 100000 messages" in refusal["msg"]
    assert list(admin.get(address).json["chat"]["history"]["messages"]) == ["q"]


@pytest.mark.parametrize(
    "held",
    [
        {"\0": message("\0")},
        {"a": message("a", "\0")},
        {"a": message("a", content="\0")},
        {"a": message("a", content=[{"text": "\0"}])},
        {"a": message("a", **{"\0": 1})},
        {"a": message("a", role="\0")},
        {"a": message("a", "a")},
        {"a": message("a", "b"), "b": message("b", "a")},
    ],
)
def test_what_cannot_be_stored_is_refused_and_changes_nothing(admin: Client, held: dict[str, Any]) -> None:
    address = create(admin, message("a", content="before"))
    before = admin.get(address).json
    assert admin.post(address, {"chat": {"history": {"messages": held}}}).status_int == 422
    assert admin.get(address).json == before


@pytest.mark.parametrize("date", ["yesterday", -1, 1e300, 10**30, None, {}, "9999-99-99T99:99:99Z"])
def test_a_date_that_is_none_comes_back_as_it_was_sent(admin: Client, date: Any) -> None:
    address = create(admin, message("q", timestamp=date))
    assert admin.get(address, status=200).json["chat"]["history"]["messages"]["q"]["timestamp"] == date

from __future__ import annotations

from typing import Any

import pytest

from tests.support import message
from webui.errors import ApiError
from webui.services import messages
from webui.services.messages import assemble, branch, parse


def rows(*columns: tuple[str, str | None]) -> list[tuple[Any, ...]]:
    return [(message_id, parent, "user", message_id, {}) for message_id, parent in columns]


def test_what_is_parsed_is_assembled_again() -> None:
    sent = {
        "q": message("q", unknown={"deep": [1.5, None]}),
        "a": message("a", "q", role="assistant", content=[{"type": "text", "text": "x"}]),
    }
    parsed = [(key, row["parent_id"], row["role"], row["content"], row["data"]) for key, row in parse(sent).items()]
    assert assemble(parsed, "a") == {
        "messages": {"q": {**sent["q"], "childrenIds": ["a"]}, "a": sent["a"]},
        "currentId": "a",
    }


@pytest.mark.parametrize(
    "sent",
    [
        None,
        [],
        {"a": None},
        {"": {}},
        {"x" * 256: {}},
        {"a": message("a", "a")},
        {"a": message("a", "b"), "b": message("b", "c"), "c": message("c", "b")},
    ],
)
def test_what_is_no_tree_is_refused(sent: Any) -> None:
    with pytest.raises(ApiError) as refusal:
        parse(sent)
    assert refusal.value.status == 422
    assert refusal.value.detail[0]["loc"][:4] == ["body", "chat", "history", "messages"]


@pytest.mark.parametrize("parent", [7, [], {}, "", "x" * 256])
def test_a_parent_that_is_no_id_is_none(parent: Any) -> None:
    assert parse({"a": {"parentId": parent}})["a"]["parent_id"] is None


def test_a_dated_message_keeps_its_date_whatever_that_is() -> None:
    for date in ("yesterday", -1, 1e30, 10**30, None, {}):
        assert parse({"a": message("a", timestamp=date)})["a"]["data"]["timestamp"] == date


def test_more_messages_than_the_most_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "MAX_MESSAGES", 2)
    parse({key: {} for key in "ab"})
    with pytest.raises(ApiError, match="at most 2 messages"):
        parse({key: {} for key in "abc"})


def test_a_chain_of_the_most_messages_is_a_tree() -> None:
    count = messages.MAX_MESSAGES
    sent = {str(number): {"parentId": str(number + 1)} for number in range(count)}
    parsed = parse(sent)
    assert parsed[str(count - 1)]["parent_id"] == str(count)
    history = assemble(rows(*((key, row["parent_id"]) for key, row in parsed.items())), "0")
    assert len(branch(history)) == count


def test_a_parent_that_is_not_there_is_shown_as_none() -> None:
    history = assemble(rows(("a", "gone"), ("b", "a")), "b")
    assert history["messages"]["a"]["parentId"] is None
    assert [one["id"] for one in branch(history)] == ["a", "b"]


@pytest.mark.parametrize("current", [None, "gone"])
def test_without_a_current_message_it_is_the_last(current: str | None) -> None:
    assert assemble(rows(("a", None), ("b", "a")), current)["currentId"] == "b"
    assert assemble([], current) == {"messages": {}, "currentId": None}

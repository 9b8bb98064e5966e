from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from webui.services.imports.formats import to_incoming
from webui.services.imports.incoming import Incoming, fenced, moment


def read(value: dict[str, Any]) -> Incoming:
    found = to_incoming(value)
    assert found is not None
    return found


def messages(value: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = read(value).chat["history"]["messages"]
    return found


def node(parent: Any, role: str, *parts: Any, **more: Any) -> dict[str, Any]:
    """A node of ChatGPT's tree."""
    content = more.pop("content", {"content_type": "text", "parts": list(parts)})
    return {"parent": parent, "message": {"author": {"role": role}, "content": content, **more}}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1_700_000_000, 1_700_000_000),
        (1_700_000_000.5, 1_700_000_000),
        (1_700_000_000_000, 1_700_000_000),
        (1_700_000_000_000_000_000, 1_700_000_000),
        ("2023-11-14T22:13:20Z", 1_700_000_000),
        ("2023-11-14T23:13:20.123456+01:00", 1_700_000_000),
        ("2023-11-14T22:13:20", 1_700_000_000),
        *((value, None) for value in (-1, float("inf"), float("nan"), "soon", None, True, [], "9999-99-99", "")),
    ],
)
def test_times_come_in_many_forms(value: Any, expected: int | None) -> None:
    found = moment(value)
    assert (found and int(found.timestamp())) == expected


@pytest.mark.parametrize("value", [1e300, 10**400, "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_no_time_is_too_odd(value: Any) -> None:
    found = moment(value)
    assert found is None or datetime(1970, 1, 1, tzinfo=UTC) <= found


def test_hidden_messages_are_left_out_and_their_children_belong_to_their_parents() -> None:
    mapping = {
        "root": {"parent": None, "message": None},
        "q": node("root", "user", "Hi"),
        "hidden": node("q", "assistant", "x", metadata={"is_visually_hidden_from_conversation": True}),
        "a": node("hidden", "assistant", "One", metadata={"model_slug": "gpt-4"}),
        "b": node("hidden", "assistant", "Two"),
    }
    found = read({"title": "T", "mapping": mapping, "current_node": "a"}).chat
    told = {key: (said["parentId"], said["content"]) for key, said in found["history"]["messages"].items()}
    assert told == {"q": (None, "Hi"), "a": ("q", "One"), "b": ("q", "Two")}
    assert found["history"]["currentId"] == "a"
    assert found["models"] == ["gpt-4"]


def test_a_mapping_that_makes_no_sense_is_read_as_far_as_it_does() -> None:
    mapping = {
        "x": node("y", "system", ""),
        "y": node("x", "system", ""),
        "q": node("x", "user", "in a ring of hidden ones"),
        "a": node("gone", "assistant", "without a parent"),
        "n": None,
        "m": {"parent": 5, "message": {"author": "?", "content": []}},
    }
    found = messages({"mapping": mapping, "current_node": ["?"]})
    assert {key: said["parentId"] for key, said in found.items()} == {"q": None, "a": None}


def test_code_files_and_speech_are_shown_as_text() -> None:
    picture = {"content_type": "image_asset_pointer", "asset_pointer": "x"}
    mapping = {
        "q": node(None, "user", picture, "What is this?", {"content_type": "audio_transcription", "text": "Say"}),
        "c": node("q", "assistant", content={"content_type": "code", "language": "python", "text": "1 + 1"}),
        "t": node("c", "tool", content={"content_type": "execution_output", "text": "2"}),
    }
    told = [said["content"] for said in messages({"mapping": mapping}).values()]
    assert told == ["[image]\n\nWhat is this?\n\nSay", "```python\n1 + 1\n```", "```\n2\n```"]


def test_claudes_files_are_kept_and_double_ids_are_two_messages() -> None:
    said = [
        {"uuid": "1", "sender": "human", "text": "Look", "attachments": [{"file_name": "a", "extracted_content": "b"}]},
        {"uuid": "1", "sender": "assistant", "content": [{"type": "text", "text": "Yes"}], "text": "other"},
        {"uuid": "3", "sender": "assistant", "text": " "},
        "?",
    ]
    first, second = messages({"chat_messages": said}).values()
    assert first["content"] == "Look\n\n[a]\n\n```\nb\n```"
    assert (second["content"], second["parentId"]) == ("Yes", "1")


def test_claudes_branches_are_kept_where_it_tells_of_them() -> None:
    said = [
        {"uuid": "1", "sender": "human", "text": "Hi", "parent_message_uuid": "0000"},
        {"uuid": "2", "sender": "assistant", "text": "One", "parent_message_uuid": "1"},
        {"uuid": "3", "sender": "assistant", "text": "Two", "parent_message_uuid": "1"},
    ]
    assert [item["parentId"] for item in messages({"chat_messages": said}).values()] == [None, "1", "1"]


def test_old_exports_of_the_contract_have_the_chats_alone() -> None:
    found = read({"title": "T", "timestamp": 1_700_000_000_000, "history": {"messages": {}}})
    assert (found.chat["title"], found.created_at) == ("T", datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC))


def test_what_is_no_chat_is_none() -> None:
    assert to_incoming({"mapping": []}) is None
    assert to_incoming({"chat": "x"}) is None


def test_a_block_of_code_is_ended_by_nothing_in_it() -> None:
    assert fenced("```\nx\n```") == "````\n```\nx\n```\n````"

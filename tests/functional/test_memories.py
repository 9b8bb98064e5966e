from __future__ import annotations

from typing import Any

import pytest

from tests.support import Client, counted_statements

MEMORIES = "/api/v1/memories"


def add(person: Client, content: str) -> dict[str, Any]:
    return person.post(f"{MEMORIES}/add", {"content": content}, status=200).json


def contents(person: Client) -> list[str]:
    return [item["content"] for item in person.get(f"{MEMORIES}/", status=200).json]


def found(person: Client, content: str, **more: Any) -> list[str]:
    (documents,) = person.post(f"{MEMORIES}/query", {"content": content, **more}, status=200).json["documents"]
    return documents


def test_a_memory_is_added_changed_and_deleted(admin: Client) -> None:
    memory = add(admin, "Lives in Bern")
    assert set(memory) == {"id", "user_id", "content", "updated_at", "created_at"}
    assert memory["user_id"] == admin.user["id"]
    address = f"{MEMORIES}/{memory['id']}"

    assert (
        admin.post(f"{address}/update", {"content": "Lives in Basel"}, status=200).json["content"] == "Lives in Basel"
    )
    assert admin.post(f"{address}/update", {}, status=200).json["content"] == "Lives in Basel"
    assert contents(admin) == ["Lives in Basel"]

    assert admin.delete(address, status=200).json is True
    assert contents(admin) == []
    assert admin.delete(address).status_int == 404


def test_memories_are_listed_in_the_order_in_which_they_came(admin: Client) -> None:
    for number in range(5):
        add(admin, f"{number}")
    assert contents(admin) == ["0", "1", "2", "3", "4"]
    with counted_statements(admin.registry.database.engine) as statements:
        contents(admin)
    assert len([text for text in statements if text.startswith("SELECT")]) == 2


def test_anothers_memory_and_a_missing_one_get_the_same_answer(users: Client) -> None:
    user, other = users.sign_up(), users.sign_up()
    memory = add(user, "Likes bridges")
    for memory_id in (memory["id"], "missing"):
        for answer in (
            other.post(f"{MEMORIES}/{memory_id}/update", {"content": "x"}),
            other.delete(f"{MEMORIES}/{memory_id}"),
        ):
            assert (answer.status_int, answer.json["detail"]) == (404, "Memory not found")
    assert other.delete(f"{MEMORIES}/delete/user", status=200).json is True
    assert other.post(f"{MEMORIES}/query", {"content": "bridges"}).status_int == 404
    assert contents(user) == ["Likes bridges"]


def test_all_memories_are_forgotten_at_once(admin: Client) -> None:
    for number in range(3):
        add(admin, f"{number}")
    assert admin.delete(f"{MEMORIES}/delete/user", status=200).json is True
    assert contents(admin) == []


def test_a_query_finds_the_memories_that_share_most_words(admin: Client) -> None:
    for content in ("The user lives in Bern", "The user likes BRIDGES", "The user likes bridges in Bern", "Ölpreis"):
        add(admin, content)
    assert found(admin, "bridges bern", k=2) == ["The user likes bridges in Bern", "The user likes BRIDGES"]
    assert found(admin, "ÖLPREIS?") == ["Ölpreis"]
    assert found(admin, "the weather", k=10) == [
        *("The user likes BRIDGES", "The user lives in Bern", "The user likes bridges in Bern"),
    ]
    assert found(admin, "nothing of that") == []
    assert found(admin, "...") == []


def test_a_query_finds_words_of_scripts_without_spaces(admin: Client) -> None:
    for content in ("我喜欢喝绿茶", "我住在北京", "東京タワーが好き", "서울에서 살아요", "Python を使う"):
        add(admin, content)
    for wanted, content in (
        ("绿茶多少钱", "我喜欢喝绿茶"),
        ("北京天气", "我住在北京"),
        ("タワー", "東京タワーが好き"),
        ("서울 날씨", "서울에서 살아요"),
        ("\uff30\uff39\uff34\uff28\uff2f\uff2e", "Python を使う"),
    ):
        assert found(admin, wanted) == [content]


def test_a_result_has_the_form_of_a_vector_search(admin: Client) -> None:
    memory = add(admin, "Prefers metric units")
    answer = admin.post(f"{MEMORIES}/query", {"content": "prefers metric units", "k": None}, status=200).json
    assert answer == {
        "ids": [[memory["id"]]],
        "documents": [["Prefers metric units"]],
        "metadatas": [[{"created_at": memory["created_at"]}]],
        "distances": [[1.0]],
    }


def test_a_query_without_any_memory_says_so(admin: Client) -> None:
    answer = admin.post(f"{MEMORIES}/query", {"content": "x"})
    assert (answer.status_int, answer.json) == (404, {"detail": "No memories found for user"})


def test_a_reset_loses_nothing(admin: Client) -> None:
    add(admin, "Lives in Bern")
    assert admin.post(f"{MEMORIES}/reset", None, status=200).json is True
    assert found(admin, "bern") == ["Lives in Bern"]


def test_strangers_get_an_empty_vector_and_nothing_else(admin: Client) -> None:
    stranger = Client(admin.app)
    assert stranger.get(f"{MEMORIES}/ef", status=200).json == {"result": []}
    assert stranger.get(f"{MEMORIES}/").status_int == 401
    assert stranger.post(f"{MEMORIES}/add", {"content": "x"}).status_int == 401


@pytest.mark.parametrize(
    "body",
    [{"content": ""}, {"content": "x" * 10_001}, {"content": "a\0b"}, {"content": 5}, {"content": ["x"]}, {}, [], None],
    ids=lambda body: str(body)[:20],
)
def test_what_is_no_memory_is_refused(admin: Client, body: Any) -> None:
    assert admin.post(f"{MEMORIES}/add", body).status_int == 422
    assert admin.post(f"{MEMORIES}/query", body).status_int == 422
    memory = add(admin, "\U0001f309" * 10_000)
    if body != {}:
        assert admin.post(f"{MEMORIES}/{memory['id']}/update", body).status_int == 422
    assert contents(admin) == ["\U0001f309" * 10_000]


@pytest.mark.parametrize("k", [0, -1, 1001, "many", 1.5])
def test_a_query_has_a_bound(admin: Client, k: Any) -> None:
    assert admin.post(f"{MEMORIES}/query", {"content": "x", "k": k}).status_int == 422

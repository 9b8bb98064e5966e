from __future__ import annotations

from urllib.parse import urlencode

import pytest

from tests.functional.chats.support import act, new_chat, statements_of_get
from tests.support import Client, conversation, message

ADDRESS = "/api/v1/chats/search"


def create(person: Client, title: str, *texts: str) -> str:
    messages = [message(f"m{number}", content=text) for number, text in enumerate(texts)]
    return person.post("/api/v1/chats/new", conversation(*messages, title=title), status=200).json["id"]


def search(person: Client, text: str, **params: object) -> list[dict]:
    return person.get(ADDRESS, params={"text": text, **params}, status=200).json


def found(person: Client, text: str, **params: object) -> list[str]:
    return [line["title"] for line in search(person, text, **params)]


def test_a_chat_is_found_by_its_title_or_a_message(admin: Client) -> None:
    create(admin, "Baking", "How do I make sourdough?", "With patience.")
    create(admin, "Sourdough and rye", "sourdough")
    create(admin, "Cats")
    in_title, in_message = search(admin, "SOURdough")
    assert (in_title["title"], in_title["message_id"], in_title["snippet"]) == ("Sourdough and rye", None, None)
    assert in_message["title"] == "Baking"
    assert (in_message["message_id"], in_message["snippet"]) == ("m0", "How do I make sourdough?")
    assert set(in_message) == {"id", "title", "updated_at", "created_at", "message_id", "snippet"}


def test_titles_come_first_then_the_newest(admin: Client) -> None:
    for title, text in (("One cat", ""), ("Dogs", "a cat"), ("Two cats", ""), ("Birds", "the cat")):
        create(admin, title, text)
    assert found(admin, "cat") == ["Two cats", "One cat", "Birds", "Dogs"]


def test_the_newest_fitting_message_is_shown_with_what_surrounds_it(admin: Client) -> None:
    before, after = "word " * 100, " text" * 100
    create(admin, "Chat", "a needle", f"{before}needle\n\n{after}", "nothing")
    [hit] = search(admin, "needle")
    assert hit["message_id"] == "m1"
    assert hit["snippet"].startswith("…")
    assert "word needle text" in hit["snippet"]
    assert hit["snippet"].endswith("…")
    assert len(hit["snippet"]) < 200


@pytest.mark.parametrize(
    "text", ["漢", "漢字", "漢字は", "c#", "Ärger", "ärger", "ΣΟΦΟΣ", "σοφος", "😀", "שלום", "100%"]
)
def test_short_words_other_scripts_and_signs_are_found(admin: Client, text: str) -> None:
    create(admin, "Fits", "日本の漢字は C# und Ärger, σοφός? ΣΟΦΟΣ! 😀 שלום 100% \\")
    create(admin, "Fits not", "Arger 日本 1000 #c")
    assert found(admin, text) == ["Fits"]


@pytest.mark.parametrize(
    "text", ["AND", '"', "a OR b", "NEAR(", "*", "' OR 1", "%", "_", "\\", "x" * 10_000, "{a} : -b"]
)
def test_what_is_typed_is_taken_literally(admin: Client, text: str) -> None:
    create(admin, "Other", "plain")
    assert found(admin, text) == []
    create(admin, "Fits", f"so {text} so")
    assert found(admin, text) == ["Fits"]


def test_what_cannot_be_searched_for_is_refused(admin: Client) -> None:
    assert admin.get(f"{ADDRESS}?text=a%00b").status_int == 400
    assert admin.get(ADDRESS).status_int == 422
    assert admin.get(ADDRESS, params={"text": "x" * 10_001}).status_int == 422
    assert admin.get(f"{ADDRESS}?text=a&page=0").status_int == 422


def test_without_a_text_all_chats_are_listed(admin: Client) -> None:
    create(admin, "Old")
    create(admin, "New")
    assert found(admin, "") == found(admin, "  ") == ["New", "Old"]


def test_there_are_sixty_on_a_page(admin: Client) -> None:
    titles = [f"Chat {number}" for number in range(65)]
    for title in titles:
        create(admin, title, "word")
    for text in ("word", "chat", ""):
        assert found(admin, text) + found(admin, text, page=2) == titles[::-1]
        assert len(found(admin, text, page=1)) == 60
        assert found(admin, text, page=3) == []


def test_filters_stand_among_the_words(admin: Client) -> None:
    chats = {title: create(admin, title, "a word") for title in ("Plain", "Pinned", "Archived", "Shared")}
    act(admin, chats["Pinned"], "pin")
    act(admin, chats["Archived"], "archive")
    act(admin, chats["Shared"], "share")
    for text, titles in {
        "word": ["Shared", "Pinned", "Plain"],
        "archived:false": ["Shared", "Pinned", "Plain"],
        "archived:true word": ["Archived"],
        "a pinned:true word": ["Pinned"],
        "pinned:false shared:false": ["Plain"],
        "SHARED:True": ["Shared"],
        "shared:true pinned:true": [],
        "pinned:nonsense a word": ["Shared", "Pinned", "Plain"],
    }.items():
        assert sorted(found(admin, text)) == sorted(titles), text


def test_chats_are_found_by_all_of_the_tags(admin: Client) -> None:
    chats = {title: create(admin, title, "word") for title in ("None", "One", "Both")}
    for title, tag in (("One", "Work"), ("Both", "Work"), ("Both", "to do")):
        act(admin, chats[title], "tags", {"name": tag})
    assert sorted(found(admin, "tag:work")) == ["Both", "One"]
    assert found(admin, "tag:WORK tag:to_do word") == ["Both"]
    assert found(admin, "word tag:none") == ["None"]
    assert found(admin, "tag:unknown") == []
    assert found(admin, " ".join(f"tag:{number}" for number in range(1000))) == []


def test_chats_are_found_by_the_folder_and_those_in_it(admin: Client) -> None:
    parent = admin.post("/api/v1/folders/", {"name": "My Docs"}, status=200).json["id"]
    child = admin.post("/api/v1/folders/", {"name": "Old"}, status=200).json["id"]
    admin.post(f"/api/v1/folders/{child}/update/parent", {"parent_id": parent}, status=200)
    for title, folder in (("In", parent), ("Below", child), ("Out", None)):
        act(admin, create(admin, title, "word"), "folder", {"folder_id": folder})
    assert sorted(found(admin, "folder:my_docs")) == ["Below", "In"]
    assert found(admin, "folder:OLD word") == ["Below"]
    assert found(admin, "folder:unknown word") == []


def test_nobody_finds_anything_of_another(users: Client) -> None:
    ada, bob = users.sign_up(), users.sign_up()
    create(ada, "Secret", "word")
    act(ada, create(ada, "Tagged", "word"), "tags", {"name": "mine"})
    for text in ("secret", "word", "", "tag:mine", "tag:none word"):
        assert found(bob, text) == []
    create(bob, "Mine", "word")
    assert found(bob, "word") == ["Mine"]
    assert sorted(found(ada, "word")) == ["Secret", "Tagged"]


def test_what_is_in_the_trash_is_not_found_until_it_is_restored(admin: Client) -> None:
    chat_id = create(admin, "Title", "kept", "gone")
    admin.post(f"/api/v1/chats/{chat_id}", conversation(message("m0", content="kept")), status=200)
    assert (found(admin, "gone"), found(admin, "kept")) == ([], ["A chat"])
    admin.delete(f"/api/v1/chats/{chat_id}", status=200)
    assert found(admin, "kept") == []


def test_a_search_is_a_few_statements(admin: Client) -> None:
    for number in range(3):
        new_chat(admin, message("q", content="word"), title=f"word {number}")
    for text, most in (
        ("word", 4),
        ("a long word", 5),
        ("", 2),
        ("tag:a tag:b pinned:true word", 3),
        ("folder:a word", 4),
    ):
        assert len(statements_of_get(admin, f"{ADDRESS}?{urlencode({'text': text})}")) <= most


@pytest.mark.parametrize("text", ["\ud7ff", "a\ud7ff", "\U0010ffff", "\U0010ffff\U0010ffff", '"', "\n"])
def test_the_last_characters_of_unicode_are_looked_for_as_any(admin: Client, text: str) -> None:
    assert admin.get("/api/v1/chats/search?" + urlencode({"text": text}), status=200).json == []

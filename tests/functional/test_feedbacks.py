from __future__ import annotations

from typing import Any

import pytest

from tests.support import Client, counted_statements
from webui.models import Feedback, Role, User, utcnow

API = "/api/v1/evaluations"
DATA = {
    **{"rating": 1, "model_id": "m", "sibling_model_ids": ["n"], "reason": "accurate", "comment": "ok"},
    **{"tags": ["general"], "details": {"rating": 9}},
}
META = {"arena": False, "chat_id": "c", "message_id": "a", "base_models": {"m": None}}
SNAPSHOT = {"chat": {"title": "T", "chat": {"history": {}}}, "more": [1]}
FORM = {"type": "rating", "data": DATA, "meta": META, "snapshot": SNAPSHOT}


@pytest.fixture
def people(make_client) -> tuple[Client, Client, Client]:  # type: ignore[no-untyped-def]
    client = make_client(ENABLE_SIGNUP="true", DEFAULT_USER_ROLE="user")
    return client.sign_up(name="Zoe"), client.sign_up(name="bob"), client.sign_up(name="Cy")


def give(person: Client, **data: Any) -> dict[str, Any]:
    return person.post(f"{API}/feedback", {**FORM, "data": {**DATA, **data}}, status=200).json


def rate(person: Client, winner: str, *losers: str, **data: Any) -> dict[str, Any]:
    return give(person, model_id=winner, sibling_model_ids=list(losers), **data)


def ids(answer: list[dict[str, Any]]) -> list[str]:
    return [item["id"] for item in answer]


def reads(statements: list[str]) -> int:
    return len([text for text in statements if not text.startswith(("BEGIN", "PRAGMA")) and "settings" not in text])


def test_a_feedback_is_created_read_changed_and_deleted(people: tuple[Client, ...]) -> None:
    _, bob, _ = people
    created = bob.post(f"{API}/feedback", FORM, status=200).json
    times = {name: created[name] for name in ("id", "created_at", "updated_at")}
    assert created == {**FORM, **times, "user_id": bob.user["id"], "version": 0}
    assert bob.get(f"{API}/feedback/{created['id']}", status=200).json == created

    change = {"type": "rating", "data": {"rating": "-1", "own": {"x": None}}, "meta": None}
    changed = bob.post(f"{API}/feedback/{created['id']}", change, status=200).json
    assert (changed["data"], changed["meta"], changed["snapshot"]) == (change["data"], META, SNAPSHOT)
    assert bob.get(f"{API}/feedback/{created['id']}").json == changed

    assert bob.delete(f"{API}/feedback/{created['id']}", status=200).json is True
    assert bob.get(f"{API}/feedback/{created['id']}").status_int == 404


def test_a_type_alone_is_enough(people: tuple[Client, ...]) -> None:
    created = people[1].post(f"{API}/feedback", {"type": "rating", "unknown": 1}, status=200).json
    assert (created["data"], created["meta"], created["snapshot"]) == (None, None, None)
    assert "unknown" not in created


WAYS = {
    "read": lambda person, found: person.get(f"{API}/feedback/{found}"),
    "update": lambda person, found: person.post(f"{API}/feedback/{found}", {"type": "other"}),
    "delete": lambda person, found: person.delete(f"{API}/feedback/{found}"),
}


@pytest.mark.parametrize("way", WAYS)
def test_owners_and_administrators_get_to_a_feedback_and_nobody_else(people: tuple[Client, ...], way: str) -> None:
    admin, bob, cy = people
    for person, status in ((admin, 200), (bob, 200), (cy, 404)):
        feedback = give(bob)
        answer = WAYS[way](person, feedback["id"])
        assert answer.status_int == status
        if status == 404:
            assert answer.json == WAYS[way](person, "missing").json
            assert bob.get(f"{API}/feedback/{feedback['id']}").json == feedback


ADMINISTRATORS_ALONE = ("feedbacks/all", "feedbacks/all/ids", "feedbacks/all/export", "feedbacks/list", "leaderboard")


def test_the_lists_of_everybody_are_the_administrators(people: tuple[Client, ...]) -> None:
    admin, bob, _ = people
    for path in ADMINISTRATORS_ALONE:
        for person, status in ((admin, 200), (bob, 401), (Client(admin.app), 401)):
            assert person.get(f"{API}/{path}").status_int == status, path
    assert bob.delete(f"{API}/feedbacks/all").status_int == 401


def test_a_pending_user_gives_no_feedback(make_client) -> None:  # type: ignore[no-untyped-def]
    client = make_client(ENABLE_SIGNUP="true", DEFAULT_USER_ROLE="pending")
    client.sign_up()
    pending = client.sign_up()
    assert pending.user["role"] == "pending"
    for answer in (
        pending.post(f"{API}/feedback", FORM),
        pending.get(f"{API}/feedbacks/user"),
        pending.delete(f"{API}/feedbacks"),
        pending.get(f"{API}/feedback/x"),
    ):
        assert answer.status_int == 401


def test_lists_have_the_last_changed_first_and_no_conversation(people: tuple[Client, ...]) -> None:
    admin, bob, cy = people
    first, second, third = give(bob), give(cy), give(bob)
    bob.post(f"{API}/feedback/{first['id']}", {"type": "rating"}, status=200)
    expected = [first["id"], third["id"], second["id"]]
    everything = admin.get(f"{API}/feedbacks/all", status=200).json
    assert ids(everything) == expected
    assert everything[1] == {name: value for name, value in third.items() if name != "snapshot"}
    assert ids(admin.get(f"{API}/feedbacks/all/ids").json) == expected
    assert set(admin.get(f"{API}/feedbacks/all/ids").json[0]) == {"id", "user_id", "created_at", "updated_at"}
    own = bob.get(f"{API}/feedbacks/user", status=200).json
    assert ids(own) == [first["id"], third["id"]]
    assert all("snapshot" not in item and item["user"] is None for item in own)


def test_a_page_has_the_authors(people: tuple[Client, ...]) -> None:
    admin, bob, _ = people
    feedback = give(bob)
    page = admin.get(f"{API}/feedbacks/list", status=200).json
    author = page["items"][0].pop("user")
    assert page == {"items": [{name: value for name, value in feedback.items() if name != "snapshot"}], "total": 1}
    assert {name: author[name] for name in ("id", "name", "email", "role")} == {
        name: bob.user[name] for name in ("id", "name", "email", "role")
    }
    assert author["last_active_at"] == author["updated_at"] >= author["created_at"]


ORDERS = {
    "": "abcd"[::-1],
    "?order_by=strange&direction=sideways": "dcba",
    "?order_by=updated_at&direction=asc": "abcd",
    # Equal ones keep one order, by their ids: see the test of paging.
    "?order_by=username&direction=asc": "bca",
    "?order_by=username": "acb",
    "?order_by=model_id&direction=asc": "dcab",
    "?order_by=model_id&direction=desc": "bacd",
    "?order_by=rating&direction=asc": "dc",
}


@pytest.mark.parametrize("query", ORDERS)
def test_pages_are_ordered(people: tuple[Client, ...], query: str) -> None:
    zoe, bob, cy = people
    given = {
        "a": give(zoe, model_id="x", rating=1),
        "b": give(bob, model_id="ä", rating="1"),
        "c": give(cy, model_id="X", rating=-1),
        "d": bob.post(f"{API}/feedback", {"type": "rating"}, status=200).json,
    }
    names = {feedback["id"]: name for name, feedback in given.items()}
    found = "".join(names[item["id"]] for item in zoe.get(f"{API}/feedbacks/list{query}").json["items"])
    if "username" in query:  # b and d are of the same person
        found = found.replace("d", "")
    assert found.startswith(ORDERS[query])


def fill(client: Client, user_id: str, count: int) -> None:
    now = utcnow()
    with client.registry.database.begin() as db:
        db.add_all(
            Feedback(
                id=f"{number:04}",
                user_id=user_id,
                version=0,
                type="rating",
                data={"model_id": "m", "rating": 1, "sibling_model_ids": ["n"]},
                updated_at=now,
            )
            for number in range(count)
        )


def test_paging_tells_every_feedback_once(people: tuple[Client, ...]) -> None:
    admin, bob, _ = people
    fill(admin, bob.user["id"], 65)
    for query in ("?", "?order_by=username&", "?order_by=rating&direction=asc&", "?direction=asc&"):
        pages = [admin.get(f"{API}/feedbacks/list{query}page={number}", status=200).json for number in (1, 2, 3, 4)]
        assert [(len(page["items"]), page["total"]) for page in pages] == [(30, 65), (30, 65), (5, 65), (0, 65)]
        found = [item["id"] for page in pages for item in page["items"]]
        assert sorted(found, reverse="asc" in query) == found == list(dict.fromkeys(found))
    assert admin.get(f"{API}/feedbacks/list").json["items"] != []


@pytest.mark.parametrize("page", ["0", "-1", "x", "99999999999999999999"])
def test_a_page_that_is_none_is_refused(people: tuple[Client, ...], page: str) -> None:
    assert people[0].get(f"{API}/feedbacks/list?page={page}").status_int == 422


def test_an_export_has_everything_in_one_order(people: tuple[Client, ...]) -> None:
    admin, bob, _ = people
    assert admin.get(f"{API}/feedbacks/all/export").json == []
    fill(admin, bob.user["id"], 41)
    last = give(bob)
    answer = admin.get(f"{API}/feedbacks/all/export", status=200)
    assert answer.content_type == "application/json"
    assert ids(answer.json) == [last["id"], *(f"{number:04}" for number in range(41))]
    assert answer.json[0] == last


def test_deleting_all_of_ones_own_leaves_others_and_administrators_delete_all(people: tuple[Client, ...]) -> None:
    admin, bob, cy = people
    give(bob), give(bob)
    kept = give(cy)
    assert bob.delete(f"{API}/feedbacks", status=200).json is True
    assert ids(admin.get(f"{API}/feedbacks/all").json) == [kept["id"]]
    assert admin.delete(f"{API}/feedbacks/all", status=200).json is True
    assert admin.get(f"{API}/feedbacks/all").json == []


def test_feedback_goes_with_its_author(people: tuple[Client, ...]) -> None:
    admin, bob, _ = people
    give(bob)
    with admin.registry.database.begin() as db:
        db.delete(db.get_one(User, bob.user["id"]))
    assert admin.get(f"{API}/feedbacks/list").json == {"items": [], "total": 0}


REFUSED = (
    {},
    {"type": ""},
    {"type": None},
    {"type": 1},
    {"type": "x", "data": []},
    {"type": "x", "data": {"rating": {}}},
    {"type": "x", "data": {"rating": 1.5}},
    {"type": "x", "data": {"model_id": 1}},
    {"type": "x", "data": {"sibling_model_ids": "m"}},
    {"type": "x", "data": {"sibling_model_ids": [None]}},
    {"type": "x", "data": {"sibling_model_ids": ["m"] * 101}},
    {"type": "x", "meta": "x"},
    {"type": "x", "snapshot": {"chat": "x"}},
    {"type": "x", "meta": {"a": ["\0"]}},
    {"type": "x", "snapshot": {"\0": 1}},
    [],
)


def test_what_is_no_feedback_is_refused(people: tuple[Client, ...]) -> None:
    admin, bob, _ = people
    kept = give(bob)
    for wrong in REFUSED:
        assert bob.post(f"{API}/feedback", wrong).status_int == 422, wrong
        assert bob.post(f"{API}/feedback/{kept['id']}", wrong).status_int == 422, wrong
    assert ids(admin.get(f"{API}/feedbacks/all").json) == [kept["id"]]


@pytest.mark.parametrize(("feedback_id", "status"), [("a%20b", 404), ("a%2Fb", 404), ("%00", 400), ("x" * 256, 422)])
def test_a_strange_id_is_no_feedback(people: tuple[Client, ...], feedback_id: str, status: int) -> None:
    assert people[0].get(f"{API}/feedback/{feedback_id}").status_int == status


def test_a_conversation_of_megabytes_is_kept_and_one_without_bounds_is_not(people: tuple[Client, ...]) -> None:
    _, bob, _ = people
    large = {**FORM, "snapshot": {"chat": {"text": "x" * 2_000_000}}}
    created = bob.post(f"{API}/feedback", large, status=200).json
    assert bob.get(f"{API}/feedback/{created['id']}").json["snapshot"] == large["snapshot"]
    assert bob.post(f"{API}/feedback", {**FORM, "comment": "x" * (33 << 20)}).status_int == 413


def test_the_leaderboard_follows_the_comparisons(people: tuple[Client, ...]) -> None:
    admin, bob, cy = people
    rate(bob, "good", "bad", tags=["code", "code"])
    rate(cy, "good", "bad", "other", rating="1", tags=["prose"])
    rate(cy, "bad", "good", rating=-1)
    rate(bob, "alone")
    rate(bob, "good", "bad", rating=None)
    rate(bob, "good", "bad", rating=0)
    bob.post(f"{API}/feedback", {"type": "rating"}, status=200)
    entries = admin.get(f"{API}/leaderboard", status=200).json["entries"]
    assert [(entry["model_id"], entry["won"], entry["lost"], entry["count"]) for entry in entries] == [
        ("good", 4, 0, 4),
        ("other", 0, 1, 1),
        ("bad", 0, 3, 3),
    ]
    assert entries[0]["rating"] > 1000 > entries[1]["rating"] > entries[2]["rating"]
    assert entries[0]["top_tags"] == [{"tag": "code", "count": 1}, {"tag": "prose", "count": 1}]
    assert entries[1]["top_tags"] == []


def test_the_leaderboard_of_a_tag(people: tuple[Client, ...]) -> None:
    admin, bob, _ = people
    rate(bob, "a", "b", tags=["code"])
    rate(bob, "b", "a", tags="code")
    bob.post(f"{API}/feedback", {**FORM, "data": {**DATA, "tags": None}, "meta": {"tags": ["code", 1]}}, status=200)
    entries = admin.get(f"{API}/leaderboard?tag=code", status=200).json["entries"]
    assert [(entry["model_id"], entry["won"]) for entry in entries] == [("a", 1), ("m", 1), ("b", 0), ("n", 0)]
    assert admin.get(f"{API}/leaderboard?tag=none").json == {"entries": []}


def test_reading_takes_two_statements_however_much_there_is(people: tuple[Client, ...]) -> None:
    admin, bob, _ = people
    feedback = give(bob)
    fill(admin, bob.user["id"], 100)
    lists = ("feedbacks/all", "feedbacks/all/ids", "feedbacks/list", "feedbacks/list?page=9", "leaderboard")
    for path in (*lists, "feedbacks/user", f"feedback/{feedback['id']}"):
        with counted_statements(admin.registry.database.engine) as statements:
            admin.get(f"{API}/{path}", status=200)
        assert reads(statements) == 2, path
        if path in lists:
            assert "snapshot" not in "".join(statements)


def test_administrators_count_as_such_only_while_they_are(people: tuple[Client, ...]) -> None:
    admin, bob, cy = people
    feedback = give(bob)
    with admin.registry.database.begin() as db:
        db.get_one(User, cy.user["id"]).role = Role.ADMIN
    assert cy.get(f"{API}/feedback/{feedback['id']}").status_int == 200

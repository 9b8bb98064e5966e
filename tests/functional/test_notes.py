from __future__ import annotations

import json
from typing import Any

import pytest
import sqlalchemy as sa

from tests.support import Client, counted_statements
from tests.support_models import granted
from webui.models import Note

NOTES = "/api/v1/notes"
SHARING = {
    "ENABLE_SIGNUP": "true",
    "DEFAULT_USER_ROLE": "user",
    "USER_PERMISSIONS_NOTES_ALLOW_SHARING": "true",
    "USER_PERMISSIONS_NOTES_ALLOW_PUBLIC_SHARING": "true",
}


def create(person: Client, title: str = "Shopping", text: str = "- one", **more: Any) -> dict[str, Any]:
    data = {"content": {"md": text, "html": f"<p>{text}</p>", "json": None}}
    return person.post(f"{NOTES}/create", {"title": title, "data": data, **more}, status=200).json


def titles(person: Client, query: str = "") -> list[str]:
    return [note["title"] for note in person.get(f"{NOTES}/{query}", status=200).json]


def search(person: Client, **query: Any) -> list[str]:
    answer = person.get(f"{NOTES}/search", params=query, status=200).json
    assert answer["total"] == len(answer["items"])
    return [note["title"] for note in answer["items"]]


@pytest.fixture
def people(make_client) -> tuple[Client, Client, Client]:
    """An administrator, and two users who may share."""
    client = make_client(**SHARING)
    return client.sign_up(name="Ada"), client.sign_up(name="Bob"), client.sign_up(name="Cleo")


def test_a_note_comes_back_as_it_was_stored(admin: Client) -> None:
    data = {
        "content": {"md": "# é", "json": {"deep": [1, 2.5, None]}},
        "versions": [],
        "files": None,
        "mine": {"x": []},
    }
    stored = create(admin, data=data, meta={"color": "red"}, access_control={"read": {"user_ids": ["u"]}})
    assert stored["data"] == data
    assert stored["meta"] == {"color": "red"}
    assert stored["access_control"] == {"read": {"user_ids": ["u"]}}
    assert stored["user_id"] == admin.user["id"]
    assert len(str(stored["created_at"])) == len("1795387191068162396")
    assert admin.get(f"{NOTES}/{stored['id']}", status=200).json == stored | {"write_access": True}


def test_a_note_with_a_title_alone_is_its_owners(admin: Client) -> None:
    stored = admin.post(f"{NOTES}/create", {"title": ""}, status=200).json
    assert (stored["data"], stored["meta"], stored["access_control"]) == (None, None, {})
    assert search(admin, query="x") == []
    assert search(admin) == titles(admin) == [""]


def test_an_update_merges_data_and_meta_and_leaves_what_is_not_sent(admin: Client) -> None:
    stored = create(admin, meta={"a": 1}, access_control={"read": {"user_ids": ["u"]}})
    sent = {"title": "New", "data": {"versions": [1]}, "meta": {"b": 2}}
    changed = admin.post(f"{NOTES}/{stored['id']}/update", sent, status=200).json
    assert changed == {
        **stored,
        "title": "New",
        "data": {**stored["data"], "versions": [1]},
        "meta": {"a": 1, "b": 2},
        "updated_at": changed["updated_at"],
    }
    assert changed["updated_at"] > stored["updated_at"]
    again = admin.post(f"{NOTES}/{stored['id']}/update", {"title": "Newer", "data": None}, status=200).json
    assert again == {**changed, "title": "Newer", "updated_at": again["updated_at"]}
    cleared = admin.post(f"{NOTES}/{stored['id']}/update", {"title": "Newer", "access_control": None}, status=200).json
    assert cleared["access_control"] is None


def test_a_deleted_note_is_gone(admin: Client) -> None:
    address = f"{NOTES}/{create(admin)['id']}"
    assert admin.delete(f"{address}/delete", status=200).json is True
    for answer in (
        admin.get(address),
        admin.post(f"{address}/update", {"title": "x"}),
        admin.delete(f"{address}/delete"),
    ):
        assert answer.status_int == 404


def test_the_list_has_sixty_notes_a_page_the_last_changed_first(admin: Client) -> None:
    notes = [create(admin, f"Note {number}") for number in range(62)]
    admin.post(f"{NOTES}/{notes[0]['id']}/update", {"title": "Changed"}, status=200)
    expected = ["Changed", *(f"Note {number}" for number in range(61, 0, -1))]
    assert titles(admin) == expected
    assert titles(admin, "?page=1") == expected[:60]
    assert titles(admin, "?page=2") == expected[60:]
    assert titles(admin, "?page=3") == []
    first = admin.get(f"{NOTES}/?page=1").json[1]
    assert set(first) == {"id", "title", "data", "updated_at", "created_at", "user"}
    assert first["data"] == notes[61]["data"]
    assert first["user"] == {name: admin.user[name] for name in ("id", "name", "role", "email")}

    second = admin.get(f"{NOTES}/search?query=note&page=2", status=200).json
    assert ([note["title"] for note in second["items"]], second["total"]) == (["Note 1"], 61)
    beyond = admin.get(f"{NOTES}/search?page=9", status=200).json
    assert beyond == {"items": [], "total": 62}


def test_a_search_looks_into_titles_and_texts_without_regard_to_case(admin: Client) -> None:
    create(admin, "Äpfel", "- ROT")
    create(admin, "Bridge plan", "Straße über den Fluss, 100 %_")
    create(admin, "笔记", "我喜欢喝绿茶")
    assert search(admin, query="äPFEL") == search(admin, query="rot") == ["Äpfel"]
    assert search(admin, query="STRASSE") == search(admin, query="%_") == ["Bridge plan"]
    assert search(admin, query="绿茶") == search(admin, query=" 笔 ") == ["笔记"]
    assert search(admin, query="<p>") == []


def test_a_search_is_ordered_as_asked(admin: Client) -> None:
    notes = [create(admin, title) for title in ("b", "Ä", "a", "C")]
    admin.post(f"{NOTES}/{notes[0]['id']}/update", {"title": "b"}, status=200)
    assert search(admin) == search(admin, order_by="updated_at", direction="desc") == ["b", "C", "a", "Ä"]
    assert search(admin, order_by="created_at", direction="asc") == ["b", "Ä", "a", "C"]
    assert search(admin, order_by="title", direction="asc") == ["a", "b", "C", "Ä"]
    assert search(admin, order_by="title") == ["Ä", "C", "b", "a"]
    assert search(admin, order_by="; drop table notes", direction="up", view_option="x", permission="y") == search(
        admin
    )


def test_who_may_read_and_who_may_change(people: tuple[Client, ...]) -> None:
    _, user, other = people
    notes = {
        "private": create(user, "private"),
        "strangers": create(user, "strangers", access_control={"read": {"user_ids": [f"x{other.user['id']}"]}}),
        "read": create(user, "read", access_control=granted(other)),
        "public": create(user, "public", access_control=None),
        "write": create(user, "write", access_control=granted(other, kind="write")),
    }
    create(other, "own")
    assert titles(other) == search(other) == ["own", "write", "public", "read"]
    assert search(other, view_option="created") == ["own"]
    assert search(other, view_option="shared") == ["write", "public", "read"]
    assert search(other, permission="write") == ["own", "write"]
    assert search(other, permission="write", view_option="shared") == ["write"]
    assert search(user, view_option="shared") == []
    for name, read, write in (
        ("private", 404, 404),
        ("strangers", 404, 404),
        ("read", 200, 403),
        ("public", 200, 403),
        ("write", 200, 200),
    ):
        address = f"{NOTES}/{notes[name]['id']}"
        answer = other.get(address)
        assert answer.status_int == read, name
        assert answer.json.get("write_access", False) is (write == 200), name
        assert other.post(f"{address}/update", {"title": name}).status_int == write, name
        assert other.delete(f"{address}/delete").status_int == write, name


ODD_RULES = (
    *({"read": {"user_ids": ids}} for ids in ("ME", {"ME": 1}, ["xME"], ["MEx"], ["x", "ME"], [5, None], [])),
    *({kind: rules} for kind in ("read", "write") for rules in (None, [], "ME", {}, {"group_ids": ["ME"]})),
    *({"owner": {"user_ids": ["ME"]}}, {"write": {"user_ids": ["ME"]}}, {"user_ids": ["ME"]}, {}, None),
)


def test_lists_grant_what_reading_grants_whatever_the_rules_look_like(people: tuple[Client, ...]) -> None:
    _, user, other = people
    rules = [json.loads(json.dumps(each).replace("ME", other.user["id"])) for each in ODD_RULES]
    with user.registry.database.begin() as db:
        owner = user.user["id"]
        db.add_all(Note(id=f"{n}", user_id=owner, title=f"{n}", access_control=each) for n, each in enumerate(rules))
    readable = {f"{n}" for n in range(len(rules)) if other.get(f"{NOTES}/{n}").status_int == 200}
    writable = {f"{n}" for n in readable if other.get(f"{NOTES}/{n}").json["write_access"]}
    assert set(titles(other)) == set(search(other)) == readable
    assert set(search(other, permission="write")) == writable
    assert (len(readable), len(writable)) == (3, 1)


def test_anothers_note_and_a_missing_one_get_the_same_answer(people: tuple[Client, ...]) -> None:
    _, user, other = people
    private = create(user)["id"]
    for call in (
        lambda note_id: other.get(f"{NOTES}/{note_id}"),
        lambda note_id: other.post(f"{NOTES}/{note_id}/update", {"title": "x"}),
        lambda note_id: other.delete(f"{NOTES}/{note_id}/delete"),
    ):
        anothers, missing = call(private), call("missing")
        assert (anothers.status_int, anothers.json) == (missing.status_int, missing.json)


@pytest.mark.parametrize(("bypass", "status"), [("true", 200), ("false", 404)])
def test_administrators_reach_a_note_by_its_id_but_their_lists_are_their_own(
    make_client, bypass: str, status: int
) -> None:
    client = make_client(**SHARING, BYPASS_ADMIN_ACCESS_CONTROL=bypass)
    admin, user = client.sign_up(), client.sign_up()
    address = f"{NOTES}/{create(user)['id']}"
    assert titles(admin) == search(admin) == []
    assert admin.get(address).status_int == status
    assert admin.post(f"{address}/update", {"title": "x"}).status_int == status
    assert admin.delete(f"{address}/delete").status_int == status


def test_sharing_takes_a_permission_and_publishing_another(users: Client) -> None:
    user, other = users.sign_up(), users.sign_up()
    note = create(user)
    assert note["access_control"] == {}
    for rules in (granted(other), None):
        assert user.post(f"{NOTES}/create", {"title": "x", "access_control": rules}).status_int == 403
        refused = user.post(f"{NOTES}/{note['id']}/update", {"title": "x", "access_control": rules})
        assert refused.status_int == 403
    assert titles(other) == []
    assert titles(user) == ["Shopping"]


def test_without_the_permission_there_are_no_notes(make_client) -> None:
    client = make_client(ENABLE_SIGNUP="true", DEFAULT_USER_ROLE="user", USER_PERMISSIONS_FEATURES_NOTES="false")
    admin, user = client.sign_up(), client.sign_up()
    note = create(admin, access_control=None)
    assert titles(admin) == ["Shopping"]
    assert {answer.status_int for answer in every_call(user, note["id"])} == {401}


def test_notes_can_be_switched_off(make_client) -> None:
    admin = make_client(ENABLE_NOTES="false").sign_up()
    for answer in every_call(admin, "x"):
        assert answer.status_int == 403
        assert "notes.enable" in answer.json["detail"]


def every_call(person: Client, note_id: str) -> list[Any]:
    return [
        person.get(f"{NOTES}/"),
        person.get(f"{NOTES}/search"),
        person.get(f"{NOTES}/{note_id}"),
        person.post(f"{NOTES}/create", {"title": "x"}),
        person.post(f"{NOTES}/{note_id}/update", {"title": "x"}),
        person.delete(f"{NOTES}/{note_id}/delete"),
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        *({"title": title} for title in (None, 5, "x" * 1001, "a\0b")),
        *({"data": data} for data in ([], "text", {"content": {"md": "a\0b"}}, {"a\0b": 1})),
        *({"meta": meta} for meta in ([], 5)),
        *({"access_control": rules} for rules in ([], "all", {"read": {"user_ids": "all"}}, {"write": []})),
    ],
    ids=lambda wrong: str(wrong)[:40],
)
def test_what_cannot_be_stored_is_refused(admin: Client, wrong: dict[str, Any]) -> None:
    assert admin.post(f"{NOTES}/create", {"title": "x"} | wrong).status_int == 422
    note = create(admin)
    assert admin.post(f"{NOTES}/{note['id']}/update", {"title": "x"} | wrong).status_int == 422
    assert admin.get(f"{NOTES}/{note['id']}").json == note | {"write_access": True}


def test_a_note_has_a_bound_also_when_it_grows_bit_by_bit(admin: Client) -> None:
    half = "x" * (1024 * 1024 + 1)
    note = admin.post(f"{NOTES}/create", {"title": "x", "data": {"a": half}}, status=200).json
    refused = admin.post(f"{NOTES}/{note['id']}/update", {"title": "x", "data": {"b": half}})
    assert refused.status_int == 422
    assert "at most" in refused.json["detail"][0]["msg"]
    assert list(admin.get(f"{NOTES}/{note['id']}").json["data"]) == ["a"]
    assert admin.post(f"{NOTES}/create", {"title": "x", "data": {"a": half + half}}).status_int == 422
    assert admin.post_raw(f"{NOTES}/create", b" " * (8 * 1024 * 1024 + 1)).status_int == 413


@pytest.mark.parametrize("text", [5, None, ["x"], {"md": "x"}, "", "\ud7ff", '"quoted"'])
def test_content_that_is_not_text_is_kept_and_does_not_keep_others_from_being_found(admin: Client, text: Any) -> None:
    stored = create(admin, "odd", data={"content": {"md": text}})
    assert stored["data"] == {"content": {"md": text}}
    create(admin, "data is no content", data={"content": "flat"})
    create(admin, "good", "needle")
    assert search(admin, query="needle") == ["good"]


@pytest.mark.parametrize("query", ["page=0", "page=x", "page=99999999999"])
def test_a_page_that_is_none_is_refused(admin: Client, query: str) -> None:
    assert admin.get(f"{NOTES}/?{query}").status_int == 422
    assert admin.get(f"{NOTES}/search?{query}").status_int == 422


def test_lists_take_as_many_statements_however_many_notes_there_are(people: tuple[Client, ...]) -> None:
    _, user, other = people
    for number in range(5):
        create(user, f"{number}", access_control=granted(other))
    for path, count in (("/", 2), ("/?page=1", 2), ("/search?query=o", 3)):
        with counted_statements(other.registry.database.engine) as statements:
            assert len(json.loads(other.get(f"{NOTES}{path}", status=200).body)) > 0
        assert len([text for text in statements if text.startswith("SELECT")]) == count


@pytest.mark.parametrize("path", ["/", "/?page=2", "/search?query=x", "/search?permission=write"])
def test_lists_look_at_ones_own_and_at_shared_notes_alone(admin: Client, path: str) -> None:
    engine, seen = admin.registry.database.engine, []
    note = sa.event.listens_for(engine, "before_cursor_execute")
    note(lambda _connection, _cursor, statement, parameters, *_: seen.append((statement, parameters)))
    admin.get(f"{NOTES}{path}", status=200)
    statement, parameters = next(each for each in seen if "access_control" in each[0])
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            plan = list(connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters))
        else:
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")  # as for a table that is large
            plan = list(connection.exec_driver_sql(f"EXPLAIN {statement}", parameters))
    text = "\n".join(row[-1] for row in plan)
    assert "ix_notes_user_id" in text
    assert "ix_notes_shared" in text
    assert "Seq Scan" not in text

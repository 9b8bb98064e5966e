from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
import sqlalchemy as sa
from webtest import TestApp

from tests.functional.runs.support import END, chunk, follow, start
from tests.support import Client, conversation, counted_statements, message
from tests.support_upstream import Answer, scripted_upstream
from webui.models import Chat, Folder
from webui.services import folders

FOLDERS = "/api/v1/folders/"


def create(person: Client, name: str, parent: str | None = None, **fields: Any) -> str:
    folder_id: str = person.post(FOLDERS, {"name": name, **fields}, status=200).json["id"]
    if parent is not None:
        move(person, folder_id, parent, status=200)
    return folder_id


def move(person: Client, folder_id: str, parent: str | None, **options: Any) -> Any:
    return person.post(f"{FOLDERS}{folder_id}/update/parent", {"parent_id": parent}, **options)


def new_chat(person: Client, folder_id: str | None = None, title: str = "A chat") -> str:
    chat_id: str = person.post("/api/v1/chats/new", conversation(message("q"), title=title), status=200).json["id"]
    if folder_id is not None:
        person.post(f"/api/v1/chats/{chat_id}/folder", {"folder_id": folder_id}, status=200)
    return chat_id


def parents(person: Client) -> dict[str, str | None]:
    return {line["id"]: line["parent_id"] for line in person.get(FOLDERS, status=200).json}


def twin(person: Client) -> Client:
    """The same person in a second tab."""
    return Client(TestApp(person.app.app), person.token, person.user)


def test_a_folder_comes_back_with_its_settings(admin: Client) -> None:
    data = {"system_prompt": "Be brief.", "files": [{"id": "f"}], "theirs": [1]}
    made = admin.post(FOLDERS, {"name": "  Work ", "data": data, "meta": {"icon": "bag", "theirs": 1}}, status=200).json
    assert made["name"] == "Work"
    assert (made["data"], made["meta"]) == (data, {"icon": "bag", "theirs": 1})
    assert (made["parent_id"], made["is_expanded"], made["items"]) == (None, False, None)
    assert made["user_id"] == admin.user["id"]
    assert admin.get(f"{FOLDERS}{made['id']}", status=200).json == made


def test_the_list_has_all_levels_without_settings_the_oldest_first(admin: Client) -> None:
    work = create(admin, "Work", meta={"icon": "bag", "theirs": 1}, data={"system_prompt": "x"})
    inner = create(admin, "Inner", parent=work, meta={"icon": 7})
    lines = admin.get(FOLDERS, status=200).json
    assert [(line["id"], line["parent_id"], line["meta"]) for line in lines] == [
        (work, None, {"icon": "bag"}),
        (inner, work, {"icon": None}),
    ]
    assert set(lines[0]) == {"id", "name", "meta", "parent_id", "is_expanded", "created_at", "updated_at"}


def test_an_update_changes_what_it_names(admin: Client) -> None:
    work = create(admin, "Work", data={"system_prompt": "x", "files": []}, meta={"icon": "bag"})
    changed = admin.post(f"{FOLDERS}{work}/update", {"name": "Play", "data": {"system_prompt": "y"}}, status=200).json
    assert (changed["name"], changed["data"], changed["meta"]) == (
        "Play",
        {"system_prompt": "y", "files": []},
        {"icon": "bag"},
    )
    assert admin.post(f"{FOLDERS}{work}/update", {}, status=200).json["name"] == "Play"
    assert admin.post(f"{FOLDERS}{work}/update/expanded", {"is_expanded": True}, status=200).json["is_expanded"] is True


@pytest.mark.parametrize("name", ["", "  ", "x" * 256, "a\nb", None, 7])
def test_a_name_that_is_none_is_refused(admin: Client, name: Any) -> None:
    assert admin.post(FOLDERS, {"name": name}).status_int == 422


def test_a_name_stands_once_in_a_place_whatever_its_case(admin: Client) -> None:
    work, play = create(admin, "Ärzte"), create(admin, "Play")
    assert admin.post(FOLDERS, {"name": "ärzte "}).status_int == 400
    assert admin.post(f"{FOLDERS}{play}/update", {"name": "ÄRZTE"}).status_int == 400
    assert admin.post(f"{FOLDERS}{work}/update", {"name": "ärzte"}).json["name"] == "ärzte"
    inner = create(admin, "Ärztekammer", parent=play)
    assert admin.post(f"{FOLDERS}{inner}/update", {"name": "Ärzte"}, status=200)
    assert move(admin, inner, None).status_int == 400


def test_a_folder_is_moved_with_what_is_in_it_and_never_into_itself(admin: Client) -> None:
    top, middle, bottom = create(admin, "top"), create(admin, "middle"), create(admin, "bottom")
    move(admin, middle, top, status=200)
    move(admin, bottom, middle, status=200)
    for target in (top, middle, bottom):
        assert move(admin, top, target).status_int == 400
    assert parents(admin) == {top: None, middle: top, bottom: middle}
    assert move(admin, middle, None, status=200).json["parent_id"] is None


def test_folders_do_not_stand_in_one_another_without_end(admin: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "MAX_DEPTH", 3)
    first = create(admin, "1")
    second = create(admin, "2", parent=first)
    other = create(admin, "a")
    inner = create(admin, "b", parent=other)
    assert move(admin, other, second).status_int == 400
    move(admin, inner, second, status=200)
    assert move(admin, other, inner).status_int == 400


def test_nobody_has_folders_without_end(admin: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "MAX_FOLDERS", 1)
    create(admin, "1")
    assert admin.post(FOLDERS, {"name": "2"}).status_int == 400


def test_two_moves_at_once_make_no_cycle(admin: Client) -> None:
    one, two = create(admin, "one"), create(admin, "two")
    for _ in range(8):
        together = Barrier(2)

        def put(person: Client, folder_id: str, parent: str, together: Barrier = together) -> int:
            together.wait()
            return move(person, folder_id, parent).status_int

        with ThreadPoolExecutor(2) as pool:
            answers = pool.submit(put, admin, one, two), pool.submit(put, twin(admin), two, one)
        assert sorted(answer.result() for answer in answers) == [200, 400]
        assert sorted(parents(admin).values(), key=str) in ([one, None], [None, one], [two, None], [None, two])
        for folder_id in (one, two):
            move(admin, folder_id, None, status=200)


def test_two_folders_of_one_name_at_once_are_one(admin: Client) -> None:
    together = Barrier(2)

    def make(person: Client) -> int:
        together.wait()
        return person.post(FOLDERS, {"name": "Work"}).status_int

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(make, [admin, twin(admin)])) == [200, 400]


def test_the_chats_of_a_folder_come_ten_a_page_the_newest_first(admin: Client) -> None:
    work = create(admin, "Work")
    made = [new_chat(admin, work, f"Chat {number}") for number in range(12)]
    inner = create(admin, "Inner", parent=work)
    inside = new_chat(admin, inner)
    address = f"/api/v1/chats/folder/{work}"
    first, second = (admin.get(f"{address}/list?page={page}", status=200).json for page in (1, 2))
    assert [line["id"] for line in first + second] == made[::-1]
    assert admin.get(f"{address}/list").json == first
    assert len(first) == 10
    assert set(first[0]) == {"title", "id", "updated_at"}
    assert admin.get(f"{address}/list?page=0").status_int == 422
    whole = admin.get(address, status=200)
    assert whole.content_type == "application/json"
    assert [chat["id"] for chat in whole.json] == [inside, *made[::-1]]
    assert whole.json[0] == admin.get(f"/api/v1/chats/{inside}").json
    assert admin.get("/api/v1/chats/?page=1").json == []


def test_a_chat_is_put_into_a_folder_and_taken_out_again(admin: Client) -> None:
    work, chat_id = create(admin, "Work"), new_chat(admin)
    with admin.registry.database.begin() as db:
        db.execute(sa.update(Chat).values(pinned=True))
    address = f"/api/v1/chats/{chat_id}/folder"
    moved = admin.post(address, {"folder_id": work}, status=200).json
    assert (moved["folder_id"], moved["pinned"]) == (work, False)
    assert admin.post(address, {}, status=200).json["folder_id"] is None
    assert admin.get(f"/api/v1/chats/folder/{work}").json == []
    assert admin.post(address, {"folder_id": "no-such-folder"}).status_int == 400
    assert admin.post("/api/v1/chats/no-such-chat/folder", {"folder_id": work}).status_int == 401


def test_a_deleted_folder_takes_those_in_it_along_and_leaves_the_chats_in_the_trash(admin: Client) -> None:
    work, other = create(admin, "Work"), create(admin, "Other")
    inner = create(admin, "Inner", parent=work)
    chats = [new_chat(admin, work), new_chat(admin, inner)]
    kept = new_chat(admin, other)
    assert admin.delete(f"{FOLDERS}{work}", status=200).json is True
    assert parents(admin) == {other: None}
    assert [admin.get(f"/api/v1/chats/{chat_id}").status_int for chat_id in (*chats, kept)] == [401, 401, 200]
    with admin.registry.database.begin(write=False) as db:
        trash = db.execute(sa.select(Chat.id, Chat.folder_id).where(Chat.deleted_at.is_not(None))).all()
    assert sorted(trash) == sorted((chat_id, None) for chat_id in chats)


def test_the_chats_of_a_deleted_folder_can_be_kept(admin: Client) -> None:
    work = create(admin, "Work")
    chat_id = new_chat(admin, create(admin, "Inner", parent=work))
    admin.delete(f"{FOLDERS}{work}?delete_contents=false", status=200)
    assert [line["id"] for line in admin.get("/api/v1/chats/?page=1").json] == [chat_id]


def test_a_chat_that_is_put_into_a_folder_while_that_is_deleted_is_never_nowhere(admin: Client) -> None:
    for number in range(6):
        work, chat_id = create(admin, f"Work {number}"), new_chat(admin)
        with ThreadPoolExecutor(2) as pool:
            body = {"folder_id": work}
            moved = pool.submit(twin(admin).post, f"/api/v1/chats/{chat_id}/folder", body)
            deleted = pool.submit(admin.delete, f"{FOLDERS}{work}")
        assert deleted.result().status_int == 200
        with admin.registry.database.begin(write=False) as db:
            chat = db.execute(sa.select(Chat.folder_id, Chat.deleted_at).where(Chat.id == chat_id)).one()
        assert chat.folder_id is None
        assert (chat.deleted_at is not None) == (moved.result().status_int == 200)


def test_a_new_chat_goes_into_its_folder_and_into_none_of_others(users: Client) -> None:
    ada, bob = users.sign_up(), users.sign_up()
    body = {**conversation(message("q")), "folder_id": create(ada, "Work")}
    assert ada.post("/api/v1/chats/new", body, status=200).json["folder_id"] == body["folder_id"]
    assert bob.post("/api/v1/chats/new", body).status_int == 400


def test_who_may_not_delete_chats_deletes_no_folder_with_chats(make_client) -> None:  # type: ignore[no-untyped-def]
    client = make_client(ENABLE_SIGNUP="true", DEFAULT_USER_ROLE="user", USER_PERMISSIONS_CHAT_DELETE="false")
    client.sign_up()
    user = client.sign_up()
    work = create(user, "Work")
    chat_id = new_chat(user, create(user, "Inner", parent=work))
    assert user.delete(f"{FOLDERS}{work}").status_int == 403
    assert len(parents(user)) == 2
    user.delete(f"{FOLDERS}{work}?delete_contents=false", status=200)
    user.get(f"/api/v1/chats/{chat_id}", status=200)
    user.delete(f"{FOLDERS}{create(user, 'Empty')}", status=200)


def test_the_list_is_refused_where_folders_are_off_or_not_permitted(make_client) -> None:  # type: ignore[no-untyped-def]
    allowed = make_client(ENABLE_SIGNUP="true", DEFAULT_USER_ROLE="user", USER_PERMISSIONS_FEATURES_FOLDERS="false")
    admin, user = allowed.sign_up(), allowed.sign_up()
    assert [person.get(FOLDERS).status_int for person in (admin, user)] == [200, 403]
    off = make_client(ENABLE_FOLDERS="false")
    assert Client(off.app, admin.token).get(FOLDERS).status_int == 403


def test_nobody_gets_to_another_persons_folder(users: Client) -> None:
    ada, bob = users.sign_up(), users.sign_up()
    hers, his = create(ada, "Hers"), create(bob, "His")
    chat_id, own = new_chat(ada, hers), new_chat(bob)

    def attempts(folder_id: str) -> list[tuple[int, bytes]]:
        address = f"{FOLDERS}{folder_id}"
        answers = [
            bob.get(address),
            bob.post(f"{address}/update", {"name": "Mine"}),
            move(bob, folder_id, None),
            move(bob, his, folder_id),
            bob.post(f"{address}/update/expanded", {"is_expanded": True}),
            bob.delete(address),
            bob.get(f"/api/v1/chats/folder/{folder_id}"),
            bob.get(f"/api/v1/chats/folder/{folder_id}/list"),
            bob.post(f"/api/v1/chats/{own}/folder", {"folder_id": folder_id}),
            bob.post(f"/api/v1/chats/{chat_id}/folder", {"folder_id": his}),
        ]
        return [(answer.status_int, answer.body) for answer in answers]

    before = ada.get(f"{FOLDERS}{hers}").json
    assert attempts(hers) == attempts("no-such-folder")
    assert [status for status, _ in attempts(hers)] == [404, 404, 404, 400, 404, 404, 200, 200, 400, 401]
    assert ada.get(f"{FOLDERS}{hers}").json == before
    assert ada.get(f"/api/v1/chats/{chat_id}").json["folder_id"] == hers
    assert list(parents(bob)) == [his]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("", b'{"name": "a\\u0000"}'),
        ("", b'{"name": "a", "data": {"system_prompt": "\\u0000"}}'),
        ("", b'{"name": "a", "data": []}'),
        ("x/update", b'{"meta": {"\\u0000": 1}}'),
        ("x/update/parent", b'{"parent_id": 7}'),
        ("x/update/expanded", b"{}"),
    ],
)
def test_a_body_that_does_not_fit_is_refused(admin: Client, path: str, body: bytes) -> None:
    assert admin.post_raw(FOLDERS + path, body).status_int == 422
    assert parents(admin) == {}


def test_a_read_takes_two_statements_however_many_folders_there_are(admin: Client) -> None:
    work = create(admin, "Work")
    with admin.registry.database.begin() as db:
        now = db.scalar(sa.select(Folder.created_at))
        own = {"user_id": admin.user["id"], "is_expanded": False, "created_at": now, "updated_at": now}
        rows = [{**own, "id": f"f{number}", "parent_id": work, "name": f"{number}"} for number in range(200)]
        db.execute(sa.insert(Folder), rows)
    for path in (FOLDERS, f"{FOLDERS}{work}", f"/api/v1/chats/folder/{work}/list", f"/api/v1/chats/folder/{work}"):
        with counted_statements(admin.registry.database.engine) as statements:
            admin.get(path, status=200)
        assert len([text for text in statements if not text.startswith(("PRAGMA", "BEGIN"))]) == 2


def test_the_prompt_of_a_folder_is_said_to_the_models_in_it(make_client) -> None:  # type: ignore[no-untyped-def]
    with scripted_upstream() as upstream:
        upstream.offer("m").chat(Answer.events(chunk("x"), *END))
        client = make_client(OPENAI_API_BASE_URLS=f"{upstream.url}/v1")
        person = client.sign_up(name="Ada")
        work = create(person, "Work", data={"system_prompt": "You help {{USER_NAME}}."})
        asked = []
        for folder_id in (work, None):
            follow(
                person,
                start(
                    person,
                    new_chat(person, folder_id),
                    messages=[{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}],
                ),
            )
            asked.append(upstream.payload["messages"][0]["content"])
    assert asked == ["You help Ada.\nBe brief.", "Be brief."]

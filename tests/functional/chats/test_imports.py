"""Files of chats that are taken in, through the whole application."""

from __future__ import annotations

import asyncio
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from tests.functional.runs.support import eventually
from tests.support import Client, conversation, message
from webui.models import Chat, ChatImport, Job, Message, utcnow
from webui.runs import upkeep
from webui.services.trash import ERASED

FILE = "/api/v1/chats/import/file"


def row(title: str, **more: Any) -> dict[str, Any]:
    """A chat as the contract's export has it."""
    chat = conversation(message("q"), message("a", "q", role="assistant"), title=title)["chat"]
    return {"id": "old", "title": title, "chat": chat, "created_at": 1_700_000_000, "updated_at": 1_700_000_100, **more}


def zipped(name: str, content: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("user.json", b"{}")
        archive.writestr(name, content)
    return file.getvalue()


def send(person: Client, body: bytes | list[Any], kind: str = "application/json") -> str:
    """Upload a file; the import's id."""
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = person.post_raw(FILE, body, content_type=kind, status=202).json
    assert (answer["state"], answer["size"], answer["error"]) == ("running", len(body), None)
    import_id: str = answer["id"]
    return import_id


def end(person: Client, import_id: str) -> dict[str, Any]:
    """The import once it is over and nothing of its file is left."""

    def over() -> Any:
        state = person.get(f"/api/v1/chats/imports/{import_id}", status=200).json
        return state if state["state"] != "running" and not jobs_left(person) else None

    found: dict[str, Any] = eventually(over)
    assert not list((person.registry.webui_settings["data_dir"] / "imports").iterdir())
    return found


def jobs_left(person: Client) -> int | None:
    with person.registry.database.reader() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(Job).where(Job.failed_at.is_(None)))


def imported(person: Client, body: bytes | list[Any], kind: str = "application/json") -> dict[str, Any]:
    state = end(person, send(person, body, kind))
    assert (state["state"], state["error"]) == ("done", None)
    assert state["offset"] == state["size"]
    assert state["finished_at"]
    return state


def stored(person: Client) -> list[str]:
    """The ids of all chats but those that are being erased."""
    with person.registry.database.reader() as connection:
        find = sa.select(Chat.id).where(Chat.deleted_at.is_(None) | (Chat.deleted_at > ERASED))
        return list(connection.scalars(find))


def refused(person: Client, body: bytes | list[Any]) -> str:
    """The reason why nothing was taken in."""
    state = end(person, send(person, body))
    assert (state["state"], state["chats"]) == ("failed", 0)
    assert not stored(person)
    error: str = state["error"]
    return error


def chats(person: Client) -> list[dict[str, Any]]:
    return person.get("/api/v1/chats/all", status=200).json


def test_the_contracts_import_keeps_what_is_given_and_answers_the_chats(admin: Client) -> None:
    folder = admin.post("/api/v1/folders/", {"name": "Work"}, status=200).json["id"]
    given = {"meta": {"tags": ["Home Work"]}, "pinned": True, "folder_id": folder}
    body = {"chats": [{**row("One"), **given}, {"chat": row("Two")["chat"], "folder_id": "another's"}]}
    first, second = admin.post("/api/v1/chats/import", body, status=200).json
    assert (first["title"], first["pinned"], first["folder_id"]) == ("One", True, folder)
    assert (first["created_at"], first["updated_at"]) == (1_700_000_000, 1_700_000_100)
    assert first["meta"] == {"tags": ["home_work"]}
    assert first["id"] != "old"
    assert list(first["chat"]["history"]["messages"]) == ["q", "a"]
    assert (second["title"], second["pinned"], second["folder_id"], second["meta"]) == ("Two", False, None, {})
    assert [tag["id"] for tag in admin.get("/api/v1/chats/all/tags").json] == ["home_work"]


def test_the_contracts_import_is_all_or_nothing(admin: Client) -> None:
    ring = conversation(message("a", "b"), message("b", "a"))["chat"]
    answer = admin.post("/api/v1/chats/import", {"chats": [row("One"), {"chat": ring}]})
    assert answer.status_int == 422
    assert chats(admin) == []


@pytest.mark.parametrize("time", [-1, "soon", 1e300])
def test_the_contracts_import_refuses_times_that_are_none(admin: Client, time: Any) -> None:
    body = {"chats": [{**row("One"), "created_at": time}]}
    assert admin.post("/api/v1/chats/import", body).status_int == 422


def test_the_contracts_export_is_taken_in(admin: Client) -> None:
    state = imported(admin, [row("One", archived=True, meta={"tags": ["x"]}), row("Two", pinned=True)])
    assert state["chats"] == 2
    found = {chat["title"]: chat for chat in chats(admin)}
    assert found["One"]["archived"]
    assert found["One"]["meta"] == {"tags": ["x"]}
    assert found["Two"]["pinned"]
    assert found["Two"]["created_at"] == 1_700_000_000
    assert [said["id"] for said in found["Two"]["chat"]["messages"]] == ["q", "a"]
    assert admin.get("/api/v1/chats/imports").json == [state]


@pytest.mark.parametrize("name", ["conversations.json", "export/conversations-001.json", "chats.json"])
def test_a_zip_is_opened(admin: Client, name: str) -> None:
    body = zipped(name, json.dumps([row("One")]).encode())
    assert imported(admin, body, "application/zip")["chats"] == 1


def test_chatgpts_export_is_taken_in(admin: Client) -> None:
    def node(key: str, parent: str | None, role: str, text: str) -> dict[str, Any]:
        content = {"content_type": "text", "parts": [text]}
        said = {"author": {"role": role}, "content": content, "create_time": 1_700_000_000.5, "metadata": {}}
        return {"id": key, "message": said, "parent": parent, "children": []}

    mapping = {
        "root": {"id": "root", "message": None, "parent": None, "children": ["s"]},
        "s": node("s", "root", "system", ""),
        "q": node("q", "s", "user", "Hi"),
        "a": node("a", "q", "assistant", "Hello\x00 you"),
    }
    imported(admin, [{"title": "T", "create_time": 1.7e9, "mapping": mapping, "current_node": "a"}])
    (chat,) = chats(admin)
    history = chat["chat"]["history"]["messages"]
    assert (chat["title"], chat["created_at"]) == ("T", 1_700_000_000)
    assert [(said["role"], said["content"], said["parentId"]) for said in history.values()] == [
        ("user", "Hi", None),
        ("assistant", "Hello you", "q"),
    ]


def test_claudes_export_is_taken_in(admin: Client) -> None:
    said = [
        {"uuid": "1", "sender": "human", "text": "Hi", "created_at": "2024-01-02T03:04:05.678901Z", "content": []},
        {"uuid": "2", "sender": "assistant", "text": "", "content": [{"type": "text", "text": "Hello"}]},
    ]
    body = [{"uuid": "u", "name": "N", "created_at": "2024-01-02T03:04:05Z", "chat_messages": said}]
    imported(admin, zipped("conversations.json", json.dumps(body).encode()))
    (chat,) = chats(admin)
    assert (chat["title"], chat["created_at"]) == ("N", 1_704_164_645)
    assert [(item["role"], item["content"]) for item in chat["chat"]["messages"]] == [
        ("user", "Hi"),
        ("assistant", "Hello"),
    ]


def test_of_a_file_that_is_cut_off_nothing_stays(admin: Client) -> None:
    body = json.dumps([row(f"Chat {number}", note="x" * 20_000) for number in range(300)]).encode()
    reason = refused(admin, body[:-30_000])
    assert reason == f"The file is cut off (at byte {len(body) - 30_000}, in chat 299)."


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"hello", "begins with neither [ nor {"),
        (b"42", "begins with neither [ nor {"),
        (b"[1, 2]", "An object was expected here (at byte 1, in chat 1)"),
        (b'[{"a": 1}]', "Open WebUI, and the archive of this server (at byte 1, in chat 1)"),
        (b'[{"chat": {}}, {"chat": {}]', "This is not JSON"),
        (b'[{"chat": {}}] and more', "something behind the end"),
        (b'[{"chat": {"title": "\xff"}}]', "not UTF-8"),
        (b'[{"chat": {"title": NaN}}]', "NaN is not JSON"),
        (b"[" + b'{"a":' * 1000, "more than 100 brackets"),
        (b"[" * 10_000_000, "An object was expected here"),
        (b'[{"chat": ' + b"[" * 10_000_000, "more than 100 brackets"),
        (b"PK\x03\x04 no archive", "The archive is damaged"),
        (zipped("else.json", b"[]"), "neither a chats.json nor a conversations.json"),
        (zipped("chats.json", b" " * 20_000_000), "would unpack to more than 200 times"),
    ],
    ids=range(14),
)
def test_a_file_of_another_kind_is_refused_with_a_reason(admin: Client, body: bytes, reason: str) -> None:
    assert reason in refused(admin, body)


def test_a_chat_whose_messages_are_a_ring_is_named(admin: Client) -> None:
    ring = conversation(message("a", "b"), message("b", "a"))
    assert "own ancestor (at byte" in refused(admin, [row("One"), ring])


def test_nobody_sees_an_import_of_somebody_else(users: Client) -> None:
    ada, bob = users.sign_up(), users.sign_up()
    state = imported(ada, [row("One")])
    address = f"/api/v1/chats/imports/{state['id']}"
    missing = bob.get("/api/v1/chats/imports/no-such")
    for answer in (bob.get(address), bob.delete(address)):
        assert (answer.status_int, answer.body) == (missing.status_int, missing.body) == (404, missing.body)
    assert bob.get("/api/v1/chats/imports").json == chats(bob) == []
    assert ada.delete(address).json is True
    assert ada.get("/api/v1/chats/imports").json == []
    assert len(chats(ada)) == 1


def test_a_form_an_empty_body_and_one_that_is_too_large_are_refused(make_client: Any) -> None:
    admin = make_client(WEBUI_MAX_IMPORT_SIZE="10KB").sign_up()
    assert admin.post_raw(FILE, b"x", content_type="multipart/form-data; boundary=b").status_int == 422
    assert admin.post_raw(FILE, b"").status_int == 422
    assert admin.post_raw(FILE, b"x" * 10_241).status_int == 413
    assert "larger than 10240 bytes when unpacked" in refused(admin, zipped("chats.json", b" " * 20_000))


def unseen(person: Client, import_id: str, *, chats: int, file: list[Any]) -> None:
    """An import as a process that was killed has left it, with its job still to be done."""
    path: Path = person.registry.webui_settings["data_dir"] / "imports" / import_id
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(file))
    user_id = person.user["id"]
    with person.registry.database.begin() as db:
        db.add(ChatImport(id=import_id, user_id=user_id, state="running", size=9, offset=0, chats=chats))
        db.flush()
        own = {"user_id": user_id, "archived": False, "pinned": False, "meta": {}, "data": {}, "import_id": import_id}
        for number in range(chats):
            db.add(Chat(id=f"{number}", title=f"Chat {number}", **own))
        db.flush()
        db.execute(
            sa.insert(Message), [{"chat_id": "0", "id": "m", "position": 0, "role": "user", "content": "", "data": {}}]
        )


def add_job(person: Client, import_id: str) -> None:
    jobs = person.registry.jobs
    with person.registry.database.begin() as db:
        jobs.add(db, "chat_import", {"import_id": import_id}, user_id=person.user["id"])
    jobs.wake()


def test_an_import_whose_process_was_killed_goes_on_where_it_was(admin: Client) -> None:
    unseen(admin, "i", chats=3, file=[row(f"Chat {number}") for number in range(10)])
    assert chats(admin) == []
    add_job(admin, "i")
    assert end(admin, "i")["chats"] == 10
    assert sorted(chat["title"] for chat in chats(admin)) == [f"Chat {number}" for number in range(10)]


def test_two_processes_at_one_import_double_nothing(make_client: Any) -> None:
    admin = make_client().sign_up()
    other = Client(make_client().app, admin.token, admin.user)
    unseen(admin, "i", chats=2, file=[row(f"Chat {number}") for number in range(250)])
    add_job(admin, "i")
    add_job(other, "i")
    assert end(admin, "i")["chats"] == 250
    assert len({chat["title"] for chat in chats(admin)}) == len(chats(admin)) == 250


def test_an_import_survives_a_server_that_stops_in_the_middle(make_client: Any) -> None:
    first = make_client().sign_up()
    import_id = send(first, [row(f"Chat {number}") for number in range(300)])
    eventually(lambda: first.get(f"/api/v1/chats/imports/{import_id}").json["chats"])
    first.registry.background.stop()
    second = Client(make_client().app, first.token, first.user)
    state = end(second, import_id)
    assert (state["state"], state["chats"], state["error"]) == ("done", 300, None)
    assert len({chat["title"] for chat in chats(second)}) == len(chats(second)) == 300


def test_cancelling_removes_what_was_stored(admin: Client) -> None:
    unseen(admin, "i", chats=150, file=[])
    assert admin.post_raw(FILE, b"[]").status_int == 409
    assert admin.delete("/api/v1/chats/imports/i", status=200).json is True
    assert end(admin, "i")["error"] == "It was cancelled."
    assert not stored(admin)
    imported(admin, [row("One")])


def test_an_import_that_ended_its_process_again_and_again_is_ended(admin: Client) -> None:
    unseen(admin, "i", chats=3, file=[row("One")])
    with admin.registry.database.begin() as db:
        db.add(Job(id="j", kind="chat_import", payload={"import_id": "i"}, attempts=3, failed_at=utcnow()))
    asyncio.run(upkeep.end_abandoned_imports(admin.registry.runs))
    assert "broke off several times" in end(admin, "i")["error"]
    assert not stored(admin)


def test_the_users_viewers_see_how_far_it_is(admin: Client) -> None:
    imported(admin, [row("One")])
    with admin.registry.database.reader() as connection:
        tables = sa.text("SELECT deltas FROM run_deltas")
        told = [json.loads(found) if isinstance(found, str) else found for found in connection.scalars(tables)]
    (last,) = told[-1]
    assert last["event"]["type"] == "import:progress"
    assert (last["event"]["data"]["state"], last["event"]["data"]["chats"]) == ("done", 1)

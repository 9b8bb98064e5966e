"""An archive of this server, made by one user and taken in by another, through the whole application."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest

from tests.functional.chats.test_exports import create
from tests.functional.chats.test_imports import chats, end, imported, row, send
from tests.support import Client, message

NAMES = ["folders", "tags", "prompts", "notes", "memories", "feedbacks"]


def fill(person: Client) -> None:
    """One of everything that an archive holds, and folders in one another."""
    outer = person.post("/api/v1/folders/", {"name": "Work", "data": {"system_prompt": "Be kind"}}, status=200).json
    inner = person.post("/api/v1/folders/", {"name": "Räume", "meta": {"icon": "X"}}, status=200).json
    person.post(f"/api/v1/folders/{inner['id']}/update/parent", {"parent_id": outer["id"]}, status=200)
    person.post(f"/api/v1/folders/{outer['id']}/update/expanded", {"is_expanded": True}, status=200)
    for title, folder in (("In", inner), ("Out", None)):
        chat_id = create(person, message("q"), title=title)
        person.post(f"/api/v1/chats/{chat_id}/tags", {"name": "Home Work"}, status=200)
        if folder:
            person.post(f"/api/v1/chats/{chat_id}/folder", {"folder_id": folder["id"]}, status=200)
    person.post("/api/v1/prompts/create", {"command": "/hi", "title": "Hi", "content": "Hello"}, status=200)
    note = {"title": "N", "data": {"content": {"md": "text"}}, "access_control": None}
    person.post("/api/v1/notes/create", note, status=200)
    person.post("/api/v1/memories/add", {"content": "likes tea"}, status=200)
    feedback = {"data": {"rating": 1, "more": 2}, "meta": {"message_id": "a"}, "snapshot": {"chat": {"title": "S"}}}
    person.post("/api/v1/evaluations/feedback", {"type": "rating", **feedback}, status=200)


def exported(person: Client) -> dict[str, Any]:
    """The archive's files by their names, without ``.json``."""
    body = person.get("/api/v1/chats/export", status=200).body
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        return {name.removesuffix(".json"): json.loads(archive.read(name)) for name in archive.namelist()}


def packed(content: dict[str, Any]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, value in content.items():
            archive.writestr(f"{name}.json", value if isinstance(value, bytes) else json.dumps(value))
    return file.getvalue()


def empty(**content: Any) -> dict[str, Any]:
    """An archive with nothing in it but this."""
    return {"manifest": {"format": "webui-archive"}, "chats": [], **content}


def without(rows: list[dict[str, Any]], *names: str) -> list[dict[str, Any]]:
    return [{key: value for key, value in item.items() if key not in ("id", "user_id", *names)} for item in rows]


def test_another_user_gets_everything_that_the_archive_holds(make_client: Any) -> None:
    client = make_client(
        ENABLE_SIGNUP="true", DEFAULT_USER_ROLE="user", USER_PERMISSIONS_WORKSPACE_PROMPTS_ACCESS="true"
    )
    admin, bob = client.sign_up(), client.sign_up()
    fill(admin)
    archive = exported(admin)
    admin.delete("/api/v1/prompts/command/hi/delete", status=200)
    assert imported(bob, packed(archive), "application/zip")["left_out"] == []
    found = exported(bob)
    for name in NAMES:
        assert len(found[name]) == len(archive[name]) > 0, name
        assert {item["id"] for item in found[name] if name not in ("tags", "prompts")}.isdisjoint(
            item.get("id") for item in archive[name]
        )
        moved = ("parent_id", "access_control")
        assert sorted(map(str, without(found[name], *moved))) == sorted(map(str, without(archive[name], *moved))), name
    folders = {item["name"]: item for item in found["folders"]}
    assert folders["Räume"]["parent_id"] == folders["Work"]["id"]
    assert {item["title"]: item["folder_id"] for item in chats(bob)} == {"In": folders["Räume"]["id"], "Out": None}
    assert [(tag["id"], tag["name"]) for tag in found["tags"]] == [("home_work", "Home Work")]
    assert found["notes"][0]["access_control"] == found["prompts"][0]["access_control"] == {}


def test_an_archive_that_is_taken_in_again_doubles_nothing_but_chats(admin: Client) -> None:
    fill(admin)
    before = exported(admin)
    state = imported(admin, admin.get("/api/v1/chats/export").body, "application/zip")
    assert state["left_out"] == [
        "1 prompt whose command is taken",
        "1 note that you have already",
        "1 memory that you have already",
        "1 feedback that you have already",
    ]
    after = exported(admin)
    assert {name: after[name] for name in NAMES} == {name: before[name] for name in NAMES}
    assert sorted((chat["title"], chat["folder_id"]) for chat in chats(admin) if chat["folder_id"]) == [
        (chat["title"], chat["folder_id"]) for chat in before["chats"] if chat["folder_id"] for _ in range(2)
    ]


def test_what_the_user_may_not_create_is_left_out_and_told(make_client: Any) -> None:
    switches = ("FEATURES_FOLDERS", "FEATURES_NOTES", "WORKSPACE_PROMPTS_ACCESS")
    denied = {f"USER_PERMISSIONS_{name}": "false" for name in switches}
    client = make_client(ENABLE_SIGNUP="true", DEFAULT_USER_ROLE="user", **denied)
    admin, bob = client.sign_up(), client.sign_up()
    fill(admin)
    state = imported(bob, packed(exported(admin)), "application/zip")
    assert state["left_out"] == [
        "2 folders that you may not create",
        "1 prompt that you may not create",
        "1 note that you may not create",
    ]
    found = exported(bob)
    assert found["folders"] == found["prompts"] == found["notes"] == []
    assert len(found["memories"]) == len(found["feedbacks"]) == 1
    assert {chat["folder_id"] for chat in chats(bob)} == {None}


@pytest.mark.parametrize("name", NAMES)
def test_of_an_archive_with_a_broken_file_nothing_stays(admin: Client, name: str) -> None:
    fill(admin)
    archive, before = exported(admin), exported(admin)
    admin.delete("/api/v1/memories/delete/user", status=200)
    broken = {**archive, name: json.dumps(archive[name])[:-20].encode()}
    state = end(admin, send(admin, packed(broken), "application/zip"))
    assert (state["state"], state["chats"], state["left_out"]) == ("failed", 0, [])
    assert state["error"].startswith(f"{name}.json: The file is cut off (at byte ")
    after = exported(admin)
    assert {**after, "manifest": None} == {**before, "memories": [], "manifest": None}


def test_rows_that_do_not_fit_are_left_out_one_by_one(admin: Client) -> None:
    content = empty(
        folders=[{"id": "a", "parent_id": "b", "name": "A"}, {"id": "b", "parent_id": "a", "name": "B"}, {"name": ""}],
        prompts=[{"command": "/a/b", "title": "T", "content": ""}, {"command": "/ok", "title": "T", "content": ""}],
        notes=[{"title": "N", "data": {"x": list(range(400_000))}}, {"title": 5}],
        memories=[{"content": "x" * 10_001}, {"content": "fits\0"}, {"content": "fits"}],
        feedbacks=[{"type": "rating", "data": {"sibling_model_ids": ["m"] * 101}}],
    )
    state = imported(admin, packed(content), "application/zip")
    assert sorted(state["left_out"]) == [
        "1 feedback with values that are not accepted",
        "1 folder with values that are not accepted",
        "1 memory that you have already",
        "1 memory with values that are not accepted",
        "1 prompt with values that are not accepted",
        "2 folders too many, too deep or in themselves",
        "2 notes with values that are not accepted",
    ]
    found = exported(admin)
    assert [item["content"] for item in found["memories"]] == ["fits"]
    assert [item["command"] for item in found["prompts"]] == ["/ok"]
    assert found["folders"] == found["notes"] == found["feedbacks"] == []


def test_folders_whose_names_were_exchanged_get_the_right_chats(admin: Client) -> None:
    first, second = (admin.post("/api/v1/folders/", {"name": name}, status=200).json["id"] for name in "AB")
    folders = [{"id": first, "name": "B"}, {"id": second, "name": "a"}]
    given = [row("In B", folder_id=first), row("In A", folder_id=second), row("In none", folder_id="gone")]
    imported(admin, packed(empty(folders=folders, chats=given)), "application/zip")
    assert {chat["title"]: chat["folder_id"] for chat in chats(admin)} == {
        "In B": second,
        "In A": first,
        "In none": None,
    }


def test_files_of_these_names_in_another_products_archive_are_not_ours(admin: Client) -> None:
    foreign = {"conversations": [row("One")], "memories": [{"content": "x"}], "manifest": b"{"}
    assert imported(admin, packed(foreign), "application/zip")["left_out"] == []
    assert exported(admin)["memories"] == []


def test_the_description_has_the_body_and_the_status_of_an_import(admin: Client) -> None:
    operation = admin.get("/openapi.json", status=200).json["paths"]["/api/v1/chats/import/file"]["post"]
    assert set(operation["requestBody"]["content"]) == {"application/json", "application/zip"}
    assert "202" in operation["responses"]
    assert "200" not in operation["responses"]

"""Files that people get of their chats, through the whole application."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any
from urllib.parse import unquote

import pytest

from tests.functional.chats.test_imports import chats, imported
from tests.support import Client, conversation, message


def create(person: Client, *messages: dict[str, Any], **fields: Any) -> str:
    chat_id: str = person.post("/api/v1/chats/new", conversation(*messages, **fields), status=200).json["id"]
    return chat_id


def export(person: Client, chat_id: str, kind: str) -> Any:
    return person.get(f"/api/v1/chats/{chat_id}/export?format={kind}", status=200)


@pytest.fixture
def chat_id(admin: Client) -> str:
    """A chat with two answers, of which its user looks at the second."""
    question = message("q", content="What is 2 < 3?")
    first = message("a", "q", role="assistant", content="First")
    second = message("b", "q", role="assistant", content="**True**", model="gpt")
    return create(admin, question, first, second, title="Größer\nals / 漢字")


def test_json_is_the_contracts_export(admin: Client, chat_id: str) -> None:
    answer = export(admin, chat_id, "json")
    assert answer.content_type == "application/json"
    assert answer.json == [admin.get(f"/api/v1/chats/{chat_id}").json]
    imported(admin, answer.body)
    assert len({json.dumps(chat["chat"]) for chat in chats(admin)}) == 1


def test_markdown_has_the_current_branch_with_speakers_as_headings(admin: Client, chat_id: str) -> None:
    answer = export(admin, chat_id, "markdown")
    assert answer.headers["Content-Type"] == "text/markdown; charset=utf-8"
    assert answer.body.decode() == (
        "# Größer als / 漢字\n\n## User\n\nWhat is 2 < 3?\n\n## Assistant (gpt)\n\n**True**\n"
    )


def test_plain_text_has_the_same(admin: Client, chat_id: str) -> None:
    expected = "Größer als / 漢字\n\nUser:\nWhat is 2 < 3?\n\nAssistant (gpt):\n**True**\n"
    assert export(admin, chat_id, "text").body.decode() == expected


def test_the_name_of_the_file_is_the_title_made_safe(admin: Client, chat_id: str) -> None:
    kind, plain, extended = export(admin, chat_id, "markdown").headers["Content-Disposition"].split("; ")
    assert (kind, plain) == ("attachment", 'filename="Gr__er_als _ __.md"')
    assert unquote(extended) == "filename*=UTF-8''Größer_als _ 漢字.md"


@pytest.mark.parametrize(
    ("title", "name"),
    [("../../etc/passwd", "_.._etc_passwd"), ('a"; x="b', "a_; x=_b"), ("...", "chat"), ("x" * 900, "x" * 80)],
)
def test_no_title_gets_out_of_the_name(admin: Client, title: str, name: str) -> None:
    answer = export(admin, create(admin, title=title), "text")
    assert f'filename="{name}.txt"' in answer.headers["Content-Disposition"]


def test_a_chat_is_a_pdf(admin: Client, chat_id: str) -> None:
    pytest.importorskip("fpdf", reason="the extra pdf is not installed")
    answer = export(admin, chat_id, "pdf")
    assert answer.content_type == "application/pdf"
    assert answer.body.startswith(b"%PDF-")


def test_nobody_exports_another_persons_chat(users: Client) -> None:
    ada, bob = users.sign_up(), users.sign_up()
    chat_id = create(ada, message("q"))
    foreign = bob.get(f"/api/v1/chats/{chat_id}/export")
    missing = bob.get("/api/v1/chats/no-such/export")
    assert (foreign.status_int, foreign.body) == (missing.status_int, missing.body) == (401, missing.body)


def test_exporting_may_be_forbidden_by_setting(make_client: Any) -> None:
    client = make_client(ENABLE_SIGNUP="true", DEFAULT_USER_ROLE="user", USER_PERMISSIONS_CHAT_EXPORT="false")
    admin, user = client.sign_up(), client.sign_up()
    for person, status in ((admin, 200), (user, 401)):
        assert person.get(f"/api/v1/chats/{create(person)}/export").status_int == status
        assert person.get("/api/v1/chats/export").status_int == status


def test_the_archive_has_everything_that_one_owns(users: Client) -> None:
    ada, bob = users.sign_up(), users.sign_up()
    create(bob, message("q"), title="Bob's")
    folder = ada.post("/api/v1/folders/", {"name": "Work"}, status=200).json["id"]
    create(ada, message("q"), title="One")
    ada.post(f"/api/v1/chats/{create(ada, title='Two')}/folder", {"folder_id": folder}, status=200)
    answer = ada.get("/api/v1/chats/export", status=200)
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="webui-archive.zip"')
    with zipfile.ZipFile(io.BytesIO(answer.body)) as archive:
        assert archive.testzip() is None
        content = {name: json.loads(archive.read(name)) for name in archive.namelist()}
    manifest = content.pop("manifest.json")
    assert (manifest["format"], manifest["version"], manifest["files"]) == ("webui-archive", 1, list(content))
    assert content["chats.json"] == chats(ada)
    assert [(item["id"], item["name"]) for item in content["folders.json"]] == [(folder, "Work")]
    assert content["notes.json"] == []


def test_an_archive_that_is_imported_gives_the_chats_back(admin: Client) -> None:
    create(admin, message("q"), message("a", "q", role="assistant", usage={"total": 3}), title="One", params={"x": 1})
    create(admin, message("q"), title="Two")
    before = titled(admin)
    archive = admin.get("/api/v1/chats/export").body
    for chat in chats(admin):
        admin.delete(f"/api/v1/chats/{chat['id']}", status=200)
    imported(admin, archive, "application/zip")
    assert titled(admin) == before


def titled(person: Client) -> dict[str, Any]:
    """All chats by title, as they are but for their ids."""
    return {chat["title"]: {**chat, "id": None} for chat in chats(person)}

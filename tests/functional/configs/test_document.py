"""The stored settings as one document that is exported and imported."""

from __future__ import annotations

from typing import Any

import pytest
from webtest import TestResponse

from tests.functional.configs.conftest import stored
from tests.support import Client

EXPORT, IMPORT = "/api/v1/configs/export", "/api/v1/configs/import"
# As an Open WebUI exports it: nested by path, with values that it stores as they are by default, and things of its own.
FOREIGN = {
    "version": 0,
    "ui": {"default_locale": "de", "banners": [], "default_models": None, "theme": {"colour": "red"}},
    "user": {"permissions": {"workspace": {"models": True, "skills": True}, "chat": {"delete": False}}},
    "rag": {"top_k": 9, "file": {"max_size": None}, "CONTENT_EXTRACTION_ENGINE": "tika"},
    "audio": {"stt": {"deepgram": {"api_key": "dg-12345678"}}},
    "evaluation": {"arena": {"models": [{"id": "a", "name": "A", "meta": {}}]}},
}


def imported(person: Client, document: Any, **options: Any) -> TestResponse:
    return person.post(IMPORT, {"config": document}, **options)


def test_nothing_stored_is_an_empty_document(admin: Client) -> None:
    assert admin.get(EXPORT, status=200).json == {"version": 0}


def test_what_was_exported_is_imported_as_it_was(admin: Client) -> None:
    admin.post("/api/v1/retrieval/config/update", {"TOP_K": 9, "web": {"SEARXNG_LANGUAGE": "de"}}, status=200)
    admin.post("/api/v1/users/default/permissions", {"chat": {"delete": False}}, status=200)
    document = admin.get(EXPORT).json
    assert document == {
        "version": 0,
        "rag": {"top_k": 9, "web": {"search": {"searxng_language": "de"}}},
        "user": {"permissions": {"chat": {"delete": False}}},
    }
    admin.post("/api/v1/retrieval/config/update", {"TOP_K": 5}, status=200)
    assert imported(admin, document, status=200).json == document == admin.get(EXPORT).json
    assert admin.get("/api/v1/retrieval/config").json["TOP_K"] == 9


def test_what_open_webui_exported_is_taken_over(admin: Client) -> None:
    answer = imported(admin, FOREIGN, status=200).json
    assert answer.pop("ignored") == ["ui.theme.colour", "user.permissions.workspace.skills"]
    assert answer == admin.get(EXPORT).json
    assert answer["user"] == {"permissions": {"workspace": {"models": True}, "chat": {"delete": False}}}
    assert admin.get("/api/v1/retrieval/config").json["CONTENT_EXTRACTION_ENGINE"] == "tika"
    assert admin.registry.runtime.settings["audio.stt.deepgram.api_key"] == "dg-12345678"
    assert "dg-12345678" not in admin.get(EXPORT).text
    assert "rag.file.max_size" not in stored(admin)


def test_addresses_are_exported_without_those_that_hold_a_password(admin: Client) -> None:
    web = {"SEARXNG_QUERY_URL": "http://searx.example.com", "YACY_QUERY_URL": "http://ada:hunter22@yacy.example.com"}
    admin.post("/api/v1/retrieval/config/update", {"web": web}, status=200)
    answer = admin.get(EXPORT)
    assert answer.json["rag"]["web"]["search"] == {"searxng_query_url": "http://searx.example.com"}
    assert "hunter22" not in answer.text


def test_lists_of_connections_are_exported_whole_or_not_at_all(admin: Client) -> None:
    servers, configs = [{"url": "http://tools.example.com"}], {"0": {"prefix_id": "a"}}
    admin.post("/api/v1/settings", {"tool_server.connections": servers, "openai.api_configs": configs}, status=200)
    document = admin.get(EXPORT).json
    assert (document["tool_server"]["connections"], document["openai"]["api_configs"]) == (servers, configs)
    servers[0]["key"], configs["0"]["headers"] = "sk-1", {"X-Key": "sk-2"}
    admin.post("/api/v1/settings", {"tool_server.connections": servers, "openai.api_configs": configs}, status=200)
    assert admin.get(EXPORT).json == {"version": 0}
    imported(admin, {"rag": {"top_k": 9}}, status=200)
    assert admin.registry.runtime.settings["tool_server.connections"] == servers


def test_every_wrong_value_is_told_and_nothing_is_stored(admin: Client) -> None:
    document = {"ui": {"default_locale": "de", "default_user_role": "king"}, "rag": {"top_k": "many"}}
    detail = imported(admin, document, status=422).json["detail"]
    assert [error["loc"] for error in detail] == [
        ["body", "config", "ui", "default_user_role"],
        ["body", "config", "rag", "top_k"],
    ]
    assert stored(admin) == {}


def test_a_locked_setting_may_be_in_it_with_the_same_value_alone(admin: Client) -> None:
    assert imported(admin, {"rag": {"chunk_size": 500, "top_k": 4}}, status=200).json["rag"] == {"top_k": 4}
    answer = imported(admin, {"rag": {"chunk_size": 501, "top_k": 5}}, status=409)
    assert "environment CHUNK_SIZE" in answer.json["detail"]
    assert stored(admin) == {"rag.top_k": 4}


def test_what_is_read_at_the_start_is_not_imported(admin: Client) -> None:
    document = {"auth": {"enable": False}, "secret_key": "x" * 32, "database": {"url": "sqlite:///x"}}
    assert imported(admin, document, status=200).json["ignored"] == ["auth.enable", "secret_key", "database.url"]
    assert stored(admin) == {}


@pytest.mark.parametrize("body", [{}, {"config": None}, {"config": []}, {"config": "{}"}, []])
def test_a_body_without_a_document_is_refused(admin: Client, body: Any) -> None:
    assert admin.post(IMPORT, body).status_int == 422


def test_a_deep_document_is_answered(admin: Client) -> None:
    body = b'{"config":' + b'{"a":' * 150 + b"1" + b"}" * 151
    assert admin.post_raw(IMPORT, body).status_int in (200, 422)


def test_both_are_for_administrators(admin: Client) -> None:
    user = admin.sign_up()
    assert user.get(EXPORT).status_int == user.post(IMPORT, {"config": {}}).status_int == 401


def test_what_is_ignored_is_told_in_short(admin: Client) -> None:
    leaves = {str(number): 1 for number in range(300)}
    answer = imported(admin, {"x" * 100_000: leaves, "y": leaves, "rag": {"top_k": 9}}, status=200)
    assert len(answer.json["ignored"]) == 100
    assert len(answer.body) < 3000
    assert answer.json["rag"] == {"top_k": 9}

"""Every form of settings: what it shows, what it changes, and what it refuses."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
from webtest import TestApp

from tests.functional.configs.conftest import LOCKED, Start, stored
from tests.support import Client


class Case(NamedTuple):
    """A form by its addresses; a change of it with the setting that it makes, and a value that cannot be."""

    get: str
    post: str
    change: dict[str, Any]
    setting: str
    wrong: dict[str, Any]
    where: list[str]


def case(get: str, change: dict[str, Any], setting: str, wrong: dict[str, Any], *where: str, post: str = "") -> Case:
    return Case(f"/api/v1/{get}", f"/api/v1/{post or get}", change, setting, wrong, list(where))


CASES = {
    "tasks": case(
        "tasks/config",
        {"TASK_MODEL": "small"},
        "task.model.default",
        {"ENABLE_TITLE_GENERATION": "perhaps"},
        "ENABLE_TITLE_GENERATION",
        post="tasks/config/update",
    ),
    "arenas": case(
        "evaluations/config",
        {"EVALUATION_ARENA_MODELS": [{"id": "a", "name": "A", "meta": {}}]},
        "evaluation.arena.models",
        {"ENABLE_EVALUATION_ARENA_MODELS": "x"},
        "ENABLE_EVALUATION_ARENA_MODELS",
    ),
    "images": case(
        "images/config",
        {"IMAGE_STEPS": 20},
        "image_generation.steps",
        {"IMAGES_OPENAI_API_PARAMS": [1]},
        "IMAGES_OPENAI_API_PARAMS",
        post="images/config/update",
    ),
    "audio": case(
        "audio/config",
        {"tts": {"MODEL": "tts-2"}},
        "audio.tts.model",
        {"stt": {"MISTRAL_USE_CHAT_COMPLETIONS": 7}},
        *("stt", "MISTRAL_USE_CHAT_COMPLETIONS"),
        post="audio/config/update",
    ),
    "retrieval": case(
        "retrieval/config",
        {"web": {"ENABLE_WEB_SEARCH": True}, "TOP_K": 5},
        "rag.top_k",
        {"TOP_K": 0},
        "TOP_K",
        post="retrieval/config/update",
    ),
    "embedding": case(
        "retrieval/embedding",
        {"ollama_config": {"url": "http://ollama.example.com"}},
        "rag.ollama.url",
        {"azure_openai_config": {"url": "somewhere"}},
        *("azure_openai_config", "url"),
        post="retrieval/embedding/update",
    ),
    "connections": case(
        "configs/connections",
        {"ENABLE_DIRECT_CONNECTIONS": True},
        "direct.enable",
        {"ENABLE_BASE_MODELS_CACHE": "x"},
        "ENABLE_BASE_MODELS_CACHE",
    ),
    "tool servers": case(
        "configs/tool_servers",
        {"TOOL_SERVER_CONNECTIONS": [{"url": "http://t", "path": "openapi.json", "auth_type": "none"}]},
        "tool_server.connections",
        {"TOOL_SERVER_CONNECTIONS": [7]},
        "TOOL_SERVER_CONNECTIONS",
    ),
    "code": case(
        "configs/code_execution",
        {"CODE_INTERPRETER_PROMPT_TEMPLATE": "Compute it."},
        "code_interpreter.prompt_template",
        {"CODE_EXECUTION_ENGINE": "abacus"},
        "CODE_EXECUTION_ENGINE",
    ),
    "models": case(
        "configs/models",
        {"DEFAULT_MODELS": "a,b", "MODEL_ORDER_LIST": ["b"]},
        "ui.default_models",
        {"MODEL_ORDER_LIST": {"a": 1}},
        "MODEL_ORDER_LIST",
    ),
    "accounts": case(
        "auths/admin/config",
        {"JWT_EXPIRES_IN": "1h", "RESPONSE_WATERMARK": "said a machine"},
        "auth.jwt_expiry",
        {"DEFAULT_USER_ROLE": "king"},
        "DEFAULT_USER_ROLE",
    ),
    "LDAP server": case(
        "auths/admin/config/ldap/server",
        {"host": "ldap.example.com", "port": 636},
        "ldap.server.host",
        {"port": 70000},
        "port",
    ),
    "permissions": case(
        "users/default/permissions",
        {"chat": {"delete": False}},
        "user.permissions.chat.delete",
        {"features": {"notes": "sometimes"}},
        *("features", "notes"),
    ),
}
FORMS = pytest.mark.parametrize("form", CASES.values(), ids=CASES)


def merged(shown: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    """The form with a change in it."""
    return {
        key: merged(value, change[key])
        if isinstance(value, dict) and isinstance(change.get(key), dict)
        else change.get(key, value)
        for key, value in shown.items()
    }


@FORMS
def test_a_form_that_comes_back_as_it_was_changes_nothing(admin: Client, form: Case) -> None:
    shown = admin.get(form.get, status=200).json
    assert admin.post(form.post, shown, status=200).json == shown
    assert admin.post(form.post, {}, status=200).json == shown
    assert admin.get(form.get).json == shown
    assert stored(admin) == {}


@FORMS
def test_what_is_given_is_changed_and_the_rest_stays(admin: Client, form: Case) -> None:
    changed = merged(admin.get(form.get).json, form.change)
    assert admin.post(form.post, form.change, status=200).json == changed
    assert admin.get(form.get).json == changed
    assert form.setting in stored(admin)


def test_changes_outlive_a_restart(admin: Client, start: Start) -> None:
    for form in CASES.values():
        admin.post(form.post, form.change, status=200)
    again = Client(start().app, admin.token)
    for form in CASES.values():
        assert again.get(form.get, status=200).json == admin.get(form.get).json
        assert form.setting in stored(again)


@FORMS
def test_one_wrong_value_stores_nothing(admin: Client, form: Case) -> None:
    answer = admin.post(form.post, merged(merged(admin.get(form.get).json, form.change), form.wrong), status=422)
    assert [error["loc"] for error in answer.json["detail"]] == [["body", *form.where]]
    assert stored(admin) == {}


@FORMS
@pytest.mark.parametrize("body", [b"", b"[]", b'"x"', b"{", b"null"])
def test_a_body_that_is_no_form_is_refused(admin: Client, form: Case, body: bytes) -> None:
    assert admin.post_raw(form.post, body).status_int == 422


@pytest.fixture(scope="module")
def user(administrator: Client) -> Client:
    return administrator.sign_up(name="Eve")


@pytest.fixture
def nobody(admin: Client) -> Client:
    return Client(TestApp(admin.app.app))


OPEN = {"/api/v1/tasks/config"}  # to every user, for reading


@FORMS
def test_forms_are_for_administrators(admin: Client, user: Client, nobody: Client, form: Case) -> None:
    assert user.get(form.get).status_int == (200 if form.get in OPEN else 401)
    assert user.post(form.post, {}).status_int == 401
    assert nobody.get(form.get).status_int == nobody.post(form.post, {}).status_int == 401


def test_everything_that_is_wrong_is_told_at_once(admin: Client) -> None:
    wrong = {"TOP_K": 0, "CHUNK_OVERLAP": "many", "web": {"WEB_SEARCH_RESULT_COUNT": -1}, "TEXT_SPLITTER": 5}
    detail = admin.post("/api/v1/retrieval/config/update", wrong, status=422).json["detail"]
    assert sorted(error["loc"][1:] for error in detail) == [
        *(["CHUNK_OVERLAP"], ["TEXT_SPLITTER"], ["TOP_K"], ["web", "WEB_SEARCH_RESULT_COUNT"]),
    ]
    assert "RAG_TOP_K must be a whole number" in next(error["msg"] for error in detail if error["loc"][1] == "TOP_K")


@pytest.mark.parametrize(
    ("path", "body", "variable"),
    [
        ("retrieval/config/update", {"CHUNK_SIZE": 501, "TOP_K": 7}, "CHUNK_SIZE"),
        ("audio/config/update", {"tts": {"VOICE": "alloy", "MODEL": "m"}}, "AUDIO_TTS_VOICE"),
        ("users/default/permissions", {"chat": {"edit": True, "delete": False}}, "USER_PERMISSIONS_CHAT_EDIT"),
    ],
)
def test_a_locked_setting_is_refused_and_its_source_named(
    admin: Client, path: str, body: dict[str, Any], variable: str
) -> None:
    answer = admin.post(f"/api/v1/{path}", body, status=409)
    assert f"environment {variable}" in answer.json["detail"]
    assert stored(admin) == {}


def test_the_value_that_locks_a_setting_may_be_sent(admin: Client) -> None:
    assert (
        admin.post("/api/v1/retrieval/config/update", {"CHUNK_SIZE": LOCKED["CHUNK_SIZE"], "TOP_K": 7}).json["TOP_K"]
        == 7
    )


def test_null_unsets_a_field_or_leaves_it_as_the_form_has_it(admin: Client) -> None:
    path = "/api/v1/retrieval/config/update"
    admin.post(path, {"FILE_MAX_SIZE": 5, "TOP_K": 7}, status=200)
    shown = admin.post(path, {"FILE_MAX_SIZE": None, "TOP_K": None, "web": None}, status=200).json
    assert (shown["FILE_MAX_SIZE"], shown["TOP_K"]) == (None, 7)
    path = "/api/v1/images/config/update"
    assert admin.post(path, {"IMAGE_STEPS": 7}, status=200).json["IMAGE_STEPS"] == 7
    assert admin.post(path, {"IMAGE_STEPS": None}, status=200).json["IMAGE_STEPS"] == 50


def test_secrets_are_masked_and_a_mask_that_comes_back_leaves_them(admin: Client) -> None:
    path = "/api/v1/images/config"
    shown = admin.post(f"{path}/update", {"COMFYUI_API_KEY": "sk-12345678", "IMAGE_STEPS": 9}, status=200)
    assert "sk-12345678" not in shown.text
    before = stored(admin)["image_generation.comfyui.api_key"]
    assert "sk-12345678" not in str(before)
    again = admin.post(f"{path}/update", shown.json | {"IMAGE_STEPS": 10}, status=200).json
    assert again == shown.json | {"IMAGE_STEPS": 10}
    assert stored(admin)["image_generation.comfyui.api_key"] == before
    assert admin.registry.runtime.settings["image_generation.comfyui.api_key"] == "sk-12345678"
    cleared = admin.post(f"{path}/update", {"COMFYUI_API_KEY": ""}, status=200).json
    assert cleared["COMFYUI_API_KEY"] == ""
    assert admin.registry.runtime.settings["image_generation.comfyui.api_key"] == ""


def test_what_the_contract_has_as_text_is_text(admin: Client) -> None:
    workflow = {"COMFYUI_WORKFLOW": '{"1": {"inputs": {}}}'}
    assert (
        admin.post("/api/v1/images/config/update", workflow, status=200).json["COMFYUI_WORKFLOW"]
        == '{"1":{"inputs":{}}}'
    )
    documents = admin.get("/api/v1/retrieval/config").json
    assert (documents["MINERU_API_TIMEOUT"], documents["status"]) == ("300", True)
    assert admin.get("/api/v1/auths/admin/config").json["WEBUI_URL"] == ""


def test_the_switch_of_ldap_has_two_spellings(admin: Client, nobody: Client) -> None:
    path = "/api/v1/auths/admin/config/ldap"
    assert admin.get(path).json == {"ENABLE_LDAP": False}
    assert admin.post(path, {"enable_ldap": True}, status=200).json == {"ENABLE_LDAP": True}
    assert admin.get(path).json == {"ENABLE_LDAP": True}
    assert nobody.get("/api/config").json["features"]["enable_ldap"] is True


def test_the_webhook(admin: Client, nobody: Client) -> None:
    assert admin.get("/api/webhook").json == {"url": ""}
    hook = {"url": "https://hooks.example.com/x"}
    assert admin.post("/api/webhook", hook, status=200).json == hook == admin.get("/api/webhook").json
    assert admin.post("/api/webhook", {"url": "x"}).status_int == 422
    assert nobody.get("/api/webhook").status_int == 401


def test_banners_are_set_by_administrators_and_read_by_users(admin: Client, user: Client, nobody: Client) -> None:
    path = "/api/v1/configs/banners"
    banner = {"id": "1", "type": "info", "title": None, "content": "Hello", "dismissible": True, "timestamp": 5}
    assert user.get(path, status=200).json == []
    assert admin.post(path, {"banners": [banner]}, status=200).json == [banner] == user.get(path).json
    assert user.post(path, {"banners": []}).status_int == nobody.get(path).status_int == 401
    del banner["content"]
    assert admin.post(path, {"banners": [banner]}, status=422).json["detail"][0]["loc"][1:] == ["banners", 0, "content"]


def test_suggestions_reach_the_page(admin: Client, user: Client) -> None:
    path = "/api/v1/configs/suggestions"
    suggestion = {"title": ["Tell me", "a story"], "content": "Tell me a story."}
    assert admin.post(path, {"suggestions": [suggestion]}, status=200).json == [suggestion]
    assert user.get("/api/config").json["default_prompt_suggestions"] == [suggestion]
    assert admin.post(path, {"suggestions": [{"title": "x"}]}).status_int == 422
    assert user.post(path, {"suggestions": []}).status_int == 401


def test_people_are_told_whom_to_ask_unless_that_is_off(admin: Client, user: Client, nobody: Client) -> None:
    path = "/api/v1/auths/admin/details"
    assert user.get(path, status=200).json == {"name": "Ada", "email": "ada@example.com"}
    assert nobody.get(path).status_int == 401
    admin.post("/api/v1/auths/admin/config", {"SHOW_ADMIN_DETAILS": False}, status=200)
    assert user.get(path).status_int == 400


def test_users_see_their_permissions(admin: Client, user: Client, nobody: Client) -> None:
    admin.post("/api/v1/users/default/permissions", {"features": {"notes": False}}, status=200)
    found = user.get("/api/v1/users/permissions", status=200).json
    assert found == user.get("/api/config").json["permissions"]
    assert found["features"]["notes"] is False
    assert nobody.get("/api/v1/users/permissions").status_int == 401


def test_the_state_of_retrieval_is_for_people_who_are_signed_in(user: Client, nobody: Client) -> None:
    nobody.get("/api/v1/retrieval/", status=401)
    shown = user.get("/api/v1/retrieval/", status=200).json
    assert (shown["status"], shown["CHUNK_SIZE"], len(shown)) == (True, 500, 9)


def test_the_page_learns_of_the_drives(admin: Client, user: Client) -> None:
    drives = {"google_drive": {"client_id": "g"}, "onedrive": {"enable": True, "sharepoint_tenant_id": "t"}}
    assert "enable_onedrive_personal" not in user.get("/api/config").json["features"]
    admin.post("/api/v1/configs/import", {"config": drives}, status=200)
    config = user.get("/api/config").json
    assert config["google_drive"] == {"client_id": "g", "api_key": ""}
    assert (config["onedrive"]["sharepoint_tenant_id"], config["onedrive"]["sharepoint_url"]) == ("t", "")
    assert config["features"]["enable_onedrive_personal"] is True


def test_secrets_inside_of_values_are_masked_too(admin: Client) -> None:
    path = "/api/v1/configs/tool_servers"
    server = {"url": "http://tools.example.com", "path": "o.json", "auth_type": "bearer", "key": "tk-12345678"}
    shown = admin.post(path, {"TOOL_SERVER_CONNECTIONS": [server]}, status=200)
    web = admin.post(
        "/api/v1/retrieval/config/update", {"web": {"YACY_QUERY_URL": "http://ada:hunter22@y.example.com"}}, status=200
    )
    assert "tk-12345678" not in shown.text
    assert "hunter22" not in web.text
    assert admin.post(path, shown.json, status=200).json == shown.json
    assert admin.post("/api/v1/retrieval/config/update", web.json, status=200).json == web.json
    settings = admin.registry.runtime.settings
    assert settings["tool_server.connections"] == [server]
    assert settings["rag.web.search.yacy_query_url"] == "http://ada:hunter22@y.example.com"


def test_a_mask_of_a_secret_that_is_not_stored_is_refused(admin: Client) -> None:
    shown = admin.post("/api/v1/images/config/update", {"COMFYUI_API_KEY": "sk-12345678"}, status=200).json
    foreign = {"IMAGES_OPENAI_API_KEY": shown["COMFYUI_API_KEY"]}
    assert admin.post("/api/v1/images/config/update", foreign).status_int == 422

"""Many models at once: export, import, sync, and all away."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support import Client, counted_statements
from tests.support_models import arena, granted, server, store_model
from tests.support_upstream import Upstream

STORE = "/api/v1/models"
ALLOWED = {
    "USER_PERMISSIONS_WORKSPACE_MODELS_EXPORT": "true",
    "USER_PERMISSIONS_WORKSPACE_MODELS_IMPORT": "true",
}


def form(model_id: str = "c", base: str | None = "m", **more: Any) -> dict[str, Any]:
    return {"id": model_id, "base_model_id": base, "name": "Mine", "meta": {}, "params": {}, **more}


@pytest.fixture
def people(make_client, upstream: Upstream) -> tuple[Client, Client, Client]:
    """An administrator and two users who may export and import; ``m`` is public, ``n`` is not."""
    client = make_client(**server(upstream, arena("arena"), **ALLOWED))
    admin, user, other = client.sign_up(), client.sign_up(), client.sign_up()
    store_model(client, "m")
    return admin, user, other


def exported(person: Client) -> list[dict[str, Any]]:
    return person.get(f"{STORE}/export", status=200).json


def ids(models: list[dict[str, Any]]) -> list[str]:
    return [model["id"] for model in models]


def load(person: Client, *models: Any, status: int = 200) -> Any:
    return person.post(f"{STORE}/import", {"models": list(models)}, status=status).json


def test_an_export_has_what_one_may_change(people: tuple[Client, ...]) -> None:
    admin, user, other = people
    store_model(admin, "own", "m", user_id=user.user["id"], access_control={}, params={"system": "s"})
    store_model(admin, "granted", "m", access_control=granted(user, kind="write"))
    store_model(admin, "read", "m", access_control=granted(user))
    assert ids(exported(admin)) == ["granted", "m", "own", "read"]
    assert ids(exported(user)) == ["granted", "own"]
    assert exported(user)[1] == user.get(f"{STORE}/model?id=own").json
    assert exported(other) == []


def test_exporting_and_importing_take_permissions(make_client, upstream: Upstream) -> None:
    client = make_client(**server(upstream))
    admin, user = client.sign_up(), client.sign_up()
    store_model(client, "m")
    assert user.get(f"{STORE}/export").status_int == 401
    load(user, form(access_control={}), status=401)
    load(admin, form())
    assert ids(exported(admin)) == ["c", "m"]


def test_an_import_creates_what_is_new_and_changes_what_is_there(people: tuple[Client, ...]) -> None:
    _, user, _ = people
    meta = {"tags": [{"name": "t"}], "own": {"x": [None]}}
    assert load(user, form(access_control={}, meta=meta, params={"seed": 1}), form("d", access_control={})) is True
    before = {model["id"]: model for model in exported(user)}
    assert (before["c"]["user_id"], before["c"]["meta"]["own"], before["c"]["is_active"]) == (
        user.user["id"],
        meta["own"],
        True,
    )
    change = {"id": "c", "name": "New", "meta": {}, "params": {}}
    assert load(user, change, form("e", access_control={}, is_active=False)) is True
    after = {model["id"]: model for model in exported(user)}
    assert set(after) == {"c", "d", "e"}
    assert (after["c"]["name"], after["c"]["base_model_id"], after["c"]["access_control"]) == ("New", "m", {})
    assert after["d"] == before["d"]
    assert after["e"]["is_active"] is False


def test_what_was_exported_is_imported_as_it_was(people: tuple[Client, ...]) -> None:
    admin, *_ = people
    store_model(admin, "a/b c ä", "m", access_control={"read": {"user_ids": ["x"]}}, params={"stop": ["#"]})
    before = exported(admin)
    assert admin.delete(f"{STORE}/delete/all", status=200).json is True
    assert exported(admin) == []
    load(admin, *before)
    left_out = ("created_at", "updated_at", "user_id", "meta")
    told = [
        [{k: v for k, v in model.items() if k not in left_out} for model in found]
        for found in (before, exported(admin))
    ]
    assert told[0] == told[1]


@pytest.mark.parametrize(
    ("wrong", "status", "text"),
    [
        (form("theirs", access_control={}), 401, "already"),
        (form("n", access_control={}), 401, "already"),
        (form("arena", access_control={}), 401, "already"),
        (form(base="n", access_control={}), 400, "base_model_id"),
        (form(base="gone", access_control={}), 400, "base_model_id"),
        (form(base=None, access_control={}), 403, "administrators"),
        (form(access_control=None), 403, "everybody"),
        (form(access_control={"read": {"user_ids": ["x"]}}), 403, "others"),
        (form("x" * 257, access_control={}), 400, "at most 256"),
        (form(base="first", access_control={}), 400, "base_model_id"),
    ],
)
def test_an_import_is_stored_whole_or_not_at_all(
    people: tuple[Client, ...], wrong: dict[str, Any], status: int, text: str
) -> None:
    admin, user, other = people
    store_model(admin, "theirs", "m", user_id=other.user["id"], access_control={})
    detail = load(user, form("first", access_control={}), wrong, status=status)["detail"]
    assert f"Model 2 of the list, {wrong['id']!r}" in detail
    assert text in detail
    assert exported(user) == []
    assert [model["name"] for model in exported(other)] == ["theirs"]


@pytest.mark.parametrize("swapped", [False, True])
def test_no_model_builds_on_a_custom_one_in_whatever_order_they_come(
    people: tuple[Client, ...], *, swapped: bool
) -> None:
    admin, *_ = people
    pair = [form("lower"), form("upper", "lower")]
    for path in ("import", "sync"):
        answer = admin.post(f"{STORE}/{path}", {"models": pair[::-1] if swapped else pair})
        assert (answer.status_int, "upper" in answer.json["detail"]) == (400, True)
    assert ids(exported(admin)) == ["m"]


BAD: tuple[Any, ...] = (
    {},
    [],
    {"models": None},
    {"models": {}},
    {"models": ["x"]},
    {"models": [None]},
    {"models": [{"id": "x"}]},
    {"models": [form() | {"id": 1}]},
    {"models": [form() | {"id": ""}]},
    {"models": [form() | {"id": "a\0b"}]},
    {"models": [form() | {"meta": {"profile_image_url": "javascript:x"}}]},
    {"models": [form() | {"params": {"a": "\0"}}]},
    {"models": [form(), form()]},
)


@pytest.mark.parametrize("path", ["import", "sync"])
def test_what_is_no_list_of_models_is_refused(people: tuple[Client, ...], path: str) -> None:
    admin, *_ = people
    for wrong in BAD:
        assert admin.post(f"{STORE}/{path}", wrong).status_int == 422, wrong
    assert admin.post_raw(f"{STORE}/{path}", b'{"models": [').status_int == 422
    assert ids(exported(admin)) == ["m"]


def test_a_wrong_model_is_named_by_its_place(people: tuple[Client, ...]) -> None:
    answer = people[0].post(f"{STORE}/import", {"models": [form("a"), form("b") | {"params": []}]}, status=422)
    assert answer.json["detail"][0]["loc"] == ["body", "models", 1, "params"]


@pytest.mark.parametrize("path", ["import", "sync"])
def test_a_list_without_bounds_is_refused(people: tuple[Client, ...], path: str) -> None:
    admin, *_ = people
    many = [{"id": str(number), "name": "x", "meta": {}, "params": {}} for number in range(100_000)]
    assert admin.post(f"{STORE}/{path}", {"models": many}).status_int == 422
    assert admin.post(f"{STORE}/{path}", {"models": [form(name="x" * (33 << 20))]}).status_int == 413
    assert ids(exported(admin)) == ["m"]


def test_a_long_import_asks_the_database_as_often_as_a_short_one(people: tuple[Client, ...]) -> None:
    _, user, _ = people
    counts = []
    for count in (1, 300):
        models = [form(f"{count}-{number}", access_control={}) for number in range(count)]
        with counted_statements(user.registry.database.engine) as statements:
            load(user, *models)
        counts.append(len([text for text in statements if text.startswith("SELECT")]))
    assert counts[0] == counts[1]
    assert len(exported(user)) == 301


def test_after_a_sync_there_is_what_was_given(people: tuple[Client, ...]) -> None:
    admin, user, _ = people
    store_model(admin, "kept", "m", user_id=user.user["id"], is_active=False, access_control={})
    store_model(admin, "dropped", "m", user_id=user.user["id"])
    given = [
        form("kept", name="Changed", user_id=user.user["id"], created_at=1_700_000_000, updated_at=1),
        form("new", user_id="nobody", access_control={}),
        form("n", None),
    ]
    answer = admin.post(f"{STORE}/sync", {"models": given}, status=200).json
    assert answer == exported(admin)
    assert [(model["id"], model["name"], model["user_id"], model["is_active"]) for model in answer] == [
        ("kept", "Changed", user.user["id"], True),
        ("n", "Mine", admin.user["id"], True),
        ("new", "Mine", admin.user["id"], True),
    ]
    assert (answer[0]["created_at"], answer[0]["access_control"]) == (1_700_000_000, None)


def test_an_export_is_synced_as_it_was(people: tuple[Client, ...]) -> None:
    admin, user, _ = people
    load(admin, form("c", params={"seed": 1}), form("d", access_control={}))
    store_model(admin, "e", "m", user_id=user.user["id"], meta={"profile_image_url": None})
    before = exported(admin)
    admin.delete(f"{STORE}/delete/all", status=200)
    admin.post(f"{STORE}/sync", {"models": before}, status=200)
    settled = exported(admin)
    admin.post(f"{STORE}/sync", {"models": settled}, status=200)
    for once, twice in zip(settled, exported(admin), strict=True):
        assert once | {"updated_at": 0} == twice | {"updated_at": 0}
    assert [(model["id"], model["created_at"]) for model in settled] == [
        (model["id"], model["created_at"]) for model in before
    ]
    assert settled[2]["user_id"] == user.user["id"]


def test_an_empty_sync_forgets_everything_and_one_that_fails_nothing(people: tuple[Client, ...]) -> None:
    admin, *_ = people
    admin.post(f"{STORE}/sync", {"models": [form("arena")]}, status=401)
    admin.post(f"{STORE}/sync", {"models": [form(created_at=10**12)]}, status=422)
    assert ids(exported(admin)) == ["m"]
    assert admin.post(f"{STORE}/sync", {"models": []}, status=200).json == []
    assert exported(admin) == []


def test_others_than_administrators_neither_sync_nor_delete_all(people: tuple[Client, ...]) -> None:
    admin, user, _ = people
    assert user.post(f"{STORE}/sync", {"models": []}).status_int == 401
    assert user.delete(f"{STORE}/delete/all").status_int == 401
    assert ids(exported(admin)) == ["m"]


def test_administrators_on_a_par_with_everybody_export_their_own_and_still_sync_all(
    make_client, upstream: Upstream
) -> None:
    client = make_client(**server(upstream, BYPASS_ADMIN_ACCESS_CONTROL="false"))
    admin, user = client.sign_up(), client.sign_up()
    store_model(client, "theirs", "m", user_id=user.user["id"], access_control={})
    store_model(client, "own", "m", user_id=admin.user["id"])
    assert ids(exported(admin)) == ["own"]
    load(admin, form("theirs"), status=401)
    synced = admin.post(f"{STORE}/sync", {"models": [form("theirs")]}, status=200).json
    assert [(model["id"], model["name"]) for model in synced] == [("theirs", "Mine")]

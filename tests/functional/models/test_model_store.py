from __future__ import annotations

from typing import Any

import pytest

from tests.support import Client
from tests.support_models import arena, granted, listed, server, store_model
from tests.support_upstream import Upstream, ask
from webui.models import Model

STORE = "/api/v1/models"
PERMISSIONS = {
    "USER_PERMISSIONS_WORKSPACE_MODELS_ACCESS": "true",
    "USER_PERMISSIONS_WORKSPACE_MODELS_ALLOW_SHARING": "true",
    "USER_PERMISSIONS_WORKSPACE_MODELS_ALLOW_PUBLIC_SHARING": "true",
}


def form(model_id: str = "c", base: str | None = "m", **more: Any) -> dict[str, Any]:
    return {"id": model_id, "base_model_id": base, "name": "Mine", "meta": {}, "params": {}, **more}


@pytest.fixture
def admin(make_client, upstream: Upstream) -> Client:
    return make_client(**server(upstream)).sign_up(name="Ada")


@pytest.fixture
def people(make_client, upstream: Upstream) -> tuple[Client, Client, Client]:
    """An administrator, and two users who may do all that a permission gives; ``m`` is public, ``n`` is not."""
    client = make_client(**server(upstream, **PERMISSIONS))
    admin, user, other = client.sign_up(), client.sign_up(name="Bob"), client.sign_up()
    store_model(client, "m")
    return admin, user, other


def test_a_model_is_created_read_changed_and_deleted(admin: Client, upstream: Upstream) -> None:
    meta = {"profile_image_url": "/x.png", "description": "d", "capabilities": {"vision": True}, "toolIds": ["t"]}
    wanted = form(meta=meta, params={"seed": 1, "system": "s"}, access_control={"read": {"user_ids": ["u"]}})
    created = admin.post(f"{STORE}/create", wanted, status=200).json
    times = {name: created[name] for name in ("created_at", "updated_at")}
    assert created == {**wanted, "user_id": admin.user["id"], "is_active": True, **times}
    assert admin.get(f"{STORE}/model?id=c", status=200).json == created
    ask(admin, model="c", status=200)
    assert upstream.payload["seed"] == 1

    changed = admin.post(f"{STORE}/model/update", form(name="Yours", params={"seed": 2}), status=200).json
    assert (changed["name"], changed["params"], changed["access_control"]) == (
        *("Yours", {"seed": 2}),
        created["access_control"],
    )
    ask(admin, model="c", status=200)
    assert upstream.payload["seed"] == 2

    assert admin.post(f"{STORE}/model/delete", {"id": "c"}, status=200).json is True
    assert admin.get(f"{STORE}/model?id=c").status_int == 401
    assert ask(admin, model="c").status_int == 400


def test_a_model_is_switched_off_and_on(admin: Client) -> None:
    admin.post(f"{STORE}/create", form(), status=200)
    for active in (False, True):
        assert admin.post(f"{STORE}/model/toggle?id=c", None, status=200).json["is_active"] is active
        assert ("c" in listed(admin)) is active


def test_a_connections_model_is_opened_to_all_and_closed_again(make_client, upstream: Upstream) -> None:
    client = make_client(**server(upstream))
    admin, user = client.sign_up(), client.sign_up()
    admin.post(f"{STORE}/create", form("m", None, access_control=None), status=200)
    assert listed(user) == ["m"]
    admin.post(f"{STORE}/model/delete", {"id": "m"}, status=200)
    assert listed(user) == []
    assert listed(admin) == ["m", "n"]


def test_what_an_update_leaves_out_stays(admin: Client) -> None:
    admin.post(f"{STORE}/create", form(access_control={}, is_active=False), status=200)
    changed = {"id": "c", "name": "New", "meta": {}, "params": {}}
    answer = admin.post(f"{STORE}/model/update", changed, status=200).json
    assert (answer["base_model_id"], answer["access_control"], answer["is_active"]) == ("m", {}, False)


REFUSED: tuple[tuple[dict[str, Any], int, str], ...] = (
    ({"id": "x" * 257}, 400, "at most 256"),
    ({"id": ""}, 422, "at least 1"),
    ({"id": "a\nb"}, 422, "match"),
    ({"base_model_id": ""}, 422, "at least 1"),
    ({"name": ""}, 422, "at least 1"),
    ({"meta": None}, 422, "dictionary"),
    ({"meta": {"profile_image_url": "javascript:alert(1)"}}, 422, "match"),
    ({"params": []}, 422, "dictionary"),
    ({"access_control": []}, 422, "dictionary"),
    ({"access_control": {"read": {"user_ids": "all"}}}, 422, "list"),
    ({"id": "taken"}, 401, "already"),
    ({"id": "arena"}, 401, "already"),
    ({"id": "x", "base_model_id": "x"}, 400, "of a connection"),
    ({"base_model_id": "taken"}, 400, "of a connection"),
    ({"base_model_id": "arena"}, 400, "of a connection"),
)


def test_what_cannot_be_stored_is_refused(make_client, upstream: Upstream) -> None:
    admin = make_client(**server(upstream, arena("arena"))).sign_up()
    store_model(admin, "taken", "m")
    for wrong, status, text in REFUSED:
        answer = admin.post(f"{STORE}/create", form() | wrong)
        assert answer.status_int == status, wrong
        assert text in str(answer.json["detail"])
    assert custom(admin) == (["taken"], 1)


def test_an_update_cannot_build_on_a_custom_model_either(admin: Client) -> None:
    for model_id in ("a", "b"):
        admin.post(f"{STORE}/create", form(model_id), status=200)
    for base in ("a", "b"):
        assert admin.post(f"{STORE}/model/update", form("b", base)).status_int == 400


def test_administrators_may_build_on_what_is_away(admin: Client) -> None:
    admin.post(f"{STORE}/create", form(base="gone"), status=200)
    assert "c" not in listed(admin)


def test_creating_takes_a_permission(make_client, upstream: Upstream) -> None:
    client = make_client(**server(upstream))
    client.sign_up()
    store_model(client, "m")
    assert client.sign_up().post(f"{STORE}/create", form(access_control={})).status_int == 401


def test_users_take_no_models_place_and_build_on_nothing_that_is_not_theirs(people: tuple[Client, ...]) -> None:
    admin, user, _ = people
    store_model(admin, "private", "n", access_control={}, user_id=admin.user["id"])
    user.post(f"{STORE}/create", form("own"), status=200)
    # Without a base it would describe a connection's model, perhaps one that is still to come.
    for base, status in ((None, 403), ("n", 400), ("gone", 400), ("private", 400)):
        assert user.post(f"{STORE}/create", form("new", base)).status_int == status
        assert user.post(f"{STORE}/model/update", form("own", base)).status_int == status
    for taken in ("n", "m", "private"):
        assert user.post(f"{STORE}/create", form(taken)).status_int == 401
    assert custom(user) == (["own"], 1)


def test_who_may_write_a_connections_model_puts_no_other_in_its_place(people: tuple[Client, ...]) -> None:
    admin, user, _ = people
    store_model(admin, "n", access_control=granted(user, kind="write"))
    assert user.post(f"{STORE}/model/update", form("n", "m")).status_int == 403
    assert user.post(f"{STORE}/model/update", form("n", None, name="N")).json["name"] == "N"


@pytest.mark.parametrize(
    ("permission", "allowed"),
    [
        ("", {"private"}),
        ("USER_PERMISSIONS_WORKSPACE_MODELS_ALLOW_SHARING", {"private", "some"}),
        ("USER_PERMISSIONS_WORKSPACE_MODELS_ALLOW_PUBLIC_SHARING", {"private", "all"}),
    ],
)
def test_sharing_takes_permissions(make_client, upstream: Upstream, permission: str, allowed: set[str]) -> None:
    granted_to = {"USER_PERMISSIONS_WORKSPACE_MODELS_ACCESS": "true", **({permission: "true"} if permission else {})}
    client = make_client(**server(upstream, **granted_to))
    client.sign_up()
    store_model(client, "m")
    user = client.sign_up()
    empty = {"group_ids": [], "user_ids": []}
    rules = {"private": {"read": empty, "write": empty}, "some": {"read": {"user_ids": ["u"]}}, "all": None}
    user.post(f"{STORE}/create", form(access_control={}), status=200)
    for kind, access_control in rules.items():
        expected = 200 if kind in allowed else 403
        assert user.post(f"{STORE}/create", form(kind, access_control=access_control)).status_int == expected
        assert user.post(f"{STORE}/model/update", form(access_control=access_control)).status_int == expected


def test_a_model_that_an_administrator_shared_can_still_be_changed_by_its_owner(
    make_client, upstream: Upstream
) -> None:
    client = make_client(**server(upstream, USER_PERMISSIONS_WORKSPACE_MODELS_ACCESS="true"))
    client.sign_up()
    user = client.sign_up()
    store_model(client, "c", "m", user_id=user.user["id"])
    assert user.post(f"{STORE}/model/update", form(access_control=None)).status_int == 200


CHANGES = {
    "update": lambda person: person.post(f"{STORE}/model/update", form(name="Changed")),
    "toggle": lambda person: person.post(f"{STORE}/model/toggle?id=c", None),
    "delete": lambda person: person.post(f"{STORE}/model/delete", {"id": "c"}),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize(
    ("rules", "reads", "writes"), [(None, 200, 401), ({}, 401, 401), ("read", 200, 401), ("write", 200, 200)]
)
def test_others_read_and_change_what_they_were_granted(
    people: tuple[Client, ...], change: str, rules: Any, reads: int, writes: int
) -> None:
    admin, owner, other = people
    access_control = granted(other, kind=rules) if isinstance(rules, str) else rules
    store_model(admin, "c", "m", user_id=owner.user["id"], access_control=access_control)
    assert other.get(f"{STORE}/model?id=c").status_int == reads
    assert CHANGES[change](other).status_int == writes
    with admin.registry.database.begin(write=False) as db:
        row = db.get(Model, "c")
        untouched = row is not None and row.is_active and row.name == "c"
    assert untouched is (writes == 401)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("who", [0, 1])
def test_owners_and_administrators_change_everything(people: tuple[Client, ...], change: str, who: int) -> None:
    store_model(people[0], "c", "m", user_id=people[1].user["id"], access_control={})
    assert CHANGES[change](people[who]).status_int == 200


def test_a_model_that_is_not_there_looks_like_one_that_is_not_shared(people: tuple[Client, ...]) -> None:
    admin, _, other = people
    store_model(admin, "c", "m", access_control={})
    texts = {other.get(f"{STORE}/model?id={model_id}", status=401).json["detail"] for model_id in ("c", "none")}
    assert len(texts) == 1
    assert other.get(f"{STORE}/model").status_int == 422
    assert other.get(f"{STORE}/model?id=%0A").status_int == 422


def custom(person: Client, query: str = "") -> tuple[list[str], int]:
    page = person.get(f"{STORE}/list{query}", status=200).json
    return [item["id"] for item in page["items"]], page["total"]


def test_the_list_has_the_custom_models_that_one_may_read(people: tuple[Client, ...]) -> None:
    admin, user, other = people
    store_model(admin, "his", "m", user_id=user.user["id"], access_control={}, meta={"tags": [{"name": "t"}]})
    store_model(admin, "shared", "n", user_id=other.user["id"], access_control=granted(user), name="Zed")
    store_model(admin, "hidden", "m", user_id=other.user["id"], access_control={})
    store_model(admin, "off", "m", user_id=other.user["id"], is_active=False)
    assert custom(user) == (["off", "shared", "his"], 3)
    assert custom(admin)[1] == 4
    assert custom(user, "?view_option=created") == (["his"], 1)
    assert custom(user, "?view_option=shared") == (["off", "shared"], 2)
    assert custom(user, "?tag=t") == (["his"], 1)
    assert custom(user, "?query=ZE") == (["shared"], 1)
    assert custom(user, "?order_by=name&direction=asc") == (["his", "off", "shared"], 3)
    assert custom(user, "?order_by=name&direction=desc") == (["shared", "off", "his"], 3)
    assert custom(user, "?order_by=strange&direction=asc&view_option=") == (["his", "shared", "off"], 3)
    owner = user.get(f"{STORE}/list?query=his").json["items"][0]["user"]
    assert owner == {"id": user.user["id"], "name": "Bob", "role": "user", "email": user.user["email"]}


def test_the_list_has_thirty_a_page(admin: Client) -> None:
    for number in range(31):
        store_model(admin, f"c{number:02}", "m")
    first, total = custom(admin, "?order_by=name&direction=asc")
    assert (first, total) == ([f"c{number:02}" for number in range(30)], 31)
    assert custom(admin, "?order_by=name&direction=asc&page=2") == (["c30"], 31)
    assert custom(admin, "?page=3") == ([], 31)
    assert admin.get(f"{STORE}/list?page=0").status_int == 422

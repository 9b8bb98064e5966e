from __future__ import annotations

import pytest

from tests.support import Client, counted_statements
from tests.support_models import arena, listed, server, store_model
from tests.support_upstream import Upstream


def item(person: Client, model_id: str) -> dict:
    return next(model for model in person.get("/api/models").json["data"] if model["id"] == model_id)


@pytest.fixture
def admin(make_client, upstream: Upstream) -> Client:
    return make_client(**server(upstream)).sign_up(name="Ada")


def test_a_custom_model_has_the_contracts_shape(admin: Client) -> None:
    meta = {"description": "d", "profile_image_url": "data:image/png;base64,x", "tags": [{"name": "t"}, {"name": "t"}]}
    store_model(admin, "c", "m", name="Mine", meta=meta, params={"system": "secret"}, user_id=admin.user["id"])
    found = item(admin, "c")
    info = found.pop("info")
    created = found.pop("created")
    assert found == {
        **{"id": "c", "name": "Mine", "object": "model", "owned_by": "openai", "connection_type": "external"},
        **{"preset": True, "tags": [{"name": "t"}], "actions": [], "filters": []},
    }
    assert info == {
        **{"id": "c", "user_id": admin.user["id"], "base_model_id": "m", "name": "Mine", "access_control": None},
        **{"is_active": True, "created_at": created, "updated_at": info["updated_at"]},
        "meta": {"description": "d", "tags": [{"name": "t"}, {"name": "t"}]},
    }
    assert "secret" not in admin.get("/api/models").text


def test_what_is_stored_about_a_connections_model_stands_in_its_item(admin: Client) -> None:
    plain = item(admin, "m")
    store_model(admin, "m", name="Renamed", meta={"tags": [{"name": "t"}]})
    found = item(admin, "m")
    assert found.pop("info")["base_model_id"] is None
    assert found == {**plain, "name": "Renamed", "tags": [{"name": "t"}]}


@pytest.mark.parametrize("tags", [None, "x", [None, 1, "t", {}, {"name": 7}]])
def test_tags_of_another_form_are_none(admin: Client, tags: object) -> None:
    store_model(admin, "c", "m", meta={"tags": tags})
    assert item(admin, "c")["tags"] == []


def test_the_order_is_the_administrators_and_then_by_name(make_client, upstream: Upstream) -> None:
    upstream.offer("m", "Zeta", "alpha")
    admin = make_client(**server(upstream, MODEL_ORDER_LIST='["m", "gone", "c"]')).sign_up()
    store_model(admin, "c", "m", name="zzz")
    assert listed(admin) == ["m", "c", "alpha", "Zeta"]


def test_the_list_of_the_connections_alone_has_nothing_stored(admin: Client) -> None:
    store_model(admin, "m", name="Renamed")
    store_model(admin, "c", "m")
    data = admin.get("/api/models/base", status=200).json["data"]
    assert [(model["id"], model["name"], "info" in model) for model in data] == [("m", "m", False), ("n", "n", False)]


def test_others_than_administrators_get_no_list_of_the_connections(make_client, upstream: Upstream) -> None:
    client = make_client(**server(upstream))
    client.sign_up()
    assert client.sign_up().get("/api/models/base").status_int == 401


def test_the_list_takes_two_statements_however_much_is_stored(make_client, upstream: Upstream) -> None:
    admin = make_client(**server(upstream, arena("a"))).sign_up()
    for number in range(20):
        store_model(admin, f"c{number}", "m")
    assert len(listed(admin)) == 23
    with counted_statements(admin.registry.database.engine) as statements:
        listed(admin)
    own = [text for text in statements if not text.startswith(("BEGIN", "PRAGMA")) and "max(settings" not in text]
    assert len(own) <= 2, own


def test_what_a_new_chat_begins_with_can_be_changed(admin: Client) -> None:
    path = "/api/v1/configs/models"
    nothing = {"DEFAULT_MODELS": None, "DEFAULT_PINNED_MODELS": None, "MODEL_ORDER_LIST": []}
    assert admin.get(path, status=200).json == nothing
    wanted = {"DEFAULT_MODELS": "m,n", "DEFAULT_PINNED_MODELS": "n", "MODEL_ORDER_LIST": ["n", "m"]}
    assert admin.post(path, wanted, status=200).json == wanted
    assert admin.get(path).json == wanted
    assert listed(admin) == ["n", "m"]
    admin.post(path, {**wanted, "DEFAULT_MODELS": None, "MODEL_ORDER_LIST": None}, status=200)
    assert admin.get(path).json == {**nothing, "DEFAULT_PINNED_MODELS": "n"}


def test_others_than_administrators_change_no_settings_of_models(make_client, upstream: Upstream) -> None:
    client = make_client(**server(upstream))
    client.sign_up()
    user = client.sign_up()
    for path in ("/api/v1/configs/models", "/api/v1/evaluations/config"):
        assert user.get(path).status_int == 401
        assert user.post(path, {}).status_int == 401

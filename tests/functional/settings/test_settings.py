"""Every setting at one address: read as a table, and changed as a whole."""

from __future__ import annotations

import json

import sqlalchemy as sa

from tests.functional.settings.conftest import (
    DAYS,
    HISTORY,
    KEYS,
    SETTINGS,
    SIGNUP,
    change,
    history,
    row,
    signed_in_elsewhere,
    stored,
    value,
)
from tests.support import Client, counted_statements
from webui.models import Database
from webui.models.setting import stored_values
from webui.security.vault import is_sealed


def test_every_setting_is_told_with_its_source(admin: Client) -> None:
    answer = admin.get(SETTINGS, status=200)
    assert [item["name"] for item in answer.json] == list(admin.registry.webui_settings)
    assert "the-secret-key-of-this-test-is-long" not in answer.text
    found = row(admin, "ui.default_user_role")
    assert {name: found[name] for name in ("environment", "value", "source", "locked", "runtime", "default")} == {
        "environment": "DEFAULT_USER_ROLE",
        "value": "user",
        "source": "environment DEFAULT_USER_ROLE",
        "locked": True,
        "runtime": True,
        "default": "pending",
    }
    assert row(admin, SIGNUP)["source"] == "database"


def test_values_are_changed_together_and_null_is_the_way_to_the_default(admin: Client) -> None:
    answer = change(admin, signup=True, days="7").json
    assert [(item["name"], item["value"]) for item in answer] == [(SIGNUP, "true"), (DAYS, "7")]
    assert (value(admin, SIGNUP), value(admin, DAYS)) == (True, 7)
    (found,) = change(admin, days=None).json
    assert (found["value"], found["source"]) == (found["default"], "default")
    assert DAYS not in stored(admin)


def test_a_change_with_anything_wrong_in_it_changes_nothing(admin: Client) -> None:
    before = history(admin)
    for values, status, told in (
        ({"days": "soon"}, 422, "whole number"),
        ({"ui.enable_singup": True}, 422, "did you mean ui.enable_signup"),
        ({"nonsense": 1}, 422, "There is no such setting"),
        ({"ENABLE_SIGNUP": True}, 422, "did you mean ui.enable_signup?"),
        ({"role": "admin"}, 409, "is set by environment DEFAULT_USER_ROLE"),
        ({"port": 80}, 409, "PORT is read when the server starts"),
        ({"role": "admin", "port": 80}, 409, "start the server again. PORT is read"),
        ({"role": None}, 409, "is set by environment DEFAULT_USER_ROLE"),
        ({"secret_key": None}, 409, "WEBUI_SECRET_KEY is read when the server starts"),
    ):
        assert told in json.dumps(change(admin, status, signup=True, **values).json)
    assert admin.post(SETTINGS, [1]).status_int == 422
    assert value(admin, SIGNUP) is False
    assert history(admin) == before


def test_a_secret_is_encrypted_in_the_database_and_masked_everywhere_else(admin: Client) -> None:
    change(admin, keys=["sk-1", "", "sk-2"])
    change(admin, keys="sk-1;;sk-3")
    assert value(admin, KEYS) == ["sk-1", "", "sk-3"]
    assert is_sealed(stored(admin)[KEYS])
    with admin.registry.database.reader() as connection:
        for table in ("settings", "setting_changes"):
            for cells in connection.execute(sa.text(f"SELECT * FROM {table}")):
                assert "sk-" not in str(cells)
    masks = [admin.registry.vault.mask(text) for text in ("sk-1", "sk-2", "sk-3")]
    assert row(admin, KEYS)["value"] == f"{masks[0]};;{masks[2]}"
    newest, older, *_ = history(admin)
    assert newest["changes"] == [
        {
            **{"name": KEYS, "environment": "OPENAI_API_KEYS"},
            **{"old": [masks[0], "", masks[1]], "new": [masks[0], "", masks[2]]},
        }
    ]
    assert older["changes"][0]["old"] is None
    change(admin, keys=f"{masks[2]};{masks[0]}")
    assert value(admin, KEYS) == ["sk-3", "sk-1"]
    answer = change(admin, 422, keys=[masks[1]])
    assert "enter the secret again" in answer.text


def test_a_change_counts_against_what_is_stored_now_and_not_a_second_ago(admin: Client, make_client) -> None:
    other = Client(make_client(WEBUI_SECRET_KEY="the-secret-key-of-this-test-is-long").app, admin.token)
    assert row(other, SIGNUP)["value"] == "false"
    other.registry.runtime.refresh = lambda: None
    change(admin, signup=True)
    change(other, signup=False)
    admin.registry.runtime.refresh()
    assert value(admin, SIGNUP) is False


def test_values_that_are_too_large_are_refused(admin: Client) -> None:
    for name, large, told in (
        ("task.title.prompt_template", "x" * 1024 * 1024, "at most 1048576 bytes"),
        (KEYS, ["k"] * 1001, "at most 1000 secrets"),
        ("openai.api_configs", {"0": {"headers": {str(number): "x" for number in range(1001)}}}, "1000 secrets"),
    ):
        assert told in change(admin, 422, **{name: large}).text
        assert name not in stored(admin)
    change(admin, keys=["k"] * 1000)


def test_what_looks_like_an_encrypted_value_is_encrypted_too(admin: Client) -> None:
    lookalike = {"encrypted": "x", "key": ""}
    change(admin, **{"openai.api_configs": lookalike})
    assert stored(admin)["openai.api_configs"] != lookalike
    admin.registry.runtime.refresh()
    assert value(admin, "openai.api_configs") == lookalike


def test_a_secret_that_cannot_be_read_can_be_entered_again_or_unset(admin: Client, make_client) -> None:
    change(admin, keys=["sk-1"])
    moved = signed_in_elsewhere(admin, make_client)
    assert value(moved, KEYS) == []
    assert history(moved)[0]["changes"][0]["new"] == "••••••"
    change(moved, keys=None)
    assert KEYS not in stored(moved)
    version = history(moved)[0]["version"]
    change(moved, keys=["sk-2"], days=7)
    assert value(moved, KEYS) == ["sk-2"]
    answer = moved.post(f"{HISTORY}/{version - 1}/restore", None, status=200).json
    assert [item["name"] for item in answer["restored"]] == [DAYS]
    assert "secret key that is not here" in answer["left_out"][KEYS]
    assert value(moved, KEYS) == ["sk-2"]
    assert DAYS not in stored(moved)


def test_a_secret_that_cannot_be_read_is_told_where_the_source_of_the_value_is(admin: Client, make_client) -> None:
    change(admin, keys=["sk-1"])
    before = stored(admin)
    moved = signed_in_elsewhere(admin, make_client)
    told = "database, but not readable with the secret key that is here; in force: default"
    assert (row(moved, KEYS)["source"], row(moved, KEYS)["value"]) == (told, "")
    (unchanged,) = change(moved, keys=[""]).json
    assert unchanged["source"] == told
    assert stored(moved) == before
    (entered,) = change(moved, keys=["sk-2"]).json
    assert entered["source"] == row(moved, KEYS)["source"] == "database"
    change(moved, keys=None)
    assert row(moved, KEYS)["source"] == "default"


def test_a_pinned_setting_is_pinned_whether_or_not_what_is_stored_can_be_read(admin: Client, make_client) -> None:
    change(admin, keys=["sk-1"])
    signed_in = signed_in_elsewhere(admin, make_client)
    options = {"OPENAI_API_KEYS": "sk-2", "WEBUI_SECRET_KEY": "another-secret-key-that-is-long-enough"}
    pinned = Client(make_client(**options).app, signed_in.token)
    assert row(pinned, KEYS)["source"] == "environment OPENAI_API_KEYS"
    for wanted in (None, [""], ["sk-3"]):
        assert "is set by environment OPENAI_API_KEYS" in change(pinned, 409, keys=wanted).text
    assert change(pinned, keys=["sk-2"]).json[0]["locked"] is True


def test_a_secret_that_cannot_be_read_outlives_forms_that_show_it_as_empty(admin: Client, make_client) -> None:
    images, openai, key = "/api/v1/images/config", "/openai/config", "image_generation.openai.api_key"
    change(admin, keys=["sk-1"], **{key: "sk-2"})
    before = stored(admin)
    moved = signed_in_elsewhere(admin, make_client)
    form = moved.get(images, status=200).json
    assert form["IMAGES_OPENAI_API_KEY"] == ""
    moved.post(f"{images}/update", form | {"IMAGE_STEPS": 9}, status=200)
    form = moved.get(openai, status=200).json
    urls = ["http://127.0.0.1:9", *form["OPENAI_API_BASE_URLS"]]
    moved.post(f"{openai}/update", form | {"OPENAI_API_BASE_URLS": urls}, status=200)
    change(moved, keys="", **{key: ""})
    assert [stored(moved)[name] for name in (KEYS, key)] == [before[KEYS], before[key]]
    moved.post(f"{images}/update", {"IMAGES_OPENAI_API_KEY": "sk-3"}, status=200)
    change(moved, keys=None)
    assert value(moved, key) == "sk-3"
    assert KEYS not in stored(moved)


def test_reading_the_settings_asks_the_database_only_who_asks(admin: Client) -> None:
    admin.get(SETTINGS)
    with counted_statements(admin.registry.database.engine) as statements:
        admin.get(SETTINGS, status=200)
    assert len(statements) == 1


def test_the_settings_are_the_administrators(admin: Client) -> None:
    change(admin, signup=True)
    for person in (Client(admin.app), Client(admin.app).sign_up()):
        for answer in (
            person.get(SETTINGS),
            person.post(SETTINGS, {SIGNUP: False}),
            person.get(HISTORY),
            person.post(f"{HISTORY}/1/restore", None),
        ):
            assert answer.status_int == 401


def test_nothing_is_stored_where_stored_settings_are_not_used(make_client) -> None:
    admin = make_client(ENABLE_PERSISTENT_CONFIG="false").sign_up()
    assert "ENABLE_PERSISTENT_CONFIG" in change(admin, 409, days=7).text
    database: Database = admin.registry.database
    with database.reader() as connection:
        assert DAYS not in stored_values(connection)[1]

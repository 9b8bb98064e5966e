"""What the settings were: who changed what, the line in the log, and the way back."""

from __future__ import annotations

import logging

import pytest

from tests.functional.settings.conftest import DAYS, HISTORY, KEYS, SIGNUP, change, history, stored, value
from tests.support import Client
from webui.models.setting import store_values
from webui.services.settings import change_settings


def test_who_changed_what_and_when_is_in_the_history(admin: Client) -> None:
    change(admin, signup=True, days=7)
    change(admin, days=7)  # changes nothing
    change(admin, days=None)
    newest, older, *_ = history(admin)
    assert [(item["name"], item["old"], item["new"]) for item in newest["changes"]] == [(DAYS, 7, None)]
    assert [(item["name"], item["old"], item["new"]) for item in older["changes"]] == [
        (DAYS, None, 7),
        (SIGNUP, False, True),
    ]
    assert newest["version"] == older["version"] + 1
    assert (newest["changed_by"], newest["changed_by_name"]) == (admin.user["id"], "Ada")
    assert newest["changed_at"] >= older["changed_at"] > 0
    assert history(admin, page=2) == []
    admin.get(f"{HISTORY}?page=0", status=422)


def test_every_change_that_is_committed_has_a_line_in_the_log(admin: Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="webui.services.settings"):
        change(admin, signup=True, keys=["sk-1"])
        change(admin, signup=True)  # changes nothing
        change(admin, 409, signup=False, role="admin")
        admin.post(f"{HISTORY}/{history(admin)[1]['version']}/restore", None, status=200)
    lines = [(record.getMessage(), vars(record)["user_id"]) for record in caplog.records]
    assert lines == [("Settings changed: openai.api_keys, ui.enable_signup", admin.user["id"])] * 2


def test_a_change_that_is_not_committed_has_no_line_in_the_log(admin: Client, caplog: pytest.LogCaptureFixture) -> None:
    registry = admin.registry
    with caplog.at_level(logging.INFO, logger="webui.services.settings"), registry.database.begin() as db:
        change_settings(db, registry.runtime.settings, registry.vault, {DAYS: 7}, user_id=admin.user["id"])
        db.rollback()
    assert caplog.records == []


def test_any_version_can_be_restored_and_that_is_a_change_too(admin: Client) -> None:
    change(admin, keys=["sk-1"], days=7)
    version = history(admin)[0]["version"]
    change(admin, keys=["sk-2"])
    change(admin, keys=["sk-3"], days=8, signup=True)
    answer = admin.post(f"{HISTORY}/{version}/restore", None, status=200)
    assert {item["name"] for item in answer.json["restored"]} == {KEYS, DAYS, SIGNUP}
    assert answer.json["left_out"] == {}
    assert "sk-" not in answer.text
    assert [value(admin, name) for name in (KEYS, DAYS, SIGNUP)] == [["sk-1"], 7, False]
    newest = history(admin)[0]
    assert newest["version"] == version + 3
    assert {item["name"] for item in newest["changes"]} == {KEYS, DAYS, SIGNUP}
    admin.post(f"{HISTORY}/{version - 1}/restore", None, status=200)
    assert DAYS not in stored(admin)
    assert KEYS not in stored(admin)
    admin.post(f"{HISTORY}/{version + 3}/restore", None, status=200)
    assert value(admin, KEYS) == ["sk-1"]
    for wrong, status in (("99", 404), ("x", 422), ("-1", 422), ("9" * 30, 422)):
        admin.post(f"{HISTORY}/{wrong}/restore", None, status=status)


def test_restoring_leaves_what_is_pinned_as_it_is_and_names_it(admin: Client, make_client) -> None:
    change(admin, days=7)
    version = history(admin)[0]["version"]
    change(admin, days=8, keys=["sk-1"], signup=True, **{"ui.banners": []})
    pinned = Client(
        make_client(
            **{"CHAT_TRASH_DAYS": "9", "OPENAI_API_KEYS": "sk-2", "DEFAULT_USER_ROLE": "user"},
            **{"WEBUI_SECRET_KEY": "the-secret-key-of-this-test-is-long"},
        ).app,
        admin.token,
    )
    before = stored(pinned)
    answer = pinned.post(f"{HISTORY}/{version}/restore", None, status=200).json
    assert [item["name"] for item in answer["restored"]] == [SIGNUP]
    assert {name: reason.partition(";")[0] for name, reason in answer["left_out"].items()} == {
        DAYS: "CHAT_TRASH_DAYS is set by environment CHAT_TRASH_DAYS",
        KEYS: "OPENAI_API_KEYS is set by environment OPENAI_API_KEYS",
    }
    assert stored(pinned) == before | {SIGNUP: False}
    assert [item["name"] for item in history(pinned)[0]["changes"]] == [SIGNUP]
    change(pinned, signup=True)
    again = pinned.post(f"{HISTORY}/{version + 1}/restore", None, status=200).json
    assert again == {"restored": [], "left_out": {}}  # all is stored as it was then


def test_nothing_is_restored_where_stored_settings_are_not_used(admin: Client, make_client) -> None:
    change(admin, days=7)
    options = {"ENABLE_PERSISTENT_CONFIG": "false", "WEBUI_SECRET_KEY": "the-secret-key-of-this-test-is-long"}
    other = Client(make_client(**options).app, admin.token)
    answer = other.post(f"{HISTORY}/{history(admin)[1]['version']}/restore", None, status=200).json
    assert answer["restored"] == []
    assert "ENABLE_PERSISTENT_CONFIG" in answer["left_out"][DAYS]
    assert stored(admin)[DAYS] == 7


def test_what_cannot_be_restored_is_named_and_the_rest_is_restored(admin: Client) -> None:
    with admin.registry.database.begin() as db:
        store_values(db, {DAYS: "as long as it takes", "ui.banners": []}, updated_by=None)
    change(admin, days=7, keys=["sk-1"])
    answer = admin.post(f"{HISTORY}/{history(admin)[1]['version']}/restore", None, status=200).json
    assert [item["name"] for item in answer["restored"]] == [KEYS]
    assert "CHAT_TRASH_DAYS must be a whole number" in answer["left_out"][DAYS]
    assert value(admin, DAYS) == 7
    assert KEYS not in stored(admin)


def test_restoring_what_was_before_the_first_account_leaves_the_sign_up_closed(admin: Client) -> None:
    change(admin, days=7)
    answer = admin.post(f"{HISTORY}/0/restore", None, status=200).json
    assert [item["name"] for item in answer["restored"]] == [DAYS]
    assert "closed the sign-up" in answer["left_out"][SIGNUP]
    assert value(admin, SIGNUP) is False


def test_long_values_are_shortened_in_the_history(admin: Client) -> None:
    template = "x" * 5000
    change(admin, **{"task.title.prompt_template": template})
    (changed,) = history(admin)[0]["changes"]
    assert (changed["old"], changed["new"]) == (None, '"' + "x" * 999 + "…")
    assert value(admin, "task.title.prompt_template") == template

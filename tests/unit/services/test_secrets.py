from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from pydantic_core import from_json

from webui.models import Database, SettingChange, StoredSetting
from webui.models.database import create_engine
from webui.models.setting import store_values, stored_values
from webui.security.keys import Keyring, fingerprint
from webui.security.vault import Vault, is_sealed
from webui.services.secrets import masked, masks, opened, protect, sealed, shown_stored, unmasked, wrong_key
from webui.settings import SETTINGS, Setting
from webui.settings.parsers import HIDDEN

OLD, NEW = "old-" * 8, "new-" * 8
BY_NAME = {setting.name: setting for setting in SETTINGS}
KEYS, CONFIGS, URLS = (BY_NAME[f"openai.api_{name}"] for name in ("keys", "configs", "base_urls"))
SIGNUP = BY_NAME["ui.enable_signup"]


@pytest.fixture
def database(clean_database_url: sa.URL) -> Iterator[Database]:
    found = Database(create_engine(clean_database_url, wal=True))
    yield found
    found.dispose()


def vault(*keys: str) -> Vault:
    return Vault(lambda: Keyring(keys or (NEW,)))


def m(text: str) -> str:
    return vault().mask(text)


@pytest.mark.parametrize(
    ("setting", "value", "shown"),
    [
        (KEYS, ["sk-1", "", "sk-2"], [m("sk-1"), "", m("sk-2")]),
        (URLS, ["http://a/v1", "http://ada:pw@a/v1"], ["http://a/v1", f"http://{m('ada:pw')}@a/v1"]),
        (CONFIGS, {}, {}),
        (
            CONFIGS,
            {"0": {"api_key": "k", "headers": {"X": "a", "Y": ["b", {"z": "c"}]}, "enable": True, "name": "n"}},
            {
                "0": {
                    **{"api_key": m("k"), "headers": {"X": m("a"), "Y": [m("b"), {"z": m("c")}]}},
                    **{"enable": True, "name": "n"},
                }
            },
        ),
        (CONFIGS, {"0": {"url": "http://ada:pw@a/", "max_tokens": 7}}, None),
        (SIGNUP, False, False),
    ],
)
def test_secrets_are_masked_and_come_back_by_their_masks(setting: Setting, value: Any, shown: Any) -> None:
    found = masked(vault(), setting, value)
    if shown is not None:
        assert found == shown
    assert "pw" not in repr(found)
    assert unmasked(setting, found, masks(vault(), setting, value)) == value


def test_a_mask_that_is_not_known_is_refused() -> None:
    for setting, value in ((KEYS, [m("x")]), (CONFIGS, {"0": {"key": m("x")}}), (URLS, [f"http://{m('x')}@a"])):
        with pytest.raises(ValueError, match="enter the secret again"):
            unmasked(setting, value, masks(vault(), setting, ["y"]))


@pytest.mark.parametrize("text", ["sk-abc/def", "sk-#hash", "a?b=c", "plain"])
def test_a_mask_stands_for_its_secret_only_at_the_same_kind_of_place(text: str) -> None:
    known = masks(vault(), CONFIGS, {"0": {"key": text}})
    assert unmasked(CONFIGS, {"0": {"headers": {"X": m(text)}}}, known) == {"0": {"headers": {"X": text}}}
    for setting, value in ((URLS, [f"http://{m(text)}@a"]), (CONFIGS, {"0": {"note": f"//{m(text)}@"}})):
        with pytest.raises(ValueError, match="enter the secret again"):
            unmasked(setting, value, known)
    with pytest.raises(ValueError, match="enter the secret again"):
        unmasked(KEYS, [m("ada:pw")], masks(vault(), URLS, ["http://ada:pw@a"]))


@pytest.mark.parametrize(
    ("setting", "value", "secret"),
    [
        (KEYS, ["sk-1"], True),
        (KEYS, "sk-1;sk-2", True),
        (KEYS, ["", ""], False),
        (URLS, ["http://a"], False),
        (URLS, "http://ada:pw@a", True),
        (URLS, {"of": "an old type"}, True),
        (CONFIGS, {"0": {"enable": False}}, False),
        (CONFIGS, '{"0": {"key": "k"}}', True),
        (SIGNUP, True, False),
        (KEYS, None, False),
    ],
)
def test_what_has_a_secret_in_it_is_stored_encrypted(setting: Setting, value: Any, secret: bool) -> None:
    stored = sealed(vault(), setting, value)
    assert is_sealed(stored) is secret
    assert opened(vault(), {setting.name: stored})[0] == {setting.name: value}


def test_settings_that_are_no_secrets_are_never_opened() -> None:
    stolen = vault().seal("sk-1")
    assert opened(vault(), {"ui.banners": stolen})[0] == {"ui.banners": stolen}
    assert shown_stored(vault(), "ui.banners", stolen) == HIDDEN


def test_what_is_sealed_within_a_value_gets_under_the_current_key(database: Database) -> None:
    servers = BY_NAME["tool_server.connections"]
    previous, both, lost = vault(OLD), vault(NEW, OLD), vault("lost" * 8)
    sealed_texts = [previous.seal_text({"client_id": "c"}), lost.seal_text({}), '{"encrypted"', "{}"]
    stored = [{"url": "http://a", "info": {"oauth_client_info": text}} for text in sealed_texts]
    with database.begin() as db:
        store_values(db, {servers.name: stored}, updated_by=None)
    with database.begin() as db:
        assert protect(db, both)[0] == 2  # the value, and the same in its history
        first, *others = stored_values(db.connection())[1][servers.name]
        assert vault().open(from_json(first["info"]["oauth_client_info"])) == {"client_id": "c"}
        assert others == stored[1:]
        assert protect(db, both)[0] == 0


def test_every_stored_secret_and_that_of_the_history_gets_under_the_current_key(database: Database) -> None:
    previous, lost = vault(OLD), vault("lost" * 8)
    with database.begin() as db:
        store_values(db, {KEYS.name: ["plain"], SIGNUP.name: False}, updated_by=None)
        store_values(db, {KEYS.name: previous.seal(["sk-1"]), URLS.name: ["http://a"]}, updated_by=None)
        store_values(db, {CONFIGS.name: lost.seal({"0": {"key": "k"}})}, updated_by=None)
        version, before = stored_values(db.connection())
    both = vault(NEW, OLD)
    with database.begin() as db:
        count, unreadable = protect(db, both)
        assert (count, unreadable.names) == (4, {fingerprint("lost" * 8): [CONFIGS.name]})
    with database.begin() as db:
        assert protect(db, vault())[0] == 0
        now, after = stored_values(db.connection())
        assert now == version
        assert vault().open(after[KEYS.name]) == ["sk-1"]
        assert [after[name] for name in (SIGNUP.name, URLS.name, CONFIGS.name)] == [
            *(False, ["http://a"]),
            before[CONFIGS.name],
        ]
        first, second = db.scalars(
            sa.select(SettingChange).where(SettingChange.name == KEYS.name).order_by(SettingChange.version)
        )
        assert [vault().open(value) for value in (first.old, first.new)] == [None, ["plain"]]
        assert [vault().open(value) for value in (second.old, second.new)] == [["plain"], ["sk-1"]]
        assert db.get(StoredSetting, SIGNUP.name).value is False


def test_another_secret_key_than_ever_before_is_told() -> None:
    since = datetime(2026, 11, 23, tzinfo=UTC)
    text = wrong_key({fingerprint(OLD): since}, Keyring((NEW,)))
    for part in (fingerprint(OLD), "2026-11-23", fingerprint(NEW), "WEBUI_SECRET_KEY_PREVIOUS", "webui keys rotate"):
        assert part in (text or "")
    assert wrong_key({fingerprint(OLD): since}, Keyring((NEW, OLD))) is None
    assert wrong_key({}, Keyring((NEW,))) is None


def test_the_values_of_every_setting_that_may_hold_secrets_are_json() -> None:
    """So that a value with its masks replaced can be stored as it is."""
    for setting in SETTINGS:
        if setting.runtime and setting.holds_secrets and setting.default is not None:
            assert isinstance(setting.type.parse(setting.default), str | list | dict | None), setting.name

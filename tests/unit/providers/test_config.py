from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from webui.providers.config import ConnectionConfig, raw_config, read_config
from webui.settings.declarations.models import MODELS

SETTINGS = {setting.name: setting for setting in MODELS}


def test_what_is_not_named_has_a_default() -> None:
    config = ConnectionConfig.model_validate({"something": "else", "prefix_id": None})
    assert config == ConnectionConfig()
    assert (config.enable, config.outside("m"), config.inside("m")) == (True, "m", "m")


def test_a_prefix_is_put_on_and_taken_off_once() -> None:
    config = ConnectionConfig(prefix_id="a.b")
    assert config.outside("a.b.m") == "a.b.a.b.m"
    assert config.inside("a.b.a.b.m") == "a.b.m"


@pytest.mark.parametrize("kind", ["", "bearer", "none"])
def test_these_kinds_of_authentication_are_served(kind: str) -> None:
    assert ConnectionConfig(auth_type=kind).auth_type == kind


@pytest.mark.parametrize(
    "wrong",
    [
        {"enable": 1},
        {"auth_type": "session"},
        {"auth_type": "system_oauth"},
        {"headers": {"": "x"}},
        {"headers": {"Content-Length": "1"}},
        {"headers": {"X": "\N{SNOWMAN}"}},
        {"tags": [{}]},
        {"model_ids": "m"},
    ],
    ids=str,
)
def test_what_is_wrong_is_dropped_alone_and_only_when_it_is_stored(wrong: dict[str, Any], caplog) -> None:
    raw = {"prefix_id": "p", **wrong}
    with pytest.raises(ValidationError):
        ConnectionConfig.model_validate(raw)
    assert read_config(raw, name="host") == ConnectionConfig(prefix_id="p")
    assert "The configuration of the connection host is used only in part." in caplog.text


@pytest.mark.parametrize("raw", [None, 7, [], "x"])
def test_what_is_no_object_at_all_counts_as_none(raw: Any) -> None:
    assert read_config(raw, name="host") == ConnectionConfig()


def test_the_place_of_a_connection_counts_before_its_address() -> None:
    configs = {"0": {"prefix_id": "place"}, "http://a": {"prefix_id": "address"}}
    assert raw_config(configs, 0, "http://a") == {"prefix_id": "place"}
    assert raw_config(configs, 1, "http://a") == {"prefix_id": "address"}
    assert raw_config(configs, 2, "http://b") == {}


@pytest.mark.parametrize("name", ["openai.api_configs", "ollama.api_configs"])
def test_credentials_in_it_are_not_shown(name: str) -> None:
    setting = SETTINGS[name]
    value = {"0": {"key": "s3cret", "headers": {"X-Key": "s3cret"}, "prefix_id": "p"}, "1": {"headers": "s3cret"}}
    shown = setting.show(value)
    assert "s3cret" not in shown
    assert '"prefix_id":"p"' in shown
    assert '"X-Key"' in shown
    assert "s3cret" not in setting.show_raw('{"0": {"key": "s3cret"')

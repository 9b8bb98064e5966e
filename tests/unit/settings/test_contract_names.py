"""Every variable of Open WebUI 0.6.43 is known here: declared as a setting, or rejected with a reason."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from webui.settings import SETTINGS, Setting, load
from webui.settings.declarations import VARIABLES
from webui.settings.declarations.permissions import PREFIX
from webui.settings.unsupported import COMMON, READ_BY_START_SH, UNSUPPORTED

CONTRACT = json.loads((Path(__file__).parents[2] / "data" / "settings-0.6.43.json").read_text(encoding="utf-8"))
FACTS: dict[str, dict[str, Any]] = CONTRACT["variables"]
BY_VARIABLE = {variable: setting for setting in SETTINGS for variable in setting.variables}
DECLARED = {name: fact for name, fact in FACTS.items() if name in VARIABLES}
KINDS = {  # of the contract, to what the labels of our types begin with
    "str": ("",),
    "bool": ("boolean",),
    "int": ("integer", "duration", "size"),
    "float": ("number", "duration"),
    "path": ("path",),
    "list": ("list", "origins", "URLs"),
    "json": ("JSON",),
}
OTHER_DEFAULTS = {  # and why
    "WEBUI_NAME": "the product's own name",
    "WEBUI_SECRET_KEY_FILE": "in DATA_DIR, wherever the server is started from",
    "CORS_ALLOW_ORIGIN": "no other site needs to call the API, so none may",
    "GLOBAL_LOG_LEVEL": "empty there means INFO too",
    "DATABASE_POOL_MAX_OVERFLOW": "a burst of requests waits for no connection",
    "DATABASE_ENABLE_SQLITE_WAL": "without it readers and the writer wait for each other",
    "XFRAME_OPTIONS": "no other site puts the page into a frame of its own",
    "XCONTENT_TYPE": "no browser guesses what an upload is",
    "REFERRER_POLICY": "no other site learns the address of a chat",
    "OLLAMA_BASE_URLS": "the default of OLLAMA_BASE_URL there, which is the same setting here",
    "OPENAI_API_BASE_URLS": "the default of OPENAI_API_BASE_URL there, which is the same setting here",
    "MODELS_CACHE_TTL": "no page waits for the model servers each second",
    "ENABLE_VERSION_UPDATE_CHECK": "nobody is asked about releases unless somebody wants that",
    "OTEL_SERVICE_NAME": "the product's own name",
}


def test_every_variable_is_declared_or_rejected_with_a_reason() -> None:
    assert sorted(FACTS.keys() - VARIABLES - UNSUPPORTED.keys() - READ_BY_START_SH.keys()) == []


def test_no_variable_is_both_declared_and_rejected() -> None:
    assert sorted(VARIABLES & UNSUPPORTED.keys()) == []


def test_only_variables_of_the_contract_are_rejected() -> None:
    assert sorted(UNSUPPORTED.keys() - FACTS.keys()) == []
    assert UNSUPPORTED.keys() >= COMMON
    assert all(told.endswith(".") for told in UNSUPPORTED.values())


def test_what_the_contract_stores_has_its_path_as_name_and_can_change_at_run_time() -> None:
    stored = {name: (fact["persistent"], True) for name, fact in DECLARED.items() if "persistent" in fact}
    assert stored == {name: (BY_VARIABLE[name].name, BY_VARIABLE[name].runtime) for name in stored}


def test_what_the_contract_stores_without_a_variable_is_declared_too() -> None:
    names = {setting.name for setting in SETTINGS if setting.runtime}
    paths = set(CONTRACT["persistent_without_variable"])
    assert paths - names == {PREFIX}  # the document of permissions, of which each is a setting
    assert any(name.startswith(f"{PREFIX}.") for name in names)


def test_a_variable_takes_the_kind_of_value_that_the_contract_has() -> None:
    labels = {name: (fact["type"], BY_VARIABLE[name].type.label) for name, fact in DECLARED.items()}
    assert {name: found for name, found in labels.items() if not found[1].startswith(KINDS[found[0]])} == {}


def test_other_names_of_a_variable_are_names_of_the_same_setting() -> None:
    for old, fact in DECLARED.items():
        if "alias_of" in fact:
            assert BY_VARIABLE[old] is BY_VARIABLE[fact["alias_of"]]
            assert old in BY_VARIABLE[old].aliases


def test_defaults_are_those_of_the_contract_but_for_known_ones() -> None:
    defaults = load({}, {})
    different = {
        setting.env
        for setting in SETTINGS
        if (fact := FACTS.get(setting.env)) and not _means(setting, fact, defaults[setting.name])
    }
    assert different == OTHER_DEFAULTS.keys()


def _means(setting: Setting, fact: dict[str, Any], value: object) -> bool:
    """Whether the contract's default means this value; one that the contract computes is not compared."""
    if fact.get("computed"):
        return True
    text = fact["default"] or {"bool": "false"}.get(fact["type"])
    if text is None:
        return value in (None, "", [], {})
    try:
        return bool(setting.type.parse(text) == value)
    except ValueError:
        return False

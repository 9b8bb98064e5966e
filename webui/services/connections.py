"""What administrators see and set of the connections to model servers."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from pydantic import ValidationError

from webui.errors import ApiError, Problem
from webui.providers.config import ConnectionConfig, raw_config, sendable_key
from webui.providers.connection import Connection, Kind, Spec
from webui.providers.connections import specs
from webui.providers.factory import credentials_clash, place
from webui.providers.health import State
from webui.security.vault import Vault
from webui.services.secrets import Secret, masked, masks, unmasked
from webui.settings import Setting, Settings

# The contract's fields, and the settings that hold them.
FIELDS: dict[Kind, dict[str, str]] = {
    "openai": {
        "ENABLE_OPENAI_API": "openai.enable",
        "OPENAI_API_BASE_URLS": "openai.api_base_urls",
        "OPENAI_API_KEYS": "openai.api_keys",
        "OPENAI_API_CONFIGS": "openai.api_configs",
    },
    "ollama": {
        "ENABLE_OLLAMA_API": "ollama.enable",
        "OLLAMA_BASE_URLS": "ollama.base_urls",
        "OLLAMA_API_CONFIGS": "ollama.api_configs",
    },
}
URLS: dict[Kind, str] = {"openai": "OPENAI_API_BASE_URLS", "ollama": "OLLAMA_BASE_URLS"}
CONFIGS: dict[Kind, str] = {"openai": "OPENAI_API_CONFIGS", "ollama": "OLLAMA_API_CONFIGS"}

PORTS = {"http": 80, "https": 443}

Place = list[str | int]  # of what is wrong, in the request
Server = tuple[str, str | None, int]  # scheme, host, and port of an address


def shown_config(settings: Settings, vault: Vault, kind: Kind) -> dict[str, Any]:
    """The contract's fields, with masks in the place of secrets."""
    fields = _config(settings, kind)
    return {field: masked(vault, _setting(settings, kind, field), value) for field, value in fields.items()}


def wanted_settings(settings: Settings, vault: Vault, kind: Kind, form: dict[str, Any]) -> dict[str, Any]:
    """What to store (setting to JSON value) so that the contract's fields become those of the form.

    A key for each address, no more and no less; configurations of addresses that are gone are dropped; a mask stands
    for the secret that it was made of, if that is stored for the same server. 422 for any other mask, an address that
    is none, a configuration that cannot be followed, and a key that cannot be sent.
    """
    urls_field, configs_field = URLS[kind], CONFIGS[kind]
    if kind == "openai":
        form = form | {"OPENAI_API_KEYS": _fitting(form["OPENAI_API_KEYS"], form[urls_field])}
    wanted = _with_secrets(settings, vault, kind, {name: value for name, value in form.items() if value is not None})
    for index, url in enumerate(_addresses(settings, kind, wanted[urls_field], ["body", urls_field])):
        config = _checked(wanted[configs_field].get(str(index), {}), ["body", configs_field, str(index)])
        if kind == "openai":
            key = wanted["OPENAI_API_KEYS"][index]
            _check_credentials(Spec(kind, index, url, key, config), ["body", "OPENAI_API_KEYS", index])
        else:
            _check_credentials(Spec(kind, index, url, config.key, config), ["body", configs_field, str(index), "key"])
    # Fields that are as they are shown are left out: a list of keys that was only filled up is no change.
    now = _config(settings, kind)
    return {
        name: wanted[field] for field, name in FIELDS[kind].items() if field in wanted and wanted[field] != now[field]
    }


def spec_to_verify(
    settings: Settings, vault: Vault, kind: Kind, *, url: str, key: str, config: dict[str, Any] | None = None
) -> Spec:
    """A connection that need not be stored, though masks in it stand for secrets that are stored for the same server.

    422 when it cannot be one.
    """
    (address,) = _addresses(settings, kind, [url], ["body", "url"])
    full = partial(_unmasked, _masks(settings, vault, kind).get(server_at(address), {}))
    configs = _setting(settings, kind, CONFIGS[kind])
    url = full(_setting(settings, kind, URLS[kind]), address, ["body", "url"])
    key = full(configs, key, ["body", "key"])
    config = full(configs, config, ["body", "config"])
    spec = Spec(kind, url=url, key=key, config=_checked(config or {}, ["body", "config"]))
    _check_credentials(spec, ["body", "key"])
    return spec


def specs_to_verify(settings: Settings, changes: Mapping[str, Any]) -> list[Spec]:
    """The connections in use that would be new, or others than before, with these changes (setting to JSON value)."""
    parsed = {name: settings.resolved(name).setting.type.parse(value) for name, value in changes.items()}
    known = [replace(spec, index=0) for spec, used in specs(settings) if used]
    return [spec for spec, used in specs({**settings, **parsed}) if used and replace(spec, index=0) not in known]


def described(connection: Connection) -> dict[str, Any]:
    """How a connection is doing, from memory; without credentials."""
    health, latency, waits = connection.health, connection.latency, connection.health.waits
    return {
        "kind": connection.spec.kind,
        "index": connection.index,
        "name": connection.name,
        "url": shown_address(connection.spec.url),
        "enabled": connection.enabled,
        "state": health.state if connection.enabled else State.UNKNOWN,
        "error": health.error or connection.error,
        "failures": health.failures,
        "retry_at": int(time.time() + waits) if waits else None,
        "models": len(connection.offered),
        "listed_at": None if connection.listed_at is None else int(connection.listed_at),
        "latency_ms": None if latency is None else round(latency * 1000, 1),
    }


def shown_address(url: str) -> str:
    """An address without credentials: no user, and no query, which may hold a key."""
    return urlsplit(url)._replace(netloc=place(url), query="").geturl()


def _config(settings: Settings, kind: Kind) -> dict[str, Any]:
    fields = {field: settings[name] for field, name in FIELDS[kind].items()}
    if kind == "openai":
        fields["OPENAI_API_KEYS"] = _fitting(fields["OPENAI_API_KEYS"], fields["OPENAI_API_BASE_URLS"])
    return fields


def _setting(settings: Settings, kind: Kind, field: str) -> Setting:
    return settings.resolved(FIELDS[kind][field]).setting


def _masks(settings: Settings, vault: Vault, kind: Kind) -> dict[Server, dict[Secret, str]]:
    """The secrets of the connections to each server, by their masks: no other server gets what a mask stands for."""
    known: dict[Server, dict[Secret, str]] = {}
    fields = _config(settings, kind)
    for index, url in enumerate(fields[URLS[kind]]):
        stored = {URLS[kind]: url, CONFIGS[kind]: raw_config(fields[CONFIGS[kind]], index, url)}
        if kind == "openai":
            stored["OPENAI_API_KEYS"] = fields["OPENAI_API_KEYS"][index]
        for field, value in stored.items():
            known.setdefault(server_at(url), {}).update(masks(vault, _setting(settings, kind, field), value))
    return known


def _with_secrets(settings: Settings, vault: Vault, kind: Kind, form: dict[str, Any]) -> dict[str, Any]:
    """The form with secrets in the place of their masks, and only the configurations of its addresses."""
    stored, setting = _masks(settings, vault, kind), partial(_setting, settings, kind)
    urls_field, configs_field = URLS[kind], CONFIGS[kind]
    urls, configs, keys = list(form[urls_field]), form[configs_field], list(form.get("OPENAI_API_KEYS", ()))
    kept = {}
    for index, address in enumerate(_addresses(settings, kind, urls, ["body", urls_field])):
        full = partial(_unmasked, stored.get(server_at(address), {}))
        url = urls[index] = full(setting(urls_field), urls[index], ["body", urls_field, index])
        if (at := str(index)) in configs or url in configs:
            kept[at] = full(setting(configs_field), raw_config(configs, index, url), ["body", configs_field, at])
        if keys:
            keys[index] = full(setting("OPENAI_API_KEYS"), keys[index], ["body", "OPENAI_API_KEYS", index])
    return form | {urls_field: urls, configs_field: kept} | ({"OPENAI_API_KEYS": keys} if keys else {})


def _unmasked(known: Mapping[Secret, str], setting: Setting, value: Any, where: Place) -> Any:
    try:
        return unmasked(setting, value, known)
    except ValueError as error:
        raise _invalid(where, f"The value {error}, as after each change of an address.") from None


def server_at(url: str) -> Server:
    """The server of an address that is one."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or PORTS[parts.scheme]


def _fitting(keys: list[str], urls: list[str]) -> list[str]:
    return [*keys, *[""] * len(urls)][: len(urls)]


def _addresses(settings: Settings, kind: Kind, urls: list[str], where: Place) -> list[str]:
    try:
        found: list[str] = settings.resolved(FIELDS[kind][URLS[kind]]).setting.type.parse(urls)
    except ValueError as error:
        raise _invalid(where, f"The address {error}.") from None
    return found


def _check_credentials(spec: Spec, where: Place) -> None:
    """422 for a key that cannot be sent, by itself or together with the address."""
    try:
        sendable_key(spec.key)
    except ValueError as error:
        raise _invalid(where, f"{error}.") from None
    if credentials_clash(spec):
        text = "The address holds a name or a password, which cannot be sent together with a key. Remove one of them."
        raise _invalid(where, text)


def _checked(raw: Any, where: Place) -> ConnectionConfig:
    try:
        return ConnectionConfig.model_validate(raw)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        detail = [{"type": item["type"], "loc": [*where, *item["loc"]], "msg": item["msg"]} for item in found]
        raise ApiError(Problem.INVALID, detail) from None


def _invalid(where: Place, text: str) -> ApiError:
    return ApiError(Problem.INVALID, [{"type": "setting", "loc": where, "msg": text}])

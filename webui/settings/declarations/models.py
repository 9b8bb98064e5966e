from __future__ import annotations

from datetime import timedelta
from typing import Any

from pydantic_core import to_json

from webui.settings.parsers import HIDDEN, boolean, duration, integer, json_object, path, text, texts, urls
from webui.settings.setting import Setting


def _without_credentials(configs: dict[str, Any]) -> str:
    """The configurations of connections, by their numbers, without keys and the values of headers."""
    shown = {name: config | _hidden(config) for name, config in configs.items() if isinstance(config, dict)}
    return to_json(shown).decode()


def _hidden(config: dict[str, Any]) -> dict[str, Any]:
    headers = config.get("headers")
    hidden: dict[str, Any] = {name: HIDDEN for name in ("key", "headers") if config.get(name)}
    return hidden | ({"headers": dict.fromkeys(headers, HIDDEN)} if isinstance(headers, dict) else {})


MODELS = (
    Setting(
        "ollama.enable",
        boolean(),
        "true",
        "ENABLE_OLLAMA_API",
        "Whether models of Ollama servers are offered.",
        runtime=True,
    ),
    Setting(
        "ollama.base_urls",
        urls(drop_suffix="/api"),
        "http://localhost:11434",
        "OLLAMA_BASE_URLS",
        "Ollama servers, separated by ;.",
        runtime=True,
        alternatives=("OLLAMA_BASE_URL",),
        aliases=("OLLAMA_API_BASE_URL",),
    ),
    Setting(
        "ollama.api_configs",
        json_object(redact=_without_credentials),
        "{}",
        "OLLAMA_API_CONFIGS",
        "JSON object: how each of these servers is used, by its place in the list; see docs/connections.md.",
        secret=True,
        runtime=True,
    ),
    Setting(
        "openai.enable",
        boolean(),
        "true",
        "ENABLE_OPENAI_API",
        "Whether models of OpenAI-compatible APIs are offered.",
        runtime=True,
    ),
    Setting(
        "openai.api_base_urls",
        urls(empty_item="https://api.openai.com/v1"),
        "https://api.openai.com/v1",
        "OPENAI_API_BASE_URLS",
        "OpenAI-compatible APIs, separated by ;. An empty item means https://api.openai.com/v1.",
        runtime=True,
        alternatives=("OPENAI_API_BASE_URL",),
    ),
    Setting(
        "openai.api_keys",
        texts(";"),
        "",
        "OPENAI_API_KEYS",
        "Keys for these APIs in the same order, separated by ;.",
        secret=True,
        runtime=True,
        alternatives=("OPENAI_API_KEY",),
    ),
    Setting(
        "openai.api_configs",
        json_object(redact=_without_credentials),
        "{}",
        "OPENAI_API_CONFIGS",
        "JSON object: how each of these APIs is used, by its place in the list; see docs/connections.md.",
        secret=True,
        runtime=True,
    ),
    Setting(
        "models.bypass_access_control",
        boolean(),
        "false",
        "BYPASS_MODEL_ACCESS_CONTROL",
        "Whether everyone may use every model.",
    ),
    Setting(
        "models.custom_model_fallback",
        boolean(),
        "false",
        "ENABLE_CUSTOM_MODEL_FALLBACK",
        "Whether the first of DEFAULT_MODELS answers for a model of the workspace whose own base is gone.",
        planned=True,
    ),
    Setting(
        "models.forward_user_info",
        boolean(),
        "false",
        "ENABLE_FORWARD_USER_INFO_HEADERS",
        "Whether model servers are told who asks, in the headers X-OpenWebUI-User-Name, -Id, -Email and -Role.",
        planned=True,
    ),
    Setting(
        "models.base_models_cache",
        boolean(),
        "false",
        "ENABLE_BASE_MODELS_CACHE",
        "Whether the lists of models are kept until an administrator asks for them anew.",
        runtime=True,
        planned=True,
    ),
    Setting(
        "models.cache_ttl",
        duration(),
        "30s",
        "MODELS_CACHE_TTL",
        "How long the lists of models are kept; 0 asks every time.",
    ),
    Setting(
        "models.list_timeout",
        duration(least=timedelta(seconds=1)),
        "10s",
        "AIOHTTP_CLIENT_TIMEOUT_MODEL_LIST",
        "How long a model server may take to list its models.",
        aliases=("AIOHTTP_CLIENT_TIMEOUT_OPENAI_MODEL_LIST",),
    ),
    Setting(
        "models.timeout",
        duration(optional=True, least=timedelta(seconds=1)),
        "-1",
        "AIOHTTP_CLIENT_TIMEOUT",
        "How long a whole reply of a model may take; -1 for no limit.",
    ),
    Setting(
        "models.verify_tls",
        boolean(),
        "true",
        "AIOHTTP_CLIENT_SESSION_SSL",
        "Whether certificates of model servers are verified.",
    ),
    Setting("local.enable", boolean(), "true", "WEBUI_LOCAL_MODEL", "Whether this server runs a small model itself."),
    Setting(
        "local.model_path",
        path(),
        None,
        "WEBUI_LOCAL_MODEL_PATH",
        "GGUF file of that model; the packaged one when not given.",
    ),
    Setting(
        "local.model_name",
        text(),
        None,
        "WEBUI_LOCAL_MODEL_NAME",
        "Name under which it is offered; from the file when not given.",
    ),
    Setting(
        "local.threads",
        integer(0, 256),
        "0",
        "WEBUI_LOCAL_MODEL_THREADS",
        "Threads it computes with; 0 for all cores but one.",
    ),
    Setting("local.slots", integer(1, 64), "1", "WEBUI_LOCAL_MODEL_SLOTS", "Replies it writes at the same time."),
    Setting(
        "local.context",
        integer(256),
        "2048",
        "WEBUI_LOCAL_MODEL_CONTEXT",
        "Tokens that it reads for a reply; of a longer chat it reads the end.",
    ),
    Setting(
        "local.idle_timeout",
        duration(optional=True),
        "5m",
        "WEBUI_LOCAL_MODEL_IDLE_TIMEOUT",
        "After how long without use its memory is given back; -1 for never.",
    ),
    Setting(
        "local.queue_limit",
        integer(0),
        "64",
        "WEBUI_LOCAL_MODEL_QUEUE_LIMIT",
        "Requests that may wait for it; more are refused at once.",
    ),
)

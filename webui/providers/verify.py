"""Whether there is a model API at an address, and if not, at which step it failed."""

from __future__ import annotations

from typing import Any

from webui.errors import ApiError, Problem
from webui.providers.remote import RemoteProvider


async def verify(provider: RemoteProvider) -> Any:
    """The server's own list of models, or its version if it is an Ollama server.

    Raises an ``ApiError`` that tells whether the name, the connection, TLS, the time, the key or the answer was wrong.
    """
    answer = await _answer(provider, provider.probe_path)
    if provider.list_path is not None:  # many servers have a version
        await _answer(provider, provider.list_path)
    return answer


async def _answer(provider: RemoteProvider, path: str) -> Any:
    try:
        answer = await provider.get_json(path)
    except ApiError as error:
        raise _explained(provider, error) from error
    if isinstance(answer, dict):
        found = next((answer[key] for key in ("data", "models", "version") if key in answer), None)
    else:
        found = answer
    if not isinstance(found, list | str):
        raise _no_model_api(provider, "it answers in another form")
    return answer


def _explained(provider: RemoteProvider, error: ApiError) -> ApiError:
    """A status of 401 or 403 would tell our own clients that they are not signed in, so it becomes 400."""
    match error.status:
        case 401 | 403:
            text = f"{provider.name} refused the key: it answered with status {error.status}."
            return ApiError(Problem.KEY_REFUSED, text)
        case 404 | 405:
            return _no_model_api(provider, f"it answered with status {error.status}")
        case _:
            return error


def _no_model_api(provider: RemoteProvider, reason: str) -> ApiError:
    hint = " Most addresses end in /v1." if provider.probe_path == "/models" else ""
    text = f"{provider.name} is there, but has no model API at this address: {reason}.{hint}"
    return ApiError(Problem.UPSTREAM_FAILED, text)

"""Azure OpenAI: OpenAI's API, with an address for each deployment.

See https://learn.microsoft.com/azure/ai-foundry/openai/reference, "Chat completions".
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode

from webui.errors import ApiError, Problem
from webui.providers.base import ModelInfo
from webui.providers.openai import OpenAIProvider

HOSTS = (".openai.azure.com", ".cognitiveservices.azure.com")
API_VERSION = "2024-10-21"  # the last one that is generally available; newer ones have no version in the address
VERSIONED = "/openai/v1"  # where an address ends that needs neither deployments nor versions


class AzureProvider(OpenAIProvider):
    """One resource; a model is the name of a deployment. ``base_url`` is without ``/openai``."""

    def __init__(self, *, api_version: str, **options: Any) -> None:
        super().__init__(**options)
        self.base_url = self.base_url.removesuffix("/openai")
        self._query = urlencode({"api-version": api_version or API_VERSION})
        self.probe_path = f"/openai/models?{self._query}"

    async def models(self) -> list[ModelInfo]:
        """The server lists what could be deployed, not what is; ``model_ids`` has to name the deployments."""
        text = f"{self.name} cannot list its deployments. Name them as the models of this connection."
        raise ApiError(Problem.CONNECTION_NOT_FOUND, text)

    def path(self, operation: str, model: str) -> str:
        """The deployment is one segment of the path, whatever is in its name."""
        if model in {".", ".."}:
            raise ApiError(Problem.MODEL_NOT_FOUND)
        return f"/openai/deployments/{quote(model, safe='')}{operation}?{self._query}"

"""Servers that paint: whether there is one where the settings say."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from typing import Any

from webui.errors import ApiError, Problem
from webui.providers.factory import place
from webui.providers.http import HttpClient, read_json
from webui.streaming import Reply

# What each answers to everybody who may paint.
PROBES = {"automatic1111": "/sdapi/v1/options", "comfyui": "/object_info"}


async def verify_painter(http: HttpClient, settings: Mapping[str, Any]) -> Reply:
    """``true`` if the server of the engine answers, or if the engine has none of its own.

    An ``ApiError`` if not, of status 400 as the contract has it, whatever the server answered.
    """
    engine = settings["image_generation.engine"]
    if engine in PROBES:
        url = settings[f"image_generation.{engine}.base_url"]
        if not url:
            raise ApiError(Problem.MALFORMED_REQUEST, f"The address of {engine} is not set.")
        name = f"{engine} at {place(url)}"
        seconds = settings["models.list_timeout"].total_seconds()
        try:
            response = await http.request(
                "GET", url + PROBES[engine], connection=name, headers=_credentials(settings, engine), seconds=seconds
            )
            await read_json(response, connection=name)
        except ApiError as error:
            raise ApiError(Problem.UPSTREAM_FAILED, error.detail, status=400) from error
    return Reply(200, (("Content-Type", "application/json"),), b"true")


def _credentials(settings: Mapping[str, Any], engine: str) -> dict[str, str]:
    if engine == "comfyui":
        key = settings["image_generation.comfyui.api_key"]
        return {"Authorization": f"Bearer {key}"} if key else {}
    login = settings["image_generation.automatic1111.api_auth"]  # user:password, RFC 7617
    return {"Authorization": f"Basic {b64encode(login.encode()).decode()}"} if login else {}

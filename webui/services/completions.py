"""From a request for a reply to what a model server is sent: the same for every way in.

``prepare`` is called by each view that lets somebody talk to a model: chat completions, Messages, Responses, the small
tasks and the replies in the background. It finds the model, checks access, and applies what is stored about it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from webui.errors import ApiError, Problem
from webui.providers.base import ModelInfo, Route
from webui.providers.catalog import Catalog
from webui.security.identity import Identity
from webui.settings import Settings
from webui.streaming import Reply

# The page's own fields; the server reads them, model servers would refuse them.
PAGE_FIELDS = frozenset(
    "model_item background_tasks chat_id id parent_id parent_message session_id filter_ids tool_ids tool_servers files"
    " features variables params".split()
)
# What the schema has checked as a whole; no parameter replaces it.
FIXED = frozenset("model messages stream stream_options options".split())
# Parameters that the server itself follows.
SERVER_PARAMS = frozenset("stream_response stream_delta_chunk_size function_calling reasoning_tags system".split())


@dataclass(frozen=True)
class Completion:
    """A request that may be sent: where to, and what. ``model`` is the one that was asked for, as the list has it."""

    model: ModelInfo
    route: Route
    payload: dict[str, Any]
    user_id: str

    async def start(self) -> Reply:
        """Ask the model, on the background loop."""
        return await self.route.chat(self.payload, user_id=self.user_id)


def prepare(db: Session, settings: Settings, catalog: Catalog, user: Identity, form: dict[str, Any]) -> Completion:
    """The request for a reply that ``form`` (an OpenAI chat completion request with the page's fields) stands for."""
    route = find_route(db, settings, catalog, user, form["model"])
    return Completion(route.model, route, upstream_payload(form), user.id)


def find_route(db: Session, settings: Settings, catalog: Catalog, user: Identity, model_id: str) -> Route:
    """The way to a model that this user may use, else ``MODEL_NOT_FOUND``."""
    allowed = user.is_admin or settings["models.bypass_access_control"]
    route = catalog.find(model_id) if allowed else None
    if route is None:
        raise ApiError(Problem.MODEL_NOT_FOUND)
    return route


def upstream_payload(form: dict[str, Any]) -> dict[str, Any]:
    """The request without the page's fields, with its ``params`` at the top level.

    ``params.custom_params`` are passed on under names of the user's choice; ``params.system`` becomes a message.
    """
    payload = {name: value for name, value in form.items() if name not in PAGE_FIELDS}
    params = form.get("params")
    if not isinstance(params, dict):
        return payload
    custom = params.get("custom_params")
    given = {name: value for name, value in params.items() if name not in SERVER_PARAMS | {"custom_params"}}
    given |= custom if isinstance(custom, dict) else {}
    payload |= {name: value for name, value in given.items() if name not in FIXED}
    system = params.get("system")
    if isinstance(system, str) and system and payload["messages"][0].get("role") != "system":
        payload["messages"] = [{"role": "system", "content": system}, *payload["messages"]]
    return payload

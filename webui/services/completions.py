"""From a request for a reply to what a model server is sent: the same for every way in.

``prepare`` is called by each view that lets somebody talk to a model: chat completions, Messages, Responses, the small
tasks and the replies in the background. It finds the model, checks access, and applies what is stored about it. Ways
in that pass a request on in another form call ``resolve``, and those that need nothing but the model ``find_route``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import sqlalchemy as sa
from pydantic_core import from_json

from webui.errors import ApiError, Problem
from webui.models import Database
from webui.providers.base import ModelInfo, Route
from webui.providers.catalog import Catalog
from webui.security.identity import Identity
from webui.services import arena, model_list, prompt_variables
from webui.services.access import may_use
from webui.settings import Settings
from webui.streaming import Reply

# The page's own fields; the server reads them, model servers would refuse them.
PAGE_FIELDS = frozenset(
    "model_item background_tasks chat_id id parent_id parent_message session_id filter_ids tool_ids tool_servers files"
    " features variables params".split()
)
MAX_STOPS = 100  # words at which a reply ends, out of one text
# What the schema has checked as a whole; no parameter replaces it.
FIXED = frozenset("model messages stream stream_options options".split())
# Parameters that the server itself follows.
SERVER_PARAMS = frozenset("stream_response stream_delta_chunk_size function_calling reasoning_tags system".split())


@dataclass(frozen=True)
class Resolved:
    """A model that the user may use: the way to it, and what is stored to go along with each request.

    ``model`` is the one that was asked for, as the list has it. ``params`` are request parameters under OpenAI's or
    the model server's own names, ``handling`` those that the server itself follows; ``system`` may hold variables.
    ``selected_model_id`` is what an arena has chosen.
    """

    model: ModelInfo
    route: Route
    params: dict[str, Any]
    system: str | None
    handling: dict[str, Any]
    selected_model_id: str | None = None


@dataclass(frozen=True)
class Completion:
    """A request that may be sent: where to, and what. ``model`` is the one that was asked for, as the list has it.

    ``handling`` are parameters of the reply that the server itself follows (``SERVER_PARAMS``).
    """

    model: ModelInfo
    route: Route
    payload: dict[str, Any]
    user_id: str
    handling: dict[str, Any] = field(default_factory=dict)
    selected_model_id: str | None = None

    async def start(self) -> Reply:
        """Ask the model, on the background loop. The reply of an arena says which model was chosen."""
        reply = await self.route.chat(self.payload, user_id=self.user_id)
        return reply if self.selected_model_id is None else await arena.announced(reply, self.selected_model_id)


def prepare(
    database: Database,
    settings: Settings,
    catalog: Catalog,
    user: Identity,
    form: dict[str, Any],
    *,
    system: str | None = None,
) -> Completion:
    """The request for a reply that ``form`` (an OpenAI chat completion request with the page's fields) stands for.

    ``system`` is what the place where it is asked says to every model; it stands between the model's own prompt and the
    conversation's.
    """
    found = resolve(database, settings, catalog, user, form["model"])
    variables = partial(prompt_variables.values, user, form.get("variables"))
    payload = {**found.params, **upstream_payload(form), "model": found.route.model["id"]}
    prompt = "\n".join(text for text in (found.system, system) if text) or None
    payload["messages"] = with_system(payload["messages"], prompt, variables)
    handling = found.handling | server_params(form.get("params"))
    return Completion(found.model, found.route, payload, user.id, handling, found.selected_model_id)


def find_route(database: Database, settings: Settings, catalog: Catalog, user: Identity, model_id: str) -> Route:
    """The way to a model that this user may use, else ``MODEL_NOT_FOUND``."""
    return resolve(database, settings, catalog, user, model_id).route


def resolve(database: Database, settings: Settings, catalog: Catalog, user: Identity, model_id: str) -> Resolved:
    """A model that this user may use, else ``MODEL_NOT_FOUND``. One statement."""
    item = arena.arenas(settings).get(model_id)
    if item is None:
        return _resolve(settings, catalog, user, model_id, model_list.find_stored(database, catalog, model_id))
    if not arena.may_enter(user, settings, item):
        raise ApiError(Problem.MODEL_NOT_FOUND)
    offers = {offer.model["id"]: offer for offer in model_list.offers(database, settings, catalog, user)}
    chosen = arena.choose(item, [offer.model for offer in offers.values()])["id"]
    found = _resolve(settings, catalog, user, chosen, offers[chosen].stored)
    return replace(found, model=arena.describe(item), selected_model_id=chosen)


def _resolve(
    settings: Settings, catalog: Catalog, user: Identity, model_id: str, stored: sa.Row[Any] | None
) -> Resolved:
    allowed = may_use(user, settings, stored)
    route = catalog.find(model_list.base_id(stored) if stored else model_id) if allowed else None
    if route is None:
        raise ApiError(Problem.MODEL_NOT_FOUND)
    params = stored.params if stored else {}
    system = params.get("system")
    return Resolved(
        model_list.describe(route.model, stored),
        route,
        request_params(params),
        system if isinstance(system, str) and system else None,
        server_params(params),
    )


def upstream_payload(form: dict[str, Any]) -> dict[str, Any]:
    """The request without the page's fields, with its ``params`` at the top level; ``params.system`` is a message."""
    payload = {name: value for name, value in form.items() if name not in PAGE_FIELDS}
    params = form.get("params")
    if not isinstance(params, dict):
        return payload
    payload |= request_params(params)
    system = params.get("system")
    if isinstance(system, str) and system and _own_system(payload["messages"]) is None:
        payload["messages"] = [{"role": "system", "content": system}, *payload["messages"]]
    return payload


def request_params(params: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of the page, or of a stored model, as fields of a request to a model server.

    ``custom_params`` are passed on under names of the user's choice; the page has only texts for their values.
    """
    custom = params.get("custom_params")
    given = {name: value for name, value in params.items() if name not in SERVER_PARAMS | {"custom_params"}}
    if isinstance(given.get("stop"), str):  # as the page's text field has it
        given["stop"] = [text for text in given["stop"].split(",", MAX_STOPS)[:MAX_STOPS] if text]
    given |= {name: _typed(value) for name, value in custom.items()} if isinstance(custom, dict) else {}
    return {name: value for name, value in given.items() if name not in FIXED and value is not None}


def server_params(params: Any) -> dict[str, Any]:
    """Of the page's or a stored model's parameters those that no model server knows."""
    found = params.items() if isinstance(params, dict) else ()
    return {name: value for name, value in found if name in SERVER_PARAMS and value is not None}


def _typed(value: Any) -> Any:
    """The number, the object or whatever a text is the JSON of."""
    try:
        return from_json(value) if isinstance(value, str) else value
    except ValueError:
        return value


def with_system(
    messages: list[dict[str, Any]], system: str | None, variables: prompt_variables.Variables
) -> list[dict[str, Any]]:
    """The messages with a model's prompt before the conversation's own, and the variables in both replaced."""
    own = _own_system(messages)
    if own is None and system is None:
        return messages
    content = (own or {}).get("content")
    if isinstance(content, list):
        parts = [{"type": "text", "text": system}, *content] if system else content
        filled: Any = [_filled(part, variables) for part in parts]
    else:
        filled = prompt_variables.fill("\n".join(text for text in (system, content) if text), variables)
    return [{**(own or {"role": "system"}), "content": filled}, *messages[0 if own is None else 1 :]]


def _own_system(messages: list[dict[str, Any]]) -> dict[str, Any] | None:
    return messages[0] if messages and messages[0].get("role") == "system" else None


def _filled(part: Any, variables: prompt_variables.Variables) -> Any:
    match part:
        case {"type": "text", "text": str(text)}:
            return {**part, "text": prompt_variables.fill(text, variables)}
    return part

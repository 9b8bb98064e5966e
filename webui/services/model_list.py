"""The models that somebody may use: those of the connections, under what is stored about them, and custom ones.

What an administrator has stored is what its id means: a custom model (one with ``base_model_id``) stands in front of a
connection's model of the same id, so that a connection that comes and goes does not change what answers. Of other
people's models the connection's goes before, so that nobody can take an id that a connection offers later. The custom
model's own access rules count and not those of the model below it: administrators can offer a model with their prompt
alone. A model that is switched off takes those on top of it along.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from webui.errors import ApiError, Problem
from webui.models import Database, Model, Role, User
from webui.models.lookup import Lookup
from webui.providers.base import ModelInfo
from webui.providers.catalog import Catalog
from webui.security.identity import Identity
from webui.services import arena
from webui.services.access import may_use
from webui.settings import Settings


@dataclass(frozen=True)
class Offer:
    """A model that somebody may use: as the list shows it, and what is stored about it."""

    model: ModelInfo
    stored: sa.Row[Any] | None


def list_models(
    database: Database, settings: Settings, catalog: Catalog, user: Identity, *, refresh: bool = False
) -> list[ModelInfo]:
    """What the user may choose from, arenas included, in the administrators' order and then by name."""
    models = [offer.model for offer in offers(database, settings, catalog, user, refresh=refresh)]
    models += arena.listed(settings, user, models)
    order = {model_id: place for place, model_id in enumerate(settings["ui.model_order_list"])}
    return sorted(models, key=lambda model: (order.get(model["id"], len(order)), str(model["name"]).casefold()))


def offers(
    database: Database, settings: Settings, catalog: Catalog, user: Identity, *, refresh: bool = False
) -> list[Offer]:
    """What the user may use, without the arenas. One statement."""
    bases = {model["id"]: model for model in catalog.models(refresh=refresh)}
    with database.reader() as connection:
        found = connection.execute(_STORED).all()
    rows = [row for row in found if _counts(row, offered=row.id in bases)]
    stored = {row.id: row for row in rows}
    hidden = {row.id for row in rows if row.below_is_active is False}
    offered = [Offer(describe(bases[base_id(row)], row), row) for row in stored.values() if base_id(row) in bases]
    offered += [Offer(describe(model), None) for model_id, model in bases.items() if model_id not in stored]
    return [offer for offer in offered if offer.model["id"] not in hidden and may_use(user, settings, offer.stored)]


def find_stored(database: Database, catalog: Catalog, model_id: str) -> sa.Row[Any] | None:
    """What is stored about a model and counts; ``MODEL_NOT_FOUND`` where the model below is off. One statement."""
    row: sa.Row[Any] | None = _STORED_ONE.find(database, model_id=model_id)
    if row is None or not _counts(row, offered=catalog.knows(model_id)):
        return None
    if row.below_is_active is False:
        raise ApiError(Problem.MODEL_NOT_FOUND)
    return row


_Below = aliased(Model)
# Columns and no objects: each request for a reply asks this.
_STORED: sa.Select[Any] = (
    sa.select(*Model.__table__.columns, _Below.is_active.label("below_is_active"), User.role.label("owner_role"))
    .outerjoin(_Below, _Below.id == Model.base_model_id)
    .outerjoin(User, User.id == Model.user_id)
)
_STORED_ONE = Lookup(_STORED.where(Model.id == sa.bindparam("model_id")))


def _counts(row: sa.Row[Any], *, offered: bool) -> bool:
    """Whether a row is what its id means, where ``offered`` says that a connection has a model of that id."""
    return row.base_model_id is None or not offered or row.owner_role in (None, Role.ADMIN)


def base_id(stored: sa.Row[Any]) -> str:
    """The id of the connection's model that answers."""
    found: str = stored.base_model_id or stored.id
    return found


def describe(base: ModelInfo, stored: sa.Row[Any] | None = None) -> ModelInfo:
    """The list's item for a connection's model, or for what is stored on top of it."""
    extras: ModelInfo = {"actions": [], "filters": []}
    if stored is None:
        return {**extras, **base}
    item = base
    if stored.base_model_id:
        copied: ModelInfo = {name: base[name] for name in ("object", "owned_by", "connection_type") if name in base}
        item = {"id": stored.id, **copied, "created": _seconds(stored, "created_at"), "preset": True}
    tags = _tags(base.get("tags"), stored.meta.get("tags"))
    return {**extras, **item, "name": stored.name, "tags": tags, "info": _info(stored)}


def _info(stored: sa.Row[Any]) -> dict[str, Any]:
    """The row as the contract shows it to everybody who may use the model: without its parameters and prompt."""
    names = ("id", "user_id", "base_model_id", "name", "access_control", "is_active")
    return {
        **{name: getattr(stored, name) for name in names},
        "meta": {name: value for name, value in stored.meta.items() if name != "profile_image_url"},
        **{name: _seconds(stored, name) for name in ("created_at", "updated_at")},
    }


def _seconds(stored: sa.Row[Any], name: str) -> int:
    return int(getattr(stored, name).timestamp())


def _tags(*lists: Any) -> list[dict[str, str]]:
    """Each tag once; ``meta`` is whatever a client has stored."""
    tags = [tag for tags in lists if isinstance(tags, list) for tag in tags if isinstance(tag, dict)]
    names = dict.fromkeys(tag["name"] for tag in tags if isinstance(tag.get("name"), str))
    return [{"name": name} for name in names]

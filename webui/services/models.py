"""What is stored about models: custom ones, and what administrators say about those of connections.

Whoever may write a row may change it; beyond that, only administrators open a connection's model to others, take an id
that a connection has, or build on a model that they could not use themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webui.errors import ApiError, Problem
from webui.models import Model, User, utcnow
from webui.providers.catalog import Catalog
from webui.security.identity import Identity
from webui.services.access import Kind, is_shared, may, may_use
from webui.services.arena import arenas
from webui.settings import Settings

PAGE_SIZE = 30
MAX_ID = 256  # characters


@dataclass(frozen=True)
class Listing:
    """A page of custom models, each with its owner, and how many there are on all pages."""

    items: list[dict[str, Any]]
    total: int


@dataclass(frozen=True)
class Wanted:
    """Which custom models, and in what order; ``page`` counts from 1."""

    query: str | None = None
    view_option: str | None = None
    tag: str | None = None
    order_by: str | None = None
    direction: str | None = None
    page: int = 1


class ModelStore:
    """The stored models, as one user may see and change them."""

    def __init__(self, db: Session, settings: Settings, catalog: Catalog, user: Identity) -> None:
        self._db = db
        self._settings = settings
        self._catalog = catalog
        self._user = user

    def list_custom(self, wanted: Wanted) -> Listing:
        """The custom models that the user may read, the newest first. One statement.

        Access rules and tags stand in JSON, which no index finds; custom models are few enough to look through.
        """
        find = sa.select(Model, User).outerjoin(User, User.id == Model.user_id).where(Model.base_model_id.is_not(None))
        found = [
            (row, owner)
            for row, owner in self._db.execute(find).all()
            if may(self._user, self._settings, row, "read") and _fits(row, self._user.id, wanted)
        ]
        found.sort(key=lambda pair: _sort_key(pair[0], wanted.order_by), reverse=wanted.direction != "asc")
        start = (wanted.page - 1) * PAGE_SIZE
        return Listing([_owned(row, owner) for row, owner in found[start : start + PAGE_SIZE]], len(found))

    def find(self, model_id: str, kind: Kind = "read") -> Model:
        """What is stored about a model, if the user may read it, or change it."""
        row = self._db.get(Model, model_id)
        if row is None or not may(self._user, self._settings, row, "read"):
            raise ApiError(Problem.MODEL_UNKNOWN)
        if kind == "write" and not may(self._user, self._settings, row, "write"):
            raise ApiError(Problem.NO_PERMISSION, "This model is not yours to change.")
        return row

    def create(self, fields: dict[str, Any]) -> Model:
        """Store a model; ``fields`` are what a client may set, by the names of the columns."""
        self._check_id(fields["id"])
        self._check_base(fields["id"], fields["base_model_id"])
        self._check_sharing(fields["access_control"])
        row = Model(user_id=self._user.id, updated_at=utcnow(), **fields)
        self._db.add(row)
        self._db.flush()
        return row

    def update(self, fields: dict[str, Any]) -> Model:
        """Change what is stored about the model ``fields["id"]``; what is not among the fields stays."""
        row = self.find(fields["id"], "write")
        if fields.get("base_model_id", row.base_model_id) != row.base_model_id:
            if row.base_model_id is None and not self._user.is_admin:
                raise ApiError(
                    Problem.FORBIDDEN, "Only administrators put another model in a connection's model's place."
                )
            self._check_base(row.id, fields["base_model_id"])
        if fields.get("access_control", row.access_control) != row.access_control:
            self._check_sharing(fields["access_control"])
        return self._changed(row, fields)

    def toggle(self, model_id: str) -> Model:
        """Offer a model, or stop offering it."""
        row = self.find(model_id, "write")
        return self._changed(row, {"is_active": not row.is_active})

    def delete(self, model_id: str) -> None:
        """Forget what is stored about a model; one of a connection stays, as the administrators' alone."""
        self._db.delete(self.find(model_id, "write"))

    def _changed(self, row: Model, fields: dict[str, Any]) -> Model:
        for name, value in fields.items():
            setattr(row, name, value)
        row.updated_at = utcnow()
        self._db.flush()
        return row

    def _check_id(self, model_id: str) -> None:
        if len(model_id) > MAX_ID:
            raise ApiError(Problem.MALFORMED_REQUEST, f"The id of a model has at most {MAX_ID} characters.")
        if model_id in arenas(self._settings) or self._db.get(Model, model_id) is not None:
            raise ApiError(Problem.MODEL_ID_TAKEN)
        if not self._user.is_admin and any(model["id"] == model_id for model in self._catalog.models()):
            raise ApiError(Problem.MODEL_ID_TAKEN)

    def _check_base(self, model_id: str, base_id: str | None) -> None:
        """A custom model builds on a connection's model, and on one that its author may use."""
        if base_id is None:
            if not self._user.is_admin:
                text = "Only administrators describe a connection's model. Say in base_model_id what yours builds on."
                raise ApiError(Problem.FORBIDDEN, text)
            return
        base = self._db.get(Model, base_id)
        # What administrators build on may be away for the moment.
        if not self._user.is_admin and not (
            may_use(self._user, self._settings, base) and self._catalog.find(base_id) is not None
        ):
            raise ApiError(Problem.MODEL_NOT_FOUND, "The model in base_model_id does not exist, or you may not use it.")
        if base_id == model_id or base_id in arenas(self._settings) or (base is not None and base.base_model_id):
            text = "A custom model builds on a model of a connection. Put that one's id into base_model_id."
            raise ApiError(Problem.MALFORMED_REQUEST, text)

    def _check_sharing(self, access_control: dict[str, Any] | None) -> None:
        """Others than administrators need permission to share with some, and another to share with all."""
        if self._user.is_admin or (access_control is not None and not is_shared(access_control)):
            return
        permission, whom = ("public_models", "everybody") if access_control is None else ("models", "others")
        if not self._settings[f"user.permissions.sharing.{permission}"]:
            text = f"You may not share models with {whom}. Send {{}} as access_control to keep it to yourself."
            raise ApiError(Problem.FORBIDDEN, text)


def _fits(row: Model, user_id: str, wanted: Wanted) -> bool:
    if wanted.view_option in ("created", "shared") and (wanted.view_option == "created") != (row.user_id == user_id):
        return False
    if wanted.tag and {"name": wanted.tag} not in (row.meta.get("tags") or []):
        return False
    text = (wanted.query or "").casefold()
    return any(text in field.casefold() for field in (row.name, row.id, row.base_model_id or ""))


def _sort_key(row: Model, order_by: str | None) -> Any:
    return {"name": row.name.casefold(), "updated_at": row.updated_at}.get(order_by or "", row.created_at)


def _owned(row: Model, owner: User | None) -> dict[str, Any]:
    return {column.key: getattr(row, column.key) for column in Model.__table__.columns} | {"user": owner}

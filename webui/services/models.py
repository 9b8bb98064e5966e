"""What is stored about models: custom ones, and what administrators say about those of connections.

Whoever may write a row may change it; beyond that, only administrators open a connection's model to others, take an id
that a connection has, or build on a model that they could not use themselves.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, load_only

from webui.errors import ApiError, Problem
from webui.models import Model, User, utcnow
from webui.providers.catalog import Catalog
from webui.security.identity import Identity
from webui.services.access import Kind, check_sharing, may, may_use
from webui.services.arena import arenas, may_enter
from webui.settings import Settings

PAGE_SIZE = 30
MAX_ID = 256  # characters
OPTIONAL = {"base_model_id": None, "access_control": None, "is_active": True}  # what a new model may leave out

_CUSTOM = (
    sa.select(Model, User)
    .outerjoin(User, User.id == Model.user_id)
    .where(Model.base_model_id.is_not(None))
    .options(load_only(User.name, User.role, User.email))
)
_BASE = sa.select(Model).where(Model.base_model_id.is_(None))
# Metas have pictures in them, so these read one key.
_TAGS = sa.select(Model.user_id, Model.access_control, Model.meta["tags"].label("tags")).where(
    Model.base_model_id.is_not(None)
)
_PICTURE = sa.select(
    *(Model.user_id, Model.access_control, Model.is_active),
    Model.meta["profile_image_url"].as_string().label("picture"),
).where(Model.id == sa.bindparam("model_id"))


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
        self._known: dict[str, Model | None] = {}  # by id; None for what is known not to be stored

    def list_custom(self, wanted: Wanted) -> Listing:
        """The custom models that the user may read, the newest first. One statement.

        Access rules and tags stand in JSON, which no index finds; custom models are few enough to look through.
        """
        found = [
            (row, owner)
            for row, owner in self._db.execute(_CUSTOM).all()
            if may(self._user, self._settings, row, "read") and _fits(row, self._user.id, wanted)
        ]
        found.sort(key=lambda pair: _sort_key(pair[0], wanted.order_by), reverse=wanted.direction != "asc")
        start = (wanted.page - 1) * PAGE_SIZE
        return Listing([_owned(row, owner) for row, owner in found[start : start + PAGE_SIZE]], len(found))

    def list_base(self) -> list[Model]:
        """What is stored about the models of connections."""
        return sorted(self._db.scalars(_BASE), key=lambda row: row.id)

    def tags(self) -> list[str]:
        """The tags of the custom models that the user may read, each once. One statement."""
        rows = self._db.execute(_TAGS)
        return sorted({tag for row in rows if may(self._user, self._settings, row, "read") for tag in _names(row.tags)})

    def picture(self, model_id: str) -> str | None:
        """The address or data URL of a model's picture, if it has one. One statement."""
        stored = self._db.execute(_PICTURE, {"model_id": model_id}).one_or_none()
        if stored is not None:
            picture: str | None = stored.picture
            sees = may(self._user, self._settings, stored, "read") or may_use(self._user, self._settings, stored)
        elif arena := arenas(self._settings).get(model_id):
            picture, sees = arena["meta"].get("profile_image_url"), may_enter(self._user, self._settings, arena)
        else:
            picture, sees = None, may_use(self._user, self._settings, None) and model_id in self._offered
        if not sees:
            raise ApiError(Problem.NOT_FOUND, "This model does not exist, or it is not shared with you.")
        return picture

    def export(self) -> list[Model]:
        """All that the user may change, so that an administrator's export is what :meth:`sync` takes."""
        rows = self._db.scalars(sa.select(Model))
        return sorted((row for row in rows if may(self._user, self._settings, row, "write")), key=lambda row: row.id)

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
        row = self._create(fields)
        self._db.flush()
        return row

    def update(self, fields: dict[str, Any]) -> Model:
        """Change what is stored about the model ``fields["id"]``; what is not among the fields stays."""
        row = self._change(self.find(fields["id"], "write"), fields)
        self._db.flush()
        return row

    def import_all(self, models: Sequence[dict[str, Any]]) -> None:
        """Change those models that are there and that the user may write, and create the others; all or none."""
        self._load(models)
        for place, fields in _bases_first(models):
            with _telling_which(place, fields["id"]):
                row = self._find(fields["id"])
                if row is not None and may(self._user, self._settings, row, "write"):
                    self._change(row, fields)
                else:
                    self._create(fields)
        self._db.flush()

    def sync(self, models: Sequence[dict[str, Any]]) -> list[Model]:
        """Make these all that is stored; each belongs to its ``user_id``, or to the user where nobody has that id."""
        self._db.execute(sa.delete(Model).where(Model.id.not_in([fields["id"] for fields in models])))
        self._load(models)
        named = {fields["user_id"] for fields in models}
        owners = set(self._db.scalars(sa.select(User.id).where(User.id.in_(named))))
        for place, fields in _bases_first(models):
            owned = fields | {"user_id": fields["user_id"] if fields["user_id"] in owners else self._user.id}
            with _telling_which(place, fields["id"]):
                row = self._find(fields["id"])
                if row is None:
                    self._create(owned)
                else:
                    self._change(row, owned)
        self._db.flush()
        return sorted((row for row in self._known.values() if row is not None), key=lambda row: row.id)

    def toggle(self, model_id: str) -> Model:
        """Offer a model, or stop offering it."""
        row = self.find(model_id, "write")
        self._set(row, {"is_active": not row.is_active})
        self._db.flush()
        return row

    def delete(self, model_id: str) -> None:
        """Forget what is stored about a model; one of a connection stays, as the administrators' alone."""
        self._db.delete(self.find(model_id, "write"))

    def delete_all(self) -> None:
        """Forget what is stored about all models."""
        self._db.execute(sa.delete(Model))

    def _load(self, models: Sequence[dict[str, Any]]) -> None:
        """Read at once what will be looked for one by one."""
        ids = {fields["id"] for fields in models} | {base for fields in models if (base := fields.get("base_model_id"))}
        rows = {row.id: row for row in self._db.scalars(sa.select(Model).where(Model.id.in_(ids)))}
        self._known = {model_id: rows.get(model_id) for model_id in ids}

    def _find(self, model_id: str) -> Model | None:
        return self._known[model_id] if model_id in self._known else self._db.get(Model, model_id)

    def _create(self, fields: dict[str, Any]) -> Model:
        wanted = OPTIONAL | fields
        self._check_id(wanted["id"])
        self._check_base(wanted["id"], wanted["base_model_id"])
        check_sharing(self._user, self._settings, "models", wanted["access_control"])
        row = Model(**{"user_id": self._user.id, "updated_at": utcnow()} | wanted)
        self._db.add(row)
        self._known[row.id] = row
        return row

    def _change(self, row: Model, fields: dict[str, Any]) -> Model:
        if fields.get("base_model_id", row.base_model_id) != row.base_model_id:
            if row.base_model_id is None and not self._user.is_admin:
                raise ApiError(
                    Problem.FORBIDDEN, "Only administrators put another model in a connection's model's place."
                )
            self._check_base(row.id, fields["base_model_id"])
        if fields.get("access_control", row.access_control) != row.access_control:
            check_sharing(self._user, self._settings, "models", fields["access_control"])
        return self._set(row, fields)

    def _set(self, row: Model, fields: dict[str, Any]) -> Model:
        for name, value in fields.items():
            setattr(row, name, value)
        row.updated_at = utcnow()
        return row

    def _check_id(self, model_id: str) -> None:
        if len(model_id) > MAX_ID:
            raise ApiError(Problem.MALFORMED_REQUEST, f"The id of a model has at most {MAX_ID} characters.")
        if model_id in arenas(self._settings) or self._find(model_id) is not None:
            raise ApiError(Problem.MODEL_ID_TAKEN)
        if not self._user.is_admin and model_id in self._offered:
            raise ApiError(Problem.MODEL_ID_TAKEN)

    @cached_property
    def _offered(self) -> frozenset[str]:
        return frozenset(model["id"] for model in self._catalog.models())

    def _check_base(self, model_id: str, base_id: str | None) -> None:
        """A custom model builds on a connection's model, and on one that its author may use."""
        if base_id is None:
            if not self._user.is_admin:
                text = "Only administrators describe a connection's model. Say in base_model_id what yours builds on."
                raise ApiError(Problem.FORBIDDEN, text)
            return
        base = self._find(base_id)
        # What administrators build on may be away for the moment.
        if not self._user.is_admin and not (
            may_use(self._user, self._settings, base) and self._catalog.find(base_id) is not None
        ):
            raise ApiError(Problem.MODEL_NOT_FOUND, "The model in base_model_id does not exist, or you may not use it.")
        if base_id == model_id or base_id in arenas(self._settings) or (base is not None and base.base_model_id):
            text = "A custom model builds on a model of a connection. Put that one's id into base_model_id."
            raise ApiError(Problem.MALFORMED_REQUEST, text)


def _fits(row: Model, user_id: str, wanted: Wanted) -> bool:
    if wanted.view_option in ("created", "shared") and (wanted.view_option == "created") != (row.user_id == user_id):
        return False
    if wanted.tag and wanted.tag not in _names(row.meta.get("tags")):
        return False
    text = (wanted.query or "").casefold()
    return any(text in field.casefold() for field in (row.name, row.id, row.base_model_id or ""))


def _sort_key(row: Model, order_by: str | None) -> Any:
    key = {"name": row.name.casefold(), "updated_at": row.updated_at}.get(order_by or "", row.created_at)
    return key, row.id


def _owned(row: Model, owner: User | None) -> dict[str, Any]:
    return {column.key: getattr(row, column.key) for column in Model.__table__.columns} | {"user": owner}


def _names(tags: Any) -> list[str]:
    """The names of tags, ``[{"name": ...}]``; ``meta`` is whatever a client has stored."""
    names = [tag.get("name") for tag in tags if isinstance(tag, dict)] if isinstance(tags, list) else []
    return [name for name in names if isinstance(name, str) and name]


def _bases_first(models: Sequence[dict[str, Any]]) -> list[tuple[int, dict[str, Any]]]:
    """The models with their places in the list, those first on which others build: the check of a base needs it."""
    bases = {fields.get("base_model_id") for fields in models}
    return sorted(enumerate(models, 1), key=lambda item: item[1]["id"] not in bases)


@contextmanager
def _telling_which(place: int, model_id: str) -> Iterator[None]:
    try:
        yield
    except ApiError as error:
        text = f"Model {place} of the list, {model_id!r}: {error.detail} Nothing was changed."
        raise ApiError(error.problem, text) from None

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pyramid.response import Response

from webui.api import api_view
from webui.errors import Problem
from webui.schemas.model_store import (
    ModelForm,
    ModelIdForm,
    ModelImportForm,
    ModelSyncForm,
    StoredModel,
    StoredModelList,
    StoredModelsQuery,
    SyncedModel,
)
from webui.security.permissions import Permission
from webui.services.models import Listing, ModelStore, Wanted
from webui.views.pictures import picture_response

if TYPE_CHECKING:
    from webui.models import Model
    from webui.request import Request

MAX_MODEL = 4 * 1024 * 1024  # bytes; a picture stands in it as text
MAX_IMPORT = 32 * 1024 * 1024  # bytes


@api_view(
    route="model_store.list",
    method="GET",
    permission=Permission.VERIFIED,
    query=StoredModelsQuery,
    returns=StoredModelList,
)
def list_custom_models(request: Request) -> Listing:
    """The custom models that the user may read, 30 a page, the newest first."""
    return _store(request).list_custom(Wanted(**request.query.model_dump()))


@api_view(route="model_store.base", method="GET", permission=Permission.ADMIN, returns=list[StoredModel])
def list_stored_base_models(request: Request) -> list[Model]:
    """What is stored about the models of connections."""
    return _store(request).list_base()


@api_view(route="model_store.tags", method="GET", permission=Permission.VERIFIED, returns=list[str])
def list_model_tags(request: Request) -> list[str]:
    """The tags of the custom models that the user may read."""
    return _store(request).tags()


@api_view(route="model_store.export", method="GET", permission=Permission.MODEL_EXPORT, returns=list[StoredModel])
def export_models(request: Request) -> list[Model]:
    """All stored models that the user may change."""
    return _store(request).export()


@api_view(
    route="model_store.import",
    method="POST",
    permission=Permission.MODEL_IMPORT,
    body=ModelImportForm,
    returns=bool,
    max_body=MAX_IMPORT,
    errors=(Problem.MODEL_ID_TAKEN, Problem.MODEL_NOT_FOUND, Problem.FORBIDDEN),
)
def import_models(request: Request) -> bool:
    """Store models, all or none: those that are there are changed, if the user may, and the others created."""
    _store(request).import_all([_given(form) for form in request.payload.models])
    return True


@api_view(
    route="model_store.sync",
    method="POST",
    permission=Permission.ADMIN,
    body=ModelSyncForm,
    returns=list[StoredModel],
    max_body=MAX_IMPORT,
    errors=(Problem.MODEL_ID_TAKEN, Problem.MALFORMED_REQUEST),
)
def sync_models(request: Request) -> list[Model]:
    """Make the list all that is stored about models: others are forgotten, in the same transaction."""
    return _store(request).sync([_synced(form) for form in request.payload.models])


@api_view(
    route="model_store.picture",
    method="GET",
    permission=Permission.VERIFIED,
    query=ModelIdForm,
    media_type="image/*",
    errors=(Problem.NOT_FOUND,),
)
def read_model_picture(request: Request) -> Response:
    """A model's picture, or the way to it where it is elsewhere, or the server's own."""
    return picture_response(_store(request).picture(request.query.id) or "")


@api_view(
    route="model_store.create",
    method="POST",
    permission=Permission.MODEL_CREATE,
    body=ModelForm,
    returns=StoredModel,
    max_body=MAX_MODEL,
    errors=(Problem.MODEL_ID_TAKEN, Problem.MODEL_NOT_FOUND, Problem.FORBIDDEN),
)
def create_model(request: Request) -> Model:
    """Store a custom model, or, as an administrator, who may use a connection's model and how it is called.

    Without `access_control`, or with `null`, everybody may use it; with `{}` its owner alone.
    """
    return _store(request).create(_fields(request.payload))


@api_view(
    route="model_store.item",
    method="GET",
    permission=Permission.VERIFIED,
    query=ModelIdForm,
    returns=StoredModel,
    errors=(Problem.MODEL_UNKNOWN,),
)
def read_model(request: Request) -> Model:
    """What is stored about a model."""
    return _store(request).find(request.query.id)


@api_view(
    route="model_store.toggle",
    method="POST",
    permission=Permission.VERIFIED,
    query=ModelIdForm,
    returns=StoredModel,
    errors=(Problem.MODEL_UNKNOWN, Problem.NO_PERMISSION),
)
def toggle_model(request: Request) -> Model:
    """Offer a model, or stop offering it."""
    return _store(request).toggle(request.query.id)


@api_view(
    route="model_store.update",
    method="POST",
    permission=Permission.VERIFIED,
    body=ModelForm,
    returns=StoredModel,
    max_body=MAX_MODEL,
    errors=(Problem.MODEL_UNKNOWN, Problem.NO_PERMISSION, Problem.MODEL_NOT_FOUND, Problem.FORBIDDEN),
)
def update_model(request: Request) -> Model:
    """Change what is stored about a model; what the form leaves out stays."""
    return _store(request).update(_given(request.payload))


@api_view(
    route="model_store.delete",
    method="POST",
    permission=Permission.VERIFIED,
    body=ModelIdForm,
    returns=bool,
    errors=(Problem.MODEL_UNKNOWN, Problem.NO_PERMISSION),
)
def delete_model(request: Request) -> bool:
    """Forget what is stored about a model. A connection's model is then the administrators' alone again."""
    _store(request).delete(request.payload.id)
    return True


@api_view(route="model_store.delete_all", method="DELETE", permission=Permission.ADMIN, returns=bool)
def delete_all_models(request: Request) -> bool:
    """Forget what is stored about all models. Those of connections are then the administrators' alone."""
    _store(request).delete_all()
    return True


def _fields(form: ModelForm) -> dict[str, Any]:
    """The form as columns; access rules are kept as they were sent."""
    rules = None if form.access_control is None else form.access_control.model_dump(exclude_unset=True)
    return form.model_dump() | {"access_control": rules}


def _given(form: ModelForm) -> dict[str, Any]:
    """Those of the columns that the form has."""
    return {name: value for name, value in _fields(form).items() if name in form.model_fields_set}


def _synced(form: SyncedModel) -> dict[str, Any]:
    """The form as columns, with the moment of its creation if it has one."""
    fields = _fields(form)
    created_at = fields.pop("created_at")
    return fields if created_at is None else fields | {"created_at": datetime.fromtimestamp(created_at, UTC)}


def _store(request: Request) -> ModelStore:
    return ModelStore(request.db, request.config, request.registry.connections.catalog, request.user)

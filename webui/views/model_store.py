from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webui.api import api_view
from webui.errors import Problem
from webui.schemas.model_store import (
    ModelForm,
    ModelIdForm,
    StoredModel,
    StoredModelList,
    StoredModelsQuery,
)
from webui.security.permissions import Permission
from webui.services.models import Listing, ModelStore, Wanted

if TYPE_CHECKING:
    from webui.models import Model
    from webui.request import Request

MAX_MODEL = 4 * 1024 * 1024  # bytes; a picture stands in it as text


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
    form: ModelForm = request.payload
    fields = {name: value for name, value in _fields(form).items() if name in form.model_fields_set}
    return _store(request).update(fields)


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


def _fields(form: ModelForm) -> dict[str, Any]:
    """The form as columns; access rules are kept as they were sent."""
    rules = None if form.access_control is None else form.access_control.model_dump(exclude_unset=True)
    return form.model_dump() | {"access_control": rules}


def _store(request: Request) -> ModelStore:
    return ModelStore(request.db, request.config, request.registry.connections.catalog, request.user)

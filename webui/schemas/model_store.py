from __future__ import annotations

from collections import Counter
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints

from webui.schemas.auths import ImageUrl
from webui.schemas.common import Epoch, Form, Line, Out

# How long an id may be is the service's to say: the contract has a status of its own for it.
ModelId = Annotated[str, StringConstraints(min_length=1, max_length=4096, pattern=r"^[^\x00-\x1f\x7f]+$")]

MAX_EPOCH = 253_402_300_799  # the last second of the year 9999


class ModelMeta(Form):
    """What is said about a model; clients keep more in it, such as `tags` and `suggestion_prompts`."""

    model_config = ConfigDict(extra="allow")

    profile_image_url: ImageUrl | None = "/favicon.svg"
    description: str | None = None
    capabilities: dict[str, Any] | None = None


class Grant(Form):
    group_ids: list[str] | None = None
    user_ids: list[str] | None = None


class AccessControl(Form):
    """Who may read and who may write; in place of all of it, `null` lets everybody read."""

    read: Grant | None = None
    write: Grant | None = None


class ModelForm(Form):
    """A model on top of another (`base_model_id`), or, without that, what is stored about a connection's model."""

    id: ModelId
    base_model_id: ModelId | None = None
    name: Line
    meta: ModelMeta
    params: dict[str, Any]
    access_control: AccessControl | None = None
    is_active: bool = True


class ModelIdForm(Form):
    id: ModelId


Item = TypeVar("Item", bound=ModelForm)


def _each_once(models: list[Item]) -> list[Item]:
    counts = Counter(model.id for model in models)
    if twice := next((model_id for model_id, count in counts.items() if count > 1), None):
        raise ValueError(f"The model {twice!r} stands in the list more than once.")
    return models


MAX_MODELS = 10_000  # of one import


class ModelImportForm(Form):
    """Models as they were exported. What is stored about one already is changed, and stays where it is left out."""

    models: Annotated[list[ModelForm], Field(max_length=MAX_MODELS), AfterValidator(_each_once)]


class SyncedModel(ModelForm):
    """A model as it was exported; without a known owner it becomes the administrator's."""

    user_id: str | None = None
    created_at: Annotated[int, Field(ge=0, le=MAX_EPOCH)] | None = None


class ModelSyncForm(Form):
    """All the models that there shall be. The list has to be given, so that an empty body deletes nothing."""

    models: Annotated[list[SyncedModel], Field(max_length=MAX_MODELS), AfterValidator(_each_once)]


class StoredModelsQuery(Form):
    """`view_option` is `created` for one's own or `shared` for those of others, `order_by` a field, `direction` `asc`
    or `desc`. Anything else counts as not given."""

    query: str | None = None
    view_option: str | None = None
    tag: str | None = None
    order_by: str | None = None
    direction: str | None = None
    page: Annotated[int, Field(ge=1, le=10_000_000)] = 1


class StoredModel(Out):
    """Everything that is stored about a model."""

    id: str
    user_id: str | None
    base_model_id: str | None
    name: str
    meta: dict[str, Any]
    params: dict[str, Any]
    access_control: dict[str, Any] | None
    is_active: bool
    created_at: Epoch
    updated_at: Epoch


class Owner(Out):
    id: str
    name: str
    role: str
    email: str


class OwnedModel(StoredModel):
    user: Owner | None


class StoredModelList(Out):
    """A page, and how many there are on all pages."""

    items: list[OwnedModel]
    total: int

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ConfigDict, Field, StringConstraints

from webui.schemas.common import Form, Out


class ModelsQuery(Form):
    refresh: bool = False


class ModelList(Out):
    """All models that the user may chat with, in OpenAI's form with the contract's additions."""

    object: str = "list"
    data: list[dict[str, Any]]


class CompletionForm(Form):
    """OpenAI's chat completion request. What is not named here is passed on to the model server as it came."""

    model_config = ConfigDict(extra="allow")

    model: Annotated[str, StringConstraints(min_length=1, max_length=512)]
    messages: Annotated[list[dict[str, Any]], Field(min_length=1)]
    stream: bool = False

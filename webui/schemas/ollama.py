"""Ollama's own requests and answers (its docs/api.md). What is not named here is Ollama's to judge."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AliasChoices, Field, StringConstraints

from webui.schemas.common import Form, Out
from webui.schemas.models import Open

ModelName = Annotated[str, StringConstraints(min_length=1, max_length=512)]
Prompt = str | list[str]
Index = Annotated[int, Field(ge=0)]


class At(Form):
    """Which connection is asked, by its number."""

    url_idx: Index | None = None


class ModelNameForm(Open):
    """A model by its name, which older clients send as `name`."""

    model: Annotated[str, StringConstraints(max_length=512)] | None = Field(
        None, validation_alias=AliasChoices("model", "name")
    )


class OllamaModelForm(Open):
    model: ModelName


class CreateForm(ModelNameForm):
    """What the model is made of is Ollama's to judge."""

    stream: bool | None = None


class PushForm(OllamaModelForm):
    insecure: bool | None = None
    stream: bool | None = None


class CopyForm(Form):
    source: ModelName
    destination: ModelName


class UrlForm(Form):
    url: Annotated[str, StringConstraints(max_length=4096)]


class EmbedForm(OllamaModelForm):
    input: Prompt


class EmbeddingsForm(OllamaModelForm):
    prompt: str


class GenerateForm(OllamaModelForm):
    """Without a prompt, Ollama only loads the model."""

    prompt: str = ""
    system: str | None = None
    options: dict[str, Any] | None = None
    stream: bool | None = None


class OllamaChatForm(OllamaModelForm):
    """Without messages, Ollama only loads the model."""

    messages: Annotated[list[dict[str, Any]], Field(fail_fast=True)] | None = None
    options: dict[str, Any] | None = None
    stream: bool | None = None


class LegacyForm(OllamaModelForm):
    """OpenAI's request for a completion that is no chat."""

    prompt: Prompt | list[int] | list[list[int]] = ""


class Models(Out):
    """Models as Ollama lists them, each with the numbers of the connections that have it in `urls`."""

    models: list[dict[str, Any]]


class OllamaVersion(Out):
    """The version of Ollama; false when its API is switched off."""

    version: str | bool

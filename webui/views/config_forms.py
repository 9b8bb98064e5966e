"""Forms of settings, whose fields stand in ``webui.settings.forms``: audio, images, documents, webhook."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from webui.api import api_view
from webui.errors import Problem
from webui.schemas.configs import (
    AudioConfig,
    EmbeddingConfig,
    ImagesConfig,
    RetrievalConfig,
    RetrievalStatus,
    WebhookConfig,
)
from webui.security.permissions import Permission
from webui.services.config_forms import shown, wanted_changes
from webui.settings import forms
from webui.settings.forms import Fields
from webui.views.settings import store

if TYPE_CHECKING:
    from webui.request import Request

MAX_FORM = 1024 * 1024  # bytes; prompts and workflows stand in them
# ``@changes_settings(route=..., body=..., returns=...)`` declares a view by which administrators change settings.
changes_settings = partial(
    api_view, method="POST", permission=Permission.ADMIN, max_body=MAX_FORM, errors=(Problem.CONFLICT,)
)


def show_form(request: Request, fields: Fields) -> dict[str, Any]:
    """A form of settings as it is, with masks in the place of secrets."""
    return shown(request.config, request.registry.vault, fields)


def change_form(request: Request, fields: Fields, *, null_keeps: bool = False) -> dict[str, Any]:
    """Store what the body changes in a form of settings, all or nothing; returns the form as it is then.

    The contract has forms in which null unsets a field, and others in which ``null_keeps`` it.
    """
    form = request.payload.model_dump(exclude_unset=True)
    settings = store(request, wanted_changes(fields, form, null_keeps=null_keeps))
    return shown(settings, request.registry.vault, fields)


@api_view(route="audio.config", method="GET", permission=Permission.ADMIN, returns=AudioConfig)
def audio_config(request: Request) -> dict[str, Any]:
    """How replies are spoken, and how speech is written down."""
    return show_form(request, forms.AUDIO)


@changes_settings(route="audio.config_update", body=AudioConfig, returns=AudioConfig)
def change_audio_config(request: Request) -> dict[str, Any]:
    """Change these settings, all or none."""
    return change_form(request, forms.AUDIO)


@api_view(route="images.config", method="GET", permission=Permission.ADMIN, returns=ImagesConfig)
def images_config(request: Request) -> dict[str, Any]:
    """How images are painted and changed."""
    return show_form(request, forms.IMAGES)


@changes_settings(route="images.config_update", body=ImagesConfig, returns=ImagesConfig)
def change_images_config(request: Request) -> dict[str, Any]:
    """Change these settings, all or none."""
    return change_form(request, forms.IMAGES)


@api_view(route="retrieval.config", method="GET", permission=Permission.ADMIN, returns=RetrievalConfig)
def retrieval_config(request: Request) -> dict[str, Any]:
    """How documents are read and looked up, and how the web is searched."""
    return show_form(request, forms.RETRIEVAL)


@changes_settings(route="retrieval.config_update", body=RetrievalConfig, returns=RetrievalConfig)
def change_retrieval_config(request: Request) -> dict[str, Any]:
    """Change these settings, all or none."""
    return change_form(request, forms.RETRIEVAL, null_keeps=True)


@api_view(route="retrieval.embedding", method="GET", permission=Permission.ADMIN, returns=EmbeddingConfig)
def embedding_config(request: Request) -> dict[str, Any]:
    """What makes vectors of texts."""
    return show_form(request, forms.EMBEDDING)


@changes_settings(route="retrieval.embedding_update", body=EmbeddingConfig, returns=EmbeddingConfig)
def change_embedding_config(request: Request) -> dict[str, Any]:
    """Change these settings, all or none."""
    return change_form(request, forms.EMBEDDING, null_keeps=True)


@api_view(route="system.webhook", method="GET", permission=Permission.ADMIN, returns=WebhookConfig)
def webhook(request: Request) -> dict[str, Any]:
    """Where administrators are told of new accounts; empty is nowhere."""
    return show_form(request, forms.WEBHOOK)


@changes_settings(route="system.webhook", body=WebhookConfig, returns=WebhookConfig)
def change_webhook(request: Request) -> dict[str, Any]:
    """Change these settings, all or none."""
    return change_form(request, forms.WEBHOOK)


@api_view(route="retrieval.status", method="GET", permission=Permission.VERIFIED, returns=RetrievalStatus)
def retrieval_status(request: Request) -> dict[str, Any]:
    """How documents are looked up. In Open WebUI this needs no sign-in, but it shows a prompt of the administrators."""
    return show_form(request, forms.RETRIEVAL_STATUS)

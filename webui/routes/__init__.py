"""The table of addresses, one file an area. Within an area fixed paths stand before placeholders."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webui.routes import (
    audio,
    auths,
    chats,
    configs,
    connections,
    docs,
    embeddings,
    evaluations,
    folders,
    health,
    images,
    memories,
    messages,
    model_store,
    models,
    notes,
    ollama,
    openai,
    pipelines,
    prompts,
    responses,
    retrieval,
    runs,
    settings,
    system,
    tasks,
    users,
)

if TYPE_CHECKING:
    from pyramid.config import Configurator

AREAS = (  # what is asked most comes first: one after another is tried
    *(models, runs, chats, system, auths, health, users, folders, prompts, notes, memories),
    *(model_store, embeddings, messages, responses, tasks, evaluations),
    *(settings, configs, audio, images, retrieval, connections, openai, ollama, pipelines, docs),
)


def includeme(config: Configurator) -> None:
    """Add every route."""
    for area in AREAS:
        for name, pattern in area.ROUTES.items():
            config.add_route(name, pattern)

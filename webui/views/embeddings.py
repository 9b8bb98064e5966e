from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from webui.api import api_view
from webui.errors import Problem
from webui.schemas.embeddings import EmbeddingForm
from webui.security.permissions import Permission
from webui.services.completions import find_route
from webui.services.usage import Asked, measure
from webui.streaming import Detached
from webui.views.replies import relayed

if TYPE_CHECKING:
    from webui.request import Request

MAX_EMBEDDING = 16 * 1024 * 1024  # bytes


@api_view(
    route=("embeddings.create", "embeddings.create_v1"),
    method="POST",
    permission=Permission.VERIFIED,
    body=EmbeddingForm,
    max_body=MAX_EMBEDDING,
    errors=(Problem.MODEL_NOT_FOUND, Problem.UPSTREAM_FAILED, Problem.UPSTREAM_TIMEOUT),
)
def create_embeddings(request: Request) -> Detached:
    """Vectors for texts, in OpenAI's form, by any model of any connection that makes them."""
    payload = request.payload.model_dump(exclude_unset=True)
    user, catalog = request.user, request.registry.connections.catalog
    route = find_route(request.database, request.config, catalog, user, payload["model"])
    asked = Asked(user.id, "embeddings", payload["model"], route)
    start = partial(route.embed, payload, user_id=user.id)
    return relayed(request, partial(measure, request.registry.usage, start, asked))

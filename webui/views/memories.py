from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webui.api import api_view
from webui.errors import Problem
from webui.schemas.memories import (
    Embedding,
    MemoriesFound,
    MemoryForm,
    MemoryOut,
    MemoryQueryForm,
    MemoryUpdateForm,
)
from webui.security.permissions import Permission
from webui.services import memories

if TYPE_CHECKING:
    from webui.models import Memory
    from webui.request import Request

MAX_MEMORY = 256 * 1024  # bytes; JSON may write a character as twelve


@api_view(route="memories.list", method="GET", permission=Permission.VERIFIED, returns=list[MemoryOut])
def list_memories(request: Request) -> Any:
    """What is remembered about the user, the oldest first."""
    return memories.list_memories(request.db, request.user.id)


@api_view(route="memories.embeddings", method="GET", permission=Permission.PUBLIC, returns=Embedding)
def embed(request: Request) -> dict[str, Any]:
    """Always an empty vector: nothing is computed for people who have not signed in, whom the contract lets ask."""
    return {"result": []}


@api_view(
    route="memories.add",
    method="POST",
    permission=Permission.VERIFIED,
    body=MemoryForm,
    returns=MemoryOut,
    max_body=MAX_MEMORY,
)
def add_memory(request: Request) -> Memory:
    """Remember something about the user."""
    return memories.add_memory(request.db, request.user.id, request.payload.content)


@api_view(
    route="memories.query",
    method="POST",
    permission=Permission.VERIFIED,
    body=MemoryQueryForm,
    returns=MemoriesFound,
    max_body=MAX_MEMORY,
    errors=(Problem.NO_MEMORIES,),
)
def query_memories(request: Request) -> dict[str, Any]:
    """The memories nearest to a text by the words that they share; one that shares none is not among them."""
    form: MemoryQueryForm = request.payload
    return memories.search(request.reading, request.user.id, form.content, form.k or 1)


@api_view(route="memories.reset", method="POST", permission=Permission.VERIFIED, returns=bool)
def reset_memories(request: Request) -> bool:
    """Rebuild the index of the memories. They are searched without one, so there is nothing to do."""
    return True


@api_view(route="memories.delete_all", method="DELETE", permission=Permission.VERIFIED, returns=bool)
def delete_memories(request: Request) -> bool:
    """Forget everything about the user."""
    memories.delete_memories(request.db, request.user.id)
    return True


@api_view(
    route="memories.update",
    method="POST",
    permission=Permission.VERIFIED,
    body=MemoryUpdateForm,
    returns=MemoryOut,
    max_body=MAX_MEMORY,
    errors=(Problem.MEMORY_NOT_FOUND,),
)
def update_memory(request: Request) -> Memory:
    """Change what is remembered."""
    return memories.update_memory(request.db, request.user.id, request.matchdict["id"], request.payload.content)


@api_view(
    route="memories.item",
    method="DELETE",
    permission=Permission.VERIFIED,
    returns=bool,
    errors=(Problem.MEMORY_NOT_FOUND,),
)
def delete_memory(request: Request) -> bool:
    """Forget something about the user."""
    memories.delete_memory(request.db, request.user.id, request.matchdict["id"])
    return True

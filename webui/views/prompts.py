from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webui.api import api_view
from webui.errors import Problem
from webui.schemas.prompts import OwnedPrompt, PromptForm, PromptOut
from webui.security.permissions import Permission
from webui.services.prompts import PromptStore

if TYPE_CHECKING:
    from webui.models import Prompt
    from webui.request import Request

MAX_PROMPT = 6 * 1024 * 1024  # bytes; JSON may write a character as six


@api_view(route="prompts.all", method="GET", permission=Permission.VERIFIED, returns=list[PromptOut])
def list_prompts(request: Request) -> Any:
    """The prompts that the user may read, the last changed first."""
    return _store(request).list_all("read")


@api_view(route="prompts.list", method="GET", permission=Permission.VERIFIED, returns=list[OwnedPrompt])
def list_owned_prompts(request: Request) -> Any:
    """The prompts that the user may change, with their owners, the last changed first."""
    return _store(request).list_all("write")


@api_view(
    route="prompts.create",
    method="POST",
    permission=Permission.PROMPT_CREATE,
    body=PromptForm,
    returns=PromptOut,
    max_body=MAX_PROMPT,
    errors=(Problem.COMMAND_TAKEN, Problem.FORBIDDEN),
)
def create_prompt(request: Request) -> Prompt:
    """Store a prompt. Without `access_control`, or with `null`, everybody may read it; with `{}` its owner alone."""
    return _store(request).create(request.payload.model_dump(exclude_unset=True))


@api_view(
    route="prompts.item",
    method="GET",
    permission=Permission.VERIFIED,
    returns=PromptOut,
    errors=(Problem.PROMPT_NOT_FOUND,),
)
def read_prompt(request: Request) -> Prompt:
    """The prompt of a command; in the address it stands without its slash."""
    return _store(request).find(request.matchdict["command"])


@api_view(
    route="prompts.update",
    method="POST",
    permission=Permission.VERIFIED,
    body=PromptForm,
    returns=PromptOut,
    max_body=MAX_PROMPT,
    errors=(Problem.PROMPT_NOT_FOUND, Problem.NO_PERMISSION, Problem.COMMAND_TAKEN, Problem.FORBIDDEN),
)
def update_prompt(request: Request) -> Prompt:
    """Change a prompt; another `command` renames it, and who may read it stays when the form does not say."""
    return _store(request).update(request.matchdict["command"], request.payload.model_dump(exclude_unset=True))


@api_view(
    route="prompts.delete",
    method="DELETE",
    permission=Permission.VERIFIED,
    returns=bool,
    errors=(Problem.PROMPT_NOT_FOUND, Problem.NO_PERMISSION),
)
def delete_prompt(request: Request) -> bool:
    """Delete a prompt."""
    _store(request).delete(request.matchdict["command"])
    return True


def _store(request: Request) -> PromptStore:
    return PromptStore(request.db, request.config, request.user)

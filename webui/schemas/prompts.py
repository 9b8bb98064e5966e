from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, Field, StringConstraints

from webui.schemas.common import Epoch, Form, Line, Out
from webui.schemas.model_store import AccessControl, Owner

MAX_COMMAND = 255  # characters, as of every value in a path
MAX_CONTENT = 1024 * 1024  # characters


def _command(value: str) -> str:
    """The command with its slash. It stands in addresses, where a path of dots would lead elsewhere."""
    name = value.removeprefix("/")
    if len(name) > MAX_COMMAND or "/" in name or not name.isprintable() or not name.strip(" ."):
        raise ValueError(f"a command has 1 to {MAX_COMMAND} printable characters, and no slash but the first")
    return f"/{name}"


class PromptForm(Form):
    """`command` is what people type for it, with or without its slash. Without `access_control`, or with `null`,
    everybody may read a new prompt; with `{}` its owner alone."""

    command: Annotated[str, AfterValidator(_command)]
    title: Line
    content: Annotated[str, StringConstraints(max_length=MAX_CONTENT)]
    access_control: AccessControl | None = None


class PromptOut(Out):
    """A prompt; `timestamp` is when it was changed last."""

    command: str
    user_id: str | None
    title: str
    content: str
    timestamp: Annotated[Epoch, Field(validation_alias="updated_at")]
    access_control: dict[str, Any] | None


class OwnedPrompt(PromptOut):
    user: Owner | None

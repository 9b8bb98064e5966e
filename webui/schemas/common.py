"""What schemas share."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints


def _epoch(value: Any) -> Any:
    return int(value.timestamp()) if isinstance(value, datetime) else value


# Moments inside, whole seconds since 1970 outside.
Epoch = Annotated[int, BeforeValidator(_epoch)]
Line = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=r"^[^\x00-\x1f\x7f]*$")]


class Form(BaseModel):
    """What a client sends. Keys that the server does not know are ignored, as the contract has it."""


class Out(BaseModel):
    """What the server answers; read from an object's attributes, so that no column gets out by accident."""

    model_config = ConfigDict(from_attributes=True)


class Status(Out):
    """The answer of health checks."""

    status: bool

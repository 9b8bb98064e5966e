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


# Most of what a schema needs is made when it is first used: that of all 200 takes 4 MB and a tenth of a second.
LAZY = ConfigDict(defer_build=True)


class Form(BaseModel):
    """What a client sends. Keys that the server does not know are ignored, as the contract has it."""

    model_config = LAZY


class Out(BaseModel):
    """What the server answers; read from an object's attributes, so that no column gets out by accident."""

    model_config = ConfigDict(**LAZY, from_attributes=True)


class Status(Out):
    """The answer of health checks."""

    status: bool

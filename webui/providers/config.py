"""What an administrator can set about one connection, in the contract's form."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, StrictBool, StringConstraints, ValidationError
from pydantic import model_validator as validates

log = logging.getLogger(__name__)

SERVED = frozenset({"", "bearer", "none"})  # kinds of authentication
FIELD_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 section 5.6.2
FIELD_VALUE = re.compile(r"[\x20-\x7e]*")
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
# What says how a request is written is ours to say.
OURS = frozenset({"accept-encoding", "connection", "content-length", "content-type", "transfer-encoding", "upgrade"})


def _served(kind: str) -> str:
    if kind not in SERVED:
        raise ValueError("this kind of authentication is not supported; use bearer or none")
    return kind


def _sendable(headers: dict[str, str]) -> dict[str, str]:
    for name, value in headers.items():
        if not FIELD_NAME.fullmatch(name) or name.lower() in OURS:
            raise ValueError("a header has a name that cannot be sent")
        if not FIELD_VALUE.fullmatch(value):
            raise ValueError("a header has a value that cannot be sent; use printable ASCII")
    return headers


def sendable_key(key: str) -> str:
    if CONTROL.search(key):
        raise ValueError("a key cannot have line breaks or other control characters")
    return key


class Tag(BaseModel):
    """A word under which the page groups models."""

    model_config = ConfigDict(frozen=True)

    name: str


class ConnectionConfig(BaseModel):
    """One connection's part of ``openai.api_configs`` or ``ollama.api_configs``; unknown keys are left alone."""

    model_config = ConfigDict(frozen=True)

    enable: StrictBool = True
    prefix_id: str = ""
    tags: tuple[Tag, ...] = ()
    model_ids: tuple[Annotated[str, StringConstraints(min_length=1)], ...] = ()
    connection_type: Literal["", "external", "local"] = ""
    headers: Annotated[dict[str, str], AfterValidator(_sendable)] = {}
    auth_type: Annotated[str, AfterValidator(_served)] = ""
    # Of an Ollama server; the keys of the others are a setting of their own.
    key: Annotated[str, AfterValidator(sendable_key)] = ""
    azure: StrictBool = False
    api_version: str = ""
    provider: str = ""

    @validates(mode="before")
    @classmethod
    def _null_is_unset(cls, raw: Any) -> Any:
        return {key: value for key, value in raw.items() if value is not None} if isinstance(raw, dict) else raw

    def outside(self, name: str) -> str:
        """The id under which a model of the server is offered."""
        return f"{self.prefix_id}.{name}" if self.prefix_id else name

    def inside(self, model_id: str) -> str:
        """The server's own name for a model that is offered as ``model_id``."""
        return model_id.removeprefix(f"{self.prefix_id}.") if self.prefix_id else model_id


def raw_config(configs: Mapping[str, Any], index: int, url: str) -> Any:
    """The part that belongs to a connection; older databases name it by its address instead of its place."""
    return configs.get(str(index), configs.get(url, {}))


def read_config(raw: Any, *, name: str) -> ConnectionConfig:
    """As much of it as is valid; what is not is logged, for the connection must not be lost over it."""
    try:
        return ConnectionConfig.model_validate(raw)
    except ValidationError as error:
        wrong = {str(item["loc"][0]): item["msg"] for item in error.errors() if item["loc"]}
        told = "; ".join(f"{key}: {text}" for key, text in wrong.items()) or "it must be an object"
        log.warning("The configuration of the connection %s is used only in part. %s", name, told)
        valid = {key: value for key, value in raw.items() if key not in wrong} if isinstance(raw, dict) else {}
        return ConnectionConfig.model_validate(valid)

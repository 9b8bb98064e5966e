"""Bodies of requests that are passed on, each with the model's name as the server knows it.

They are parsed and written anew: where two readers of one body could disagree, a server might see another model than
the one whose access was checked.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


def distinct(names: Iterable[str]) -> set[str]:
    """Those names that no other resembles; of those that differ in case alone the lower-case one, else the first.

    Go reads the names of a JSON object in any case, and the last of them counts (encoding/json, "Unmarshal"): beside
    the ``model`` that was checked, ``Model`` would be the one that answers.
    """
    kept: dict[str, str] = {}
    for name in names:
        folded = name.casefold()
        if name == folded or folded not in kept:
            kept[folded] = name
    return set(kept.values())


class Content(Protocol):
    """A body: the model that it names, if any, and what ``Provider.request`` is given for it."""

    @property
    def model(self) -> str | None: ...

    async def body(self, model: str | None) -> dict[str, Any]:
        """With ``model`` in the place of the one that it names."""


@dataclass(frozen=True)
class Json:
    value: dict[str, Any]

    @property
    def model(self) -> str | None:
        return _text(self.value.get("model"))

    async def body(self, model: str | None) -> dict[str, Any]:
        return {"payload": self.value | ({"model": model} if model is not None else {})}


@dataclass(frozen=True)
class File:
    """A file of a form."""

    name: str
    content_type: str
    data: bytes


@dataclass(frozen=True)
class FormFields:
    """``multipart/form-data``."""

    fields: Sequence[tuple[str, str | File]]

    @property
    def model(self) -> str | None:
        return next((_text(value) for name, value in self.fields if name == "model"), None)

    async def body(self, model: str | None) -> dict[str, Any]:
        import aiohttp  # loaded by now

        form = aiohttp.FormData(default_to_multipart=True)
        ours = [] if model is None else ["model"]
        passed = distinct([*ours, *(name for name, _ in self.fields)]) - {"model"}
        for name, value in self.fields:
            if name not in passed:
                continue
            if isinstance(value, File):
                form.add_field(name, value.data, filename=value.name, content_type=value.content_type)
            else:
                form.add_field(name, value)
        if model is not None:
            form.add_field("model", model)
        writer = form()
        return {"data": await writer.as_bytes(), "content_type": writer.headers["Content-Type"]}


@dataclass(frozen=True)
class Raw:
    """Anything else, of which only administrators know what it is; or nothing."""

    data: bytes
    content_type: str
    model: str | None = None

    async def body(self, model: str | None) -> dict[str, Any]:
        return {"data": self.data, "content_type": self.content_type} if self.data else {}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None

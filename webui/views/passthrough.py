"""What the views share that pass requests on in the form of the model server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webui.api import invalid
from webui.services.ollama import require_ollama

if TYPE_CHECKING:
    from webob.multidict import MultiDict

    from webui.providers.catalog import Catalog
    from webui.request import Request


def ollama_catalog(request: Request) -> Catalog:
    """All models and connections; 503 when Ollama is switched off."""
    require_ollama(request.config)
    catalog: Catalog = request.registry.connections.catalog
    return catalog


def number(request: Request) -> int | None:
    """The number of the connection that the address names, in its path or its query."""
    in_path = request.matchdict.get("url_idx")
    if in_path is None:
        index: int | None = request.query.url_idx
        return index
    if not in_path.isdecimal():
        raise invalid("int_parsing", ["path", "url_idx"], "The number of the connection is not a number.")
    return int(in_path)


def form_fields(request: Request) -> MultiDict[str, Any]:
    """The fields of a form; files among them are on disk, and gone with the request."""
    try:
        fields: MultiDict[str, Any] = request.POST
    except (ValueError, DeprecationWarning) as error:  # WebOb raises the latter for a charset other than UTF-8
        raise invalid("form_invalid", ["body"], "The body is not a form.") from error
    if any(name is None for name in fields):  # `name*` (RFC 5987), which forms do not have (RFC 7578 section 4.2)
        raise invalid("form_invalid", ["body"], "A field of the form has no name.")
    return fields

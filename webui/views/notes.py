from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webui.api import api_view
from webui.errors import ApiError, Problem
from webui.schemas.notes import NoteForm, NoteItem, NoteList, NoteListQuery, NoteOut, NoteSearchQuery, ReadNote
from webui.security.permissions import Permission
from webui.services.notes import Listing, NoteStore, Wanted

if TYPE_CHECKING:
    from webui.models import Note
    from webui.request import Request

MAX_NOTE = 8 * 1024 * 1024  # bytes; the service bounds what is stored, and JSON may write a character as six


@api_view(route="notes.list", method="GET", permission=Permission.NOTES, query=NoteListQuery, returns=list[NoteItem])
def list_notes(request: Request) -> Any:
    """The notes that the user may read, the last changed first, 60 a page; without a page all of them."""
    return _store(request).list_readable(request.query.page)


@api_view(route="notes.search", method="GET", permission=Permission.NOTES, query=NoteSearchQuery, returns=NoteList)
def search_notes(request: Request) -> Listing:
    """The notes with a text in their title or content, 60 a page; without one all that the user may read."""
    return _store(request).search(Wanted(**request.query.model_dump()))


@api_view(
    route="notes.create",
    method="POST",
    permission=Permission.NOTES,
    body=NoteForm,
    returns=NoteOut,
    max_body=MAX_NOTE,
    errors=(Problem.FORBIDDEN,),
)
def create_note(request: Request) -> Note:
    """Store a note. With `null` as `access_control` everybody may read it; without any, its owner alone."""
    return _store(request).create(request.payload.model_dump(exclude_unset=True))


@api_view(
    route="notes.item",
    method="GET",
    permission=Permission.NOTES,
    returns=ReadNote,
    errors=(Problem.NOTE_NOT_FOUND,),
)
def read_note(request: Request) -> dict[str, Any]:
    """A note."""
    return _store(request).read(request.matchdict["id"])


@api_view(
    route="notes.update",
    method="POST",
    permission=Permission.NOTES,
    body=NoteForm,
    returns=NoteOut,
    max_body=MAX_NOTE,
    errors=(Problem.NOTE_NOT_FOUND, Problem.FORBIDDEN),
)
def update_note(request: Request) -> Note:
    """Change a note: keys of `data` and `meta` replace those there are, and what the form leaves out stays."""
    return _store(request).update(request.matchdict["id"], request.payload.model_dump(exclude_unset=True))


@api_view(
    route="notes.delete",
    method="DELETE",
    permission=Permission.NOTES,
    returns=bool,
    errors=(Problem.NOTE_NOT_FOUND, Problem.FORBIDDEN),
)
def delete_note(request: Request) -> bool:
    """Delete a note."""
    _store(request).delete(request.matchdict["id"])
    return True


def _store(request: Request) -> NoteStore:
    if not request.config["notes.enable"]:
        raise ApiError(Problem.FORBIDDEN, "Notes are switched off on this server (setting notes.enable).")
    return NoteStore(request.db, request.config, request.user)

"""Chats to and from files."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from uuid import uuid4

from pydantic import TypeAdapter
from pyramid.response import Response

from webui.api import api_view
from webui.errors import ApiError, Problem
from webui.schemas.chat_files import ChatImportForm, ChatsImportForm, ExportQuery, ImportOut
from webui.schemas.chats import ChatOut
from webui.security.permissions import Permission
from webui.services import new_chats
from webui.services.chats import read_chat
from webui.services.exports.archive import archive
from webui.services.exports.chat import as_markdown, as_text
from webui.services.exports.pdf import as_pdf
from webui.services.imports import records
from webui.services.imports.incoming import Incoming, moment
from webui.views.downloads import streamed

if TYPE_CHECKING:
    from webui.request import Request
    from webui.streaming import Detached

MAX_CHATS = 32 * 1024 * 1024  # bytes; larger files are for ``import_file``, which does not keep them in memory
MAX_NAME = 80  # characters of a file's name
UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\"*/:<>?\\|%\u202a-\u202e\u2066-\u2069]")  # in a name, on any system
_CHATS = TypeAdapter(list[ChatOut])


@api_view(
    route="chats.import",
    method="POST",
    permission=Permission.VERIFIED,
    body=ChatsImportForm,
    returns=list[ChatOut],
    max_body=MAX_CHATS,
)
def import_chats(request: Request) -> list[dict[str, Any]]:
    """Store chats from elsewhere under new ids, all of them or, if one is faulty, none."""
    form: ChatsImportForm = request.payload
    return new_chats.import_chats(request.database, request.user.id, [_incoming(chat) for chat in form.chats])


def _incoming(form: ChatImportForm) -> Incoming:
    return Incoming(
        chat=form.chat,
        created_at=moment(form.created_at),
        updated_at=moment(form.updated_at),
        meta=form.meta or {},
        folder_id=form.folder_id,
        pinned=form.pinned is True,
    )


@api_view(
    route="chats.import_file",
    method="POST",
    permission=Permission.VERIFIED,
    accepts=("application/json", "application/zip"),
    returns=ImportOut,
    status=202,
    errors=(Problem.INVALID, Problem.CONFLICT, Problem.TOO_LARGE),
)
def import_file(request: Request) -> Any:
    """Take in a file: the export of ChatGPT or Claude, that of Open WebUI, or the archive of this server.

    The body is the file itself, JSON or zip. Everything appears at once when it has been read, or, if it is faulty,
    nothing does; until then the answer's `id` tells how far that is, and so do events of the type `import:progress`.

    Of an archive that `GET /api/v1/chats/export` has made, all is restored under new ids: chats with their tags,
    folders, prompts, notes, memories and feedback. A folder of the same name in the same place is used again. Notes,
    memories and feedback that the user has already, prompts whose command is taken, and what the user may not create
    are left out; `left_out` of the import tells what and how many. Notes and prompts are nobody else's until they are
    shared again.

    NUL characters, which databases do not store, are left out of texts, and halves of characters become "?".
    """
    if request.content_type.startswith("multipart/"):
        raise ApiError(Problem.INVALID, "Send the file itself as the body, not a form with the file in it.")
    jobs, import_id = request.registry.jobs, str(uuid4())
    path = request.config["data_dir"] / records.FOLDER / import_id
    size = records.keep_file(request.body_file.read, path, request.config["server.max_import_size"])

    def go_on(committed: bool) -> None:
        if committed:
            jobs.wake()
        else:
            path.unlink(missing_ok=True)

    request.tm.get().addAfterCommitHook(go_on)
    request.tm.get().addAfterAbortHook(lambda: go_on(committed=False))
    row = records.begin(request.db, jobs, request.user.id, import_id, size)
    return row


@api_view(route="chats.imports", method="GET", permission=Permission.VERIFIED, returns=list[ImportOut])
def list_imports(request: Request) -> Any:
    """The user's latest imports of files, newest first."""
    return records.list_imports(request.db, request.user.id)


@api_view(
    route="chats.import_state",
    method="GET",
    permission=Permission.VERIFIED,
    returns=ImportOut,
    errors=(Problem.NOT_FOUND,),
)
def read_import(request: Request) -> Any:
    """How far an import is, and if it has failed, where and why."""
    return records.find_import(request.db, request.user.id, request.matchdict["id"])


@api_view(
    route="chats.import_state",
    method="DELETE",
    permission=Permission.VERIFIED,
    returns=bool,
    errors=(Problem.NOT_FOUND,),
)
def cancel_import(request: Request) -> bool:
    """Cancel an import, of which nothing stays; one that has ended leaves the list, and its chats stay."""
    jobs = request.registry.jobs
    records.cancel(request.db, jobs, request.user.id, request.matchdict["id"])
    request.tm.get().addAfterCommitHook(lambda _: jobs.wake())
    return True


@api_view(route="chats.archive_file", method="GET", permission=Permission.CHAT_EXPORT, media_type="application/zip")
def export_everything(request: Request) -> Detached:
    """The user's chats, folders, tags, prompts, notes, memories and feedback as a zip archive.

    `chats.json` in it is the contract's export; the archive can be imported as it is, by anybody and into another
    server of this kind. It has neither what is in the trash, nor the user's models, nor shared links, nor the account
    and its settings.
    """
    headers = [("Content-Type", "application/zip"), ("Content-Disposition", _attachment("webui-archive.zip"))]
    return streamed(request, archive(request.database, request.user.id), headers)


@api_view(
    route="chats.export",
    method="GET",
    permission=Permission.CHAT_EXPORT,
    query=ExportQuery,
    errors=(Problem.CHAT_NOT_FOUND, Problem.TOO_LARGE, Problem.UNAVAILABLE),
)
def export_chat(request: Request) -> Response:
    """One chat as a file: all of it as the contract's JSON, or its current branch as Markdown, plain text or PDF."""
    chat = read_chat(request.db, request.user.id, request.matchdict["id"])
    match request.query.format:
        case "markdown":
            body, kind, suffix = as_markdown(chat).encode(), "text/markdown; charset=utf-8", "md"
        case "text":
            body, kind, suffix = as_text(chat).encode(), "text/plain; charset=utf-8", "txt"
        case "pdf":
            body, kind, suffix = as_pdf(chat, request.config["chats.pdf_font"]), "application/pdf", "pdf"
        case _:
            body, kind, suffix = _CHATS.dump_json(_CHATS.validate_python([chat])), "application/json", "json"
    disposition = _attachment(f"{chat['title']}.{suffix}")
    return Response(body, headerlist=[("Content-Type", kind), ("Content-Disposition", disposition)])


def _attachment(name: str) -> str:
    """The header for a download under this name: RFC 6266 for what knows UTF-8, and for what does not."""
    stem, _, suffix = UNSAFE.sub("_", name).rpartition(".")
    safe = f"{stem.strip(' .')[:MAX_NAME] or 'chat'}.{suffix}"
    plain = safe.encode("ascii", "replace").decode().replace("?", "_")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(safe, safe='')}"

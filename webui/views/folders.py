from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from webui.api import api_view
from webui.errors import ApiError, Problem
from webui.schemas.chats import ChatOut
from webui.schemas.folders import (
    ChatFolder,
    FolderedChat,
    FolderExpanded,
    FolderForm,
    FolderLine,
    FolderOut,
    FolderPageQuery,
    FolderParent,
    FolderRemoval,
    FolderUpdate,
)
from webui.security.permissions import Permission
from webui.services import chat_folders, chats, folders
from webui.views.downloads import streamed_list

if TYPE_CHECKING:
    import sqlalchemy as sa

    from webui.models import Folder
    from webui.request import Request
    from webui.streaming import Detached

MAX_FOLDER = 4 * 1024 * 1024  # bytes; a picture may stand in it as text

folder_view = partial(api_view, permission=Permission.VERIFIED, returns=FolderOut)


@api_view(
    route="folders.list",
    method="GET",
    permission=Permission.VERIFIED,
    returns=list[FolderLine],
    errors=(Problem.FORBIDDEN,),
)
def list_folders(request: Request) -> list[sa.RowMapping]:
    """The user's folders, all levels in one list, the oldest first."""
    # The contract's status is 403 here; clients take the 401 of a missing permission for a session that has ended.
    if not request.config["folders.enable"]:
        raise ApiError(Problem.FORBIDDEN, "Folders are switched off on this server.")
    if not request.has_permission(Permission.FOLDERS):
        raise ApiError(Problem.FORBIDDEN, "You may not use folders.")
    return folders.list_folders(request.db, request.user.id)


@folder_view(
    route="folders.list", method="POST", body=FolderForm, max_body=MAX_FOLDER, errors=(Problem.MALFORMED_REQUEST,)
)
def create_folder(request: Request) -> Folder:
    """A new folder at the top. Another of this name may not stand there."""
    form: FolderForm = request.payload
    return folders.create_folder(request.db, request.user.id, **form.model_dump())


@folder_view(route="folders.item", method="GET", errors=(Problem.NOT_FOUND,))
def read_folder(request: Request) -> Folder:
    """A folder with its settings."""
    return folders.find_folder(request.db, request.user.id, request.matchdict["id"])


@folder_view(
    route="folders.update",
    method="POST",
    body=FolderUpdate,
    max_body=MAX_FOLDER,
    errors=(Problem.MALFORMED_REQUEST, Problem.NOT_FOUND),
)
def update_folder(request: Request) -> Folder:
    """Rename a folder, or change its settings."""
    form: FolderUpdate = request.payload
    return folders.update_folder(request.db, request.user.id, request.matchdict["id"], **form.model_dump())


@folder_view(
    route="folders.parent", method="POST", body=FolderParent, errors=(Problem.MALFORMED_REQUEST, Problem.NOT_FOUND)
)
def move_folder(request: Request) -> Folder:
    """Put a folder with all that is in it into another, or at the top."""
    return folders.move_folder(request.db, request.user.id, request.matchdict["id"], request.payload.parent_id)


@folder_view(route="folders.expanded", method="POST", body=FolderExpanded, errors=(Problem.NOT_FOUND,))
def expand_folder(request: Request) -> Folder:
    """Remember whether the page shows what is in a folder."""
    return folders.expand_folder(request.db, request.user.id, request.matchdict["id"], request.payload.is_expanded)


@api_view(
    route="folders.item",
    method="DELETE",
    permission=Permission.VERIFIED,
    query=FolderRemoval,
    returns=bool,
    errors=(Problem.FORBIDDEN, Problem.NOT_FOUND),
)
def delete_folder(request: Request) -> bool:
    """Delete a folder with the folders in it. Their chats go into the trash, from which they can be restored."""
    may_delete_chats = request.has_permission(Permission.CHAT_DELETE)
    chat_folders.delete_folder(
        request.db,
        request.user.id,
        request.matchdict["id"],
        keep_chats=not request.query.delete_contents,
        trash_days=request.config["chats.trash_days"] if may_delete_chats else None,
    )
    return True


@api_view(
    route="chats.in_folder_list",
    method="GET",
    permission=Permission.VERIFIED,
    query=FolderPageQuery,
    returns=list[FolderedChat],
)
def list_chats(request: Request) -> list[sa.RowMapping]:
    """The chats that stand in a folder itself, newest first, 10 a page, without pinned and archived ones."""
    query = request.query
    return chat_folders.list_chats(
        request.db,
        request.user.id,
        request.matchdict["folder_id"],
        page=query.page,
        include_hidden=query.include_hidden,
    )


@api_view(route="chats.in_folder", method="GET", permission=Permission.VERIFIED, returns=list[ChatOut])
def read_chats(request: Request) -> Detached:
    """The chats in a folder and in all folders in it with their conversations, newest first.

    Pinned and archived ones are left out. The answer is written while the chats are read.
    """
    user_id = request.user.id
    chat_ids = chat_folders.list_ids_within(request.db, user_id, request.matchdict["folder_id"])
    found = chats.read_chats(request.database, user_id, chat_ids)
    return streamed_list(request, map(ChatOut.model_validate, found))


@api_view(
    route="chats.folder",
    method="POST",
    permission=Permission.VERIFIED,
    body=ChatFolder,
    returns=ChatOut,
    errors=(Problem.CHAT_NOT_FOUND, Problem.MALFORMED_REQUEST),
)
def move_chat(request: Request) -> dict[str, Any]:
    """Put a chat into a folder, or take it out of all. It is then no longer pinned."""
    return chat_folders.move_chat(request.db, request.user.id, request.matchdict["id"], request.payload.folder_id)

"""Folders for chats: each user's own tree.

Whoever changes a tree locks it first, reads it whole (ids, parents and names of at most ``MAX_FOLDERS``) and judges the
change by that, so that two changes at once cannot make a cycle or two folders of one name. Whoever puts a chat into a
folder holds that folder, so that it cannot be deleted meanwhile and leave the chat in a place that nobody sees.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webui.errors import ApiError, Problem
from webui.models import IS_LISTED, Chat, Database, Folder, utcnow
from webui.services.locks import hold_folders, lock_user

MAX_FOLDERS = 10_000  # of one user
MAX_DEPTH = 50

Tree = dict[str, sa.Row[*tuple[Any, ...]]]  # id, parent_id and name of a user's folders, by id

_LIST = (
    sa.select(
        *(Folder.id, Folder.name, Folder.meta, Folder.parent_id, Folder.is_expanded),
        *(Folder.created_at, Folder.updated_at),
    )
    .where(Folder.user_id == sa.bindparam("user_id"))
    .order_by(Folder.created_at, Folder.id)
)
_TREE = sa.select(Folder.id, Folder.parent_id, Folder.name).where(Folder.user_id == sa.bindparam("user_id"))
_SETTINGS_OF_CHAT = (
    sa.select(Folder.data)
    .join(Chat, sa.and_(Chat.folder_id == Folder.id, Chat.user_id == Folder.user_id))
    .where(Chat.id == sa.bindparam("chat_id"), Chat.user_id == sa.bindparam("user_id"), IS_LISTED)
)


def list_folders(db: Session, user_id: str) -> list[sa.RowMapping]:
    """All folders of a user, without their settings, the oldest first."""
    return list(db.execute(_LIST, {"user_id": user_id}).mappings())


def find_folder(db: Session, user_id: str, folder_id: str) -> Folder:
    """A folder of the user's, with its settings."""
    folder = db.scalar(sa.select(Folder).where(Folder.id == folder_id, Folder.user_id == user_id))
    if folder is None:
        raise ApiError(Problem.NOT_FOUND, "This folder does not exist, or it is not yours.")
    return folder


def hold_folder(db: Session, user_id: str, folder_id: str) -> None:
    """Keep a folder of the user's from being deleted until the transaction ends; 400 if there is none."""
    if not hold_folders(db, user_id, [folder_id]):
        raise _refusal("The folder in folder_id does not exist, or it is not yours. Send null for none.")


def system_prompt(database: Database, user_id: str, chat_id: str) -> str | None:
    """What the folder of a chat says to every model that answers in it."""
    with database.reader() as connection:
        data = connection.scalar(_SETTINGS_OF_CHAT, {"chat_id": chat_id, "user_id": user_id})
    prompt = (data or {}).get("system_prompt")
    return prompt if isinstance(prompt, str) and prompt else None


def create_folder(
    db: Session, user_id: str, *, name: str, data: dict[str, Any] | None, meta: dict[str, Any] | None
) -> Folder:
    """A new folder at the top of the tree."""
    tree = _locked_tree(db, user_id)
    if len(tree) >= MAX_FOLDERS:
        raise _refusal(f"You have {MAX_FOLDERS} folders, which is the most. Delete one first.")
    _check_name(tree, None, name)
    folder = Folder(
        id=str(uuid4()),
        user_id=user_id,
        parent_id=None,
        name=name,
        data=data,
        meta=meta,
        is_expanded=False,
        created_at=utcnow(),
        updated_at=utcnow(),
    )
    db.add(folder)
    db.flush()
    return folder


def merge_folders(db: Session, user_id: str, folders: Iterable[dict[str, Any]]) -> dict[str, str]:
    """Add trees of folders, given by their columns, under new ids; those of the same name and place are used instead.

    Answers the new ids by the old ones. What stands in no tree, too deep, or is more than ``MAX_FOLDERS`` is left out.
    """
    known = _locked_tree(db, user_id)
    places = {(row.parent_id, row.name.casefold()): row.id for row in known.values()}
    given = {folder["id"]: folder for folder in folders}
    children = defaultdict(list)
    for folder in given.values():
        children[folder["parent_id"] if folder["parent_id"] in given else None].append(folder)
    new_ids: dict[str, str] = {}
    added: list[dict[str, Any]] = []
    level: list[tuple[str | None, dict[str, Any]]] = [(None, folder) for folder in children[None]]
    for _ in range(MAX_DEPTH):
        for parent_id, folder in level:
            place = (parent_id, folder["name"].casefold())
            if place not in places and len(known) + len(added) < MAX_FOLDERS:
                places[place] = str(uuid4())
                added.append({**folder, "id": places[place], "parent_id": parent_id, "user_id": user_id})
            if place in places:
                new_ids[folder["id"]] = places[place]
        level = [
            (new_ids[old], child) for _, each in level if (old := each["id"]) in new_ids for child in children[old]
        ]
    if added:
        db.execute(sa.insert(Folder), added)
    return new_ids


def update_folder(
    db: Session,
    user_id: str,
    folder_id: str,
    *,
    name: str | None,
    data: dict[str, Any] | None,
    meta: dict[str, Any] | None,
) -> Folder:
    """Rename a folder, or replace some keys of its settings; ``None`` leaves as it is."""
    tree = _locked_tree(db, user_id)
    folder = find_folder(db, user_id, folder_id)
    if name is not None:
        _check_name(tree, folder.parent_id, name, own_id=folder_id)
        folder.name = name
    if data is not None:
        folder.data = {**(folder.data or {}), **data}
    if meta is not None:
        folder.meta = {**(folder.meta or {}), **meta}
    return _changed(db, folder)


def move_folder(db: Session, user_id: str, folder_id: str, parent_id: str | None) -> Folder:
    """Put a folder with all that is in it into another, or at the top."""
    tree = _locked_tree(db, user_id)
    folder = find_folder(db, user_id, folder_id)
    if parent_id is not None and parent_id not in tree:
        raise _refusal("The folder in parent_id does not exist, or it is not yours. Send null for the top.")
    above = list(_upwards(tree, parent_id))
    if folder_id in above:
        raise _refusal("A folder cannot be moved into itself or into a folder in it.")
    if len(above) + len(_levels(tree, folder_id)) > MAX_DEPTH:
        raise _refusal(f"Folders can stand in one another {MAX_DEPTH} deep at most.")
    _check_name(tree, parent_id, folder.name, own_id=folder_id)
    folder.parent_id = parent_id
    return _changed(db, folder)


def expand_folder(db: Session, user_id: str, folder_id: str, is_expanded: bool) -> Folder:
    """Remember whether the page shows what is in a folder."""
    lock_user(db, user_id)
    folder = find_folder(db, user_id, folder_id)
    folder.is_expanded = is_expanded
    return _changed(db, folder)


def delete_folder(db: Session, user_id: str, folder_id: str) -> list[str]:
    """Delete a folder with the folders in it. The chats are the caller's care: of all folders whose ids it answers."""
    tree = _locked_tree(db, user_id)
    find_folder(db, user_id, folder_id)
    folder_ids = [each for level in _levels(tree, folder_id) for each in level]
    db.execute(sa.delete(Folder).where(Folder.id.in_(folder_ids), Folder.user_id == user_id))
    return folder_ids


def _locked_tree(db: Session, user_id: str) -> Tree:
    """The folders of a user by id; nobody else changes them until the transaction ends."""
    lock_user(db, user_id)
    return {row.id: row for row in db.execute(_TREE, {"user_id": user_id})}


def _levels(tree: Tree, folder_id: str) -> list[list[str]]:
    """The ids of a folder, of the folders in it, of those in them, and so on."""
    children = defaultdict(list)
    for row in tree.values():
        children[row.parent_id].append(row.id)
    levels, level = [], [folder_id]
    while level:
        levels.append(level)
        level = [child for each in level for child in children[each]]
    return levels


def _upwards(tree: Tree, folder_id: str | None) -> Iterator[str]:
    while folder_id is not None:
        yield folder_id
        folder_id = tree[folder_id].parent_id


def _check_name(tree: Tree, parent_id: str | None, name: str, own_id: str | None = None) -> None:
    """Names in one place differ by more than by case: compared here, since databases fold case each in its own way."""
    for row in tree.values():
        if row.parent_id == parent_id and row.id != own_id and row.name.casefold() == name.casefold():
            raise _refusal("There is a folder of this name in the same place already. Choose another name.")


def _changed(db: Session, folder: Folder) -> Folder:
    folder.updated_at = utcnow()
    db.flush()
    return folder


def _refusal(text: str) -> ApiError:
    return ApiError(Problem.MALFORMED_REQUEST, text)

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, StringConstraints

from webui.schemas.chats import Identifier, PageNumber
from webui.schemas.common import Epoch, Form, Out

FolderName = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255, pattern=r"^[^\x00-\x1f\x7f]*$")
]
# Clients may keep anything under this name; what is no text has no place in the list.
Icon = Annotated[str | None, BeforeValidator(lambda value: value if isinstance(value, str) else None)]


class FolderForm(Form):
    """`data` holds what applies to the chats in it, such as `system_prompt`; `meta` what it looks like, as `icon`."""

    name: FolderName
    data: dict[str, Any] | None = None
    meta: dict[str, Any] | None = None


class FolderUpdate(Form):
    """What is left out stays; of `data` and `meta` those keys are replaced that are sent."""

    name: FolderName | None = None
    data: dict[str, Any] | None = None
    meta: dict[str, Any] | None = None


class FolderParent(Form):
    """The folder to move it into; `null` is the top."""

    parent_id: Identifier | None = None


class FolderExpanded(Form):
    is_expanded: bool


class FolderRemoval(Form):
    """Whether the chats in it go into the trash; else they are kept, in no folder."""

    delete_contents: bool = True


class ChatFolder(Form):
    """The folder to put a chat into; `null` takes it out of all."""

    folder_id: Identifier | None = None


class FolderPageQuery(Form):
    """``include_hidden``: also the pinned and the archived chats, which have lists of their own."""

    page: PageNumber = 1
    include_hidden: bool = False


class FolderLooks(Out):
    icon: Icon = None


class FolderLine(Out):
    """A line of the list of folders."""

    id: str
    name: str
    meta: FolderLooks | None
    parent_id: str | None
    is_expanded: bool
    created_at: Epoch
    updated_at: Epoch


class FolderOut(Out):
    """A folder with its settings."""

    id: str
    parent_id: str | None
    user_id: str
    name: str
    items: dict[str, Any] | None = None  # nothing stands in it; clients expect the name
    meta: dict[str, Any] | None
    data: dict[str, Any] | None
    is_expanded: bool
    created_at: Epoch
    updated_at: Epoch


class FolderedChat(Out):
    """A line of the list of a folder's chats."""

    title: str
    id: str
    updated_at: Epoch

"""Who may read and change what its owner can share: models, prompts, notes. And who may use a model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute

from webui.errors import ApiError, Problem
from webui.models import Model, Note, Prompt
from webui.security.identity import Identity
from webui.settings import Settings

Kind = Literal["read", "write"]
Stored = Model | sa.Row[Any]  # what is stored about a model: the object, or its columns alone


def has_access(
    user_id: str, access_control: Mapping[str, Any] | None, kind: Kind, group_ids: frozenset[str] = frozenset()
) -> bool:
    """Whether the contract's ``access_control`` names this user or one of these groups; to write implies to read.

    ``None`` lets everybody read. A part that has not the contract's form grants nothing.
    """
    if access_control is None:
        return kind == "read"
    kinds = ("read", "write") if kind == "read" else ("write",)
    return any(
        user_id in _ids(access_control.get(each), "user_ids")
        or not group_ids.isdisjoint(_ids(access_control.get(each), "group_ids"))
        for each in kinds
    )


def granted(access_control: InstrumentedAttribute[Any], kind: Kind) -> sa.ColumnElement[bool]:
    """``has_access`` as a condition in SQL, for the user in the bound parameter ``user_id``.

    The id is looked for in the list's text, which all databases can do; with its quotes it is matched as a whole.
    """
    mention = sa.literal('[%"') + sa.bindparam("user_id", type_=sa.Text) + sa.literal('"%')
    kinds = ("read", "write") if kind == "read" else ("write",)
    named = sa.or_(*(access_control[(each, "user_ids")].as_string().like(mention) for each in kinds))
    return sa.or_(access_control.is_(None), named) if kind == "read" else named


def _ids(grant: Any, name: str) -> frozenset[str]:
    ids = grant.get(name) if isinstance(grant, dict) else None
    return frozenset(item for item in ids if isinstance(item, str)) if isinstance(ids, list) else frozenset()


def is_shared(access_control: Mapping[str, Any]) -> bool:
    """Whether it names anybody at all."""
    return any(_ids(grant, name) for grant in access_control.values() for name in ("user_ids", "group_ids"))


def check_sharing(user: Identity, settings: Settings, noun: str, access_control: Mapping[str, Any] | None) -> None:
    """Others than administrators need permission to share with some, and another to share with all.

    ``noun`` is the plural in the permissions' names: models, prompts or notes.
    """
    if user.is_admin or (access_control is not None and not is_shared(access_control)):
        return
    permission, whom = (f"public_{noun}", "everybody") if access_control is None else (noun, "others")
    if not settings[f"user.permissions.sharing.{permission}"]:
        text = f"You may not share {noun} with {whom}. Send {{}} as access_control to keep it to yourself."
        raise ApiError(Problem.FORBIDDEN, text)


def sees_everything(user: Identity, settings: Settings) -> bool:
    """Administrators need no grant, unless the setting puts them on a par with everybody."""
    return user.is_admin and bool(settings["admin.bypass_access_control"])


def may(user: Identity, settings: Settings, stored: Stored | Prompt | Note, kind: Kind) -> bool:
    """Whether this user may read or change it."""
    if sees_everything(user, settings) or stored.user_id == user.id:
        return True
    return has_access(user.id, stored.access_control, kind)


def may_use(user: Identity, settings: Settings, stored: Stored | None) -> bool:
    """Whether this user may let a model answer; ``stored`` is what is stored about it, if anything.

    A model of a connection is the administrators' alone until something is stored about it.
    """
    open_to_all: bool = settings["models.bypass_access_control"]
    if stored is None:
        return open_to_all or user.is_admin
    return stored.is_active and (open_to_all or may(user, settings, stored, "read"))

from __future__ import annotations

import pytest

from webui.models import Role
from webui.security.identity import Identity
from webui.security.permissions import RULES, Permission
from webui.settings import load


def person(role: Role) -> Identity:
    absent = dict.fromkeys(
        "bio gender date_of_birth status_emoji status_message status_expires_at session_expires_at".split()
    )
    return Identity(id="u", email="u@e.x", name="U", role=role, profile_image_url="", session_id="s", **absent)


def allowed(permission: Permission, role: Role, **environ: str) -> bool:
    return bool(RULES[permission](person(role), load({}, environ)))


def test_every_permission_but_the_public_one_has_a_rule() -> None:
    assert set(RULES) == set(Permission) - {Permission.PUBLIC}


@pytest.mark.parametrize(
    ("permission", "pending", "user", "admin"),
    [
        (Permission.SESSION, True, True, True),
        (Permission.VERIFIED, False, True, True),
        (Permission.ADMIN, False, False, True),
        (Permission.CHAT_DELETE, False, True, True),
        (Permission.CHAT_EXPORT, False, True, True),
        (Permission.CHAT_SHARE, False, True, True),
        (Permission.FOLDERS, False, True, True),
        (Permission.NOTES, False, True, True),
        (Permission.MODEL_CREATE, False, False, True),
        (Permission.MODEL_EXPORT, False, False, True),
        (Permission.MODEL_IMPORT, False, False, True),
        (Permission.PROMPT_CREATE, False, False, True),
    ],
)
def test_who_may_do_what(permission: Permission, pending: bool, user: bool, admin: bool) -> None:
    assert [allowed(permission, role) for role in (Role.PENDING, Role.USER, Role.ADMIN)] == [pending, user, admin]


def test_the_table_above_is_complete() -> None:
    table = test_who_may_do_what.pytestmark[0].args[1]
    assert {row[0] for row in table} == set(RULES)


@pytest.mark.parametrize(("role", "may"), [(Role.PENDING, False), (Role.USER, False), (Role.ADMIN, True)])
def test_what_a_setting_withdraws_is_left_to_administrators(role: Role, may: bool) -> None:
    assert allowed(Permission.CHAT_DELETE, role, USER_PERMISSIONS_CHAT_DELETE="false") is may

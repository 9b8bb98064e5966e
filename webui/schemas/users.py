"""People with accounts, as others, administrators and they themselves see them."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from webui.schemas.auths import Email, ImageUrl, Password
from webui.schemas.common import Epoch, Form, Line, Out
from webui.schemas.models import Open

RoleName = Literal["pending", "user", "admin"]
Words = Annotated[str, StringConstraints(max_length=255)]


class UsersQuery(Form):
    """What name or address hold, and the order: newest first unless told."""

    query: Words | None = None
    order_by: Literal["name", "email", "role", "created_at", "updated_at", "last_active_at"] | None = None
    direction: Literal["asc", "desc"] | None = None
    page: Annotated[int, Field(ge=1, le=1_000_000)] = 1


class UserStatusForm(Form):
    """What somebody is up to, and until when, in seconds since 1970."""

    status_emoji: Words | None = None
    status_message: Words | None = None
    status_expires_at: Annotated[int, Field(ge=0, le=2**53)] | None = None


class UserSettingsForm(Open):
    """What the page keeps for somebody; other keys come back as they are."""

    ui: dict[str, Any] | None = Field(default_factory=dict)


class UserInfoForm(Open):
    """What a client keeps for somebody, key by key."""


class UserUpdateForm(Form):
    """A password is only for giving somebody a new one."""

    role: RoleName
    name: Line
    email: Email
    profile_image_url: ImageUrl
    password: Password | None = None


class AddUserForm(Form):
    name: Line
    email: Email
    password: Password
    profile_image_url: ImageUrl = "/user.png"
    role: RoleName = "pending"


class ProfileForm(Form):
    name: Line
    profile_image_url: ImageUrl
    bio: Annotated[str, StringConstraints(max_length=10_000)] | None = None
    gender: Words | None = None
    date_of_birth: date | None = None


class UserStatus(Out):
    status_emoji: str | None
    status_message: str | None
    status_expires_at: int | None


class UserBrief(UserStatus):
    id: str
    name: str
    email: str
    role: str


class UserBriefs(Out):
    users: list[UserBrief]
    total: int


class UserOut(UserBrief):
    """Everything but the password; `last_active_at` is when somebody signed in or wrote in a chat last."""

    profile_image_url: str
    bio: str | None
    gender: str | None
    date_of_birth: date | None
    info: dict[str, Any] | None
    settings: dict[str, Any] | None
    last_active_at: Epoch
    updated_at: Epoch
    created_at: Epoch
    # Of the contract, and not kept here.
    username: str | None = None
    profile_banner_image_url: str | None = None
    timezone: str | None = None
    presence_state: str | None = None
    oauth: dict[str, Any] | None = None


class UserInGroups(UserOut):
    group_ids: tuple[str, ...] = ()  # there are no groups


class UserList(Out):
    users: list[UserInGroups]
    total: int


class UserCard(UserStatus):
    """Somebody as everybody may see them."""

    name: str
    profile_image_url: str
    groups: tuple[str, ...] = ()
    is_active: bool


class UserActive(Out):
    active: bool


class Profile(Out):
    id: str
    name: str
    role: str
    email: str
    profile_image_url: str


class AddedUser(Profile):
    """With a token with which the new account is signed in."""

    token: str
    token_type: str = "Bearer"


UserSettings = dict[str, Any]

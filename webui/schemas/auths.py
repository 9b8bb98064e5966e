from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from pydantic import StringConstraints

from webui.schemas.common import Epoch, Form, Line, Out

Email = Annotated[str, StringConstraints(min_length=1, max_length=255)]
# Longer than any that is accepted, so that the limit's own error says what the limit is.
Password = Annotated[str, StringConstraints(max_length=4096)]
# An address, or a data URL of a small picture.
ImageUrl = Annotated[str, StringConstraints(max_length=2_000_000, pattern=r"^(/|https?://|data:image/)")]


class SignupForm(Form):
    name: Line
    email: Email
    password: Password
    profile_image_url: ImageUrl = "/user.png"


class SigninForm(Form):
    email: Email
    password: Password


class PasswordForm(Form):
    password: Password
    new_password: Password


class SessionUser(Out):
    """The answer to signing up and in."""

    token: str
    token_type: str = "Bearer"
    expires_at: Epoch | None
    id: str
    email: str
    name: str
    role: str
    profile_image_url: str
    permissions: dict[str, Any]


class SessionUserInfo(SessionUser):
    """The signed-in user, as the page asks for it at each load."""

    bio: str | None
    gender: str | None
    date_of_birth: date | None
    status_emoji: str | None
    status_message: str | None
    status_expires_at: int | None


class SignedOut(Out):
    status: bool = True


class AdminDetails(Out):
    """Whom to ask for approval."""

    name: str | None
    email: str | None

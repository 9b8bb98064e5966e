"""Session tokens: JWT, HS256, with the contract's claims ``id``, ``jti``, ``exp`` and our session id ``sid``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

from pyramid_jwt import create_jwt_authentication_policy

if TYPE_CHECKING:
    from pyramid.config import Configurator

    from webui.request import Request

COOKIE = "token"


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token proves once its signature is checked."""

    user_id: str
    session_id: str


class Tokens:
    """Makes and reads tokens; a wrap of pyramid_jwt's policy object, of which nothing is registered with Pyramid."""

    def __init__(self, config: Configurator, secret_key: str) -> None:
        self._policy = create_jwt_authentication_policy(
            config, private_key=secret_key, algorithm="HS256", auth_type="Bearer"
        )

    def create(self, user_id: str, session_id: str, lifetime: timedelta | None) -> str:
        """A token for a session; without a lifetime it ends only with the session."""
        # PyJWT refuses a subject that is not a string.
        token: str = self._policy.create_token(
            str(user_id), expiration=lifetime, id=user_id, jti=str(uuid4()), sid=session_id
        )
        return token

    def read(self, request: Request, token: str) -> Claims | None:
        """The claims of a token, or None when it is forged, expired or not one of ours."""
        claims = self._policy.jwt_decode(request, token)
        user_id, session_id = claims.get("id"), claims.get("sid")
        if not (isinstance(user_id, str) and isinstance(session_id, str)):
            return None
        return Claims(user_id, session_id)


def bearer_token(request: Request) -> str | None:
    """The token of the ``Authorization`` header; the scheme is read in any case (RFC 9110 section 11.1)."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


def header_token(request: Request) -> str | None:
    """The token of the ``Authorization`` header; without one that of ``x-api-key``, as Anthropic's clients send it."""
    if "Authorization" in request.headers:
        return bearer_token(request)
    return request.headers.get("x-api-key", "").strip() or None

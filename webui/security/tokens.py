"""Session tokens: JWT, HS256, with the contract's claims ``id``, ``jti``, ``exp`` and our session id ``sid``."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import jwt
from pyramid_jwt import create_jwt_authentication_policy

from webui.security.keys import Keyring

if TYPE_CHECKING:
    from pyramid.config import Configurator

    from webui.request import Request

COOKIE = "token"
ALGORITHM = "HS256"
MAX_VERIFIED = 1024  # tokens that are known to be good; about a kilobyte each


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token proves once its signature is checked."""

    user_id: str
    session_id: str
    expires_at: float  # seconds since 1970


class Tokens:
    """Makes and reads tokens; a wrap of pyramid_jwt's policy objects, of which nothing is registered with Pyramid.

    The current key signs; what a previous one has signed is still good.
    """

    def __init__(self, config: Configurator, keyring: Keyring) -> None:
        self._policies = [
            create_jwt_authentication_policy(config, private_key=key, algorithm=ALGORITHM, auth_type="Bearer")
            for key in keyring.keys
        ]
        self._verified: dict[str, Claims] = {}

    def create(self, user_id: str, session_id: str, lifetime: timedelta | None) -> str:
        """A token for a session; without a lifetime it ends only with the session."""
        # PyJWT refuses a subject that is not a string.
        token: str = self._policies[0].create_token(
            str(user_id), expiration=lifetime, id=user_id, jti=str(uuid4()), sid=session_id
        )
        return token

    def read(self, request: Request, token: str) -> Claims | None:
        """The claims of a token, or None when it is forged, expired or not one of ours.

        What has been verified once is good until it expires: a signature costs each request as much as a statement.
        """
        claims = self._verified.get(token)
        if claims is None or claims.expires_at <= time.time():
            claims = self._decoded(request, token)
            if claims is not None:
                if len(self._verified) >= MAX_VERIFIED:
                    self._verified.clear()
                self._verified[token] = claims
        return claims

    def _decoded(self, request: Request, token: str) -> Claims | None:
        claims = self._policy_of(token).jwt_decode(request, token)
        user_id, session_id = claims.get("id"), claims.get("sid")
        if not (isinstance(user_id, str) and isinstance(session_id, str)):
            return None
        return Claims(user_id, session_id, claims.get("exp", math.inf))

    def _policy_of(self, token: str) -> Any:
        """The policy of the previous key that signed the token, or else of the current one, to log what is wrong."""
        return next((policy for policy in self._policies[1:] if _signed(token, policy.private_key)), self._policies[0])


def _signed(token: str, key: str) -> bool:
    try:
        jwt.PyJWS().decode(token, key, algorithms=[ALGORITHM])
    except jwt.InvalidTokenError:
        return False
    return True


def bearer_token(request: Request) -> str | None:
    """The token of the ``Authorization`` header; the scheme is read in any case (RFC 9110 section 11.1)."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


def presented_token(request: Request) -> str | None:
    """The token that came with a request, in a header or else as the cookie."""
    return header_token(request) or request.cookies.get(COOKIE)


def header_token(request: Request) -> str | None:
    """The token of the ``Authorization`` header; without one that of ``x-api-key``, as Anthropic's clients send it."""
    if "Authorization" in request.headers:
        return bearer_token(request)
    return request.headers.get("x-api-key", "").strip() or None

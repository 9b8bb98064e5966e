"""Pyramid's security policy: a token becomes an identity, a permission yes or no. What is not allowed is denied."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyramid.interfaces import ISecurityPolicy
from pyramid.request import RequestLocalCache
from pyramid.security import Allowed, Denied
from zope.interface import implementer

from webui.errors import Problem
from webui.security.identity import Identity, find_identity
from webui.security.permissions import RULES, Permission
from webui.security.tokens import presented_token

if TYPE_CHECKING:
    from webui.request import Request


class Refused(Denied):  # type: ignore[misc]
    """A denial that knows its reason."""

    def __new__(cls, problem: Problem) -> Refused:
        refusal: Refused = super().__new__(cls, problem.text)
        refusal.problem = problem
        return refusal

    problem: Problem


@implementer(ISecurityPolicy)
class SecurityPolicy:
    """Header before cookie; one statement a request, and a database that cannot be asked means an error, never yes."""

    def __init__(self) -> None:
        self._cache = RequestLocalCache(self._authenticate)

    def identity(self, request: Request) -> Identity | None:
        found = self._cache.get_or_create(request)
        return found if isinstance(found, Identity) else None

    def authenticated_userid(self, request: Request) -> str | None:
        identity = self.identity(request)
        return identity.id if identity else None

    def permits(self, request: Request, context: Any, permission: str) -> Allowed | Refused:
        found = self._cache.get_or_create(request)
        if isinstance(found, Problem):
            return Refused(found)
        rule = RULES.get(Permission(permission))
        if rule is not None and rule(found, request.config):
            return Allowed(permission)
        return Refused(Problem.NO_PERMISSION)

    def _authenticate(self, request: Request) -> Identity | Problem:
        token = presented_token(request)
        if not token:
            return Problem.NOT_AUTHENTICATED
        claims = request.registry.tokens.read(request, token)
        if claims is None:
            return Problem.BAD_TOKEN
        identity = find_identity(request.database, user_id=claims.user_id, session_id=claims.session_id)
        return identity or Problem.BAD_TOKEN

    def remember(self, request: Request, userid: str, **kw: Any) -> list[tuple[str, str]]:
        """Nothing: ``webui.views.auths`` sets the cookie, with the settings' flags."""
        return []

    def forget(self, request: Request, **kw: Any) -> list[tuple[str, str]]:
        return []

"""The vocabulary of errors, and the one exception that carries it to the edge.

Every expected failure is ``raise ApiError(Problem.X)``; ``webui.views.errors`` turns it into the wire's shape:
``{"detail": text}`` everywhere, with OpenAI's ``error`` object beside it on OpenAI-compatible paths.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any


class Problem(Enum):
    """What can go wrong: HTTP status and the text shown when the raiser has nothing better to say.

    The contract (the API of Open WebUI 0.6.43) answers many missing permissions with 401 and bad input with 400; those
    statuses are kept, since clients act on them.
    """

    MALFORMED_REQUEST = 400, "The request could not be read."
    BAD_CREDENTIALS = 400, "The email or the password is wrong."
    WRONG_PASSWORD = 400, "The current password is wrong."
    BAD_EMAIL = 400, "This is not an email address."
    BAD_PASSWORD = 400, "This password cannot be used."
    EMAIL_TAKEN = 400, "This email address is registered already."
    BAD_TAG = 400, "A tag cannot have this name, since a search for it finds chats without tags."
    COMMAND_TAKEN = 400, "There is a prompt with this command already."
    MODEL_NOT_FOUND = 400, "Model not found"
    USER_NOT_FOUND = 400, "There is no such account."
    KEY_REFUSED = 400, "The model server refused the key."
    NOT_AUTHENTICATED = 401, "Not authenticated"
    BAD_TOKEN = 401, "401 Unauthorized"
    NO_PERMISSION = 401, "You have no permission for this."
    MODEL_ID_TAKEN = 401, "There is a model with this id already."
    MODEL_UNKNOWN = 401, "Nothing is stored about this model, or it is not shared with you."
    PROMPT_NOT_FOUND = 401, "This prompt does not exist, or it is not shared with you."
    CHAT_NOT_FOUND = 401, "This chat does not exist, or it is not yours."
    FORBIDDEN = 403, "This action is not allowed here."
    FOREIGN_ORIGIN = 403, "This request came from another site."
    NOT_FOUND = 404, "Not Found"
    NOTE_NOT_FOUND = 404, "This note does not exist, or it is not shared with you."
    MEMORY_NOT_FOUND = 404, "Memory not found"
    NO_MEMORIES = 404, "No memories found for user"
    CONNECTION_NOT_FOUND = 404, "There is no such connection, or it is switched off."
    MESSAGE_NOT_FOUND = 404, "There is no such message in this chat."
    TASK_NOT_FOUND = 404, "There is no such reply, or it is long over; read the chat instead."
    METHOD_NOT_ALLOWED = 405, "Method Not Allowed"
    CONFLICT = 409, "This is in conflict with what is stored already."
    TOO_LARGE = 413, "The request is too large."
    INVALID = 422, "The request does not fit the schema."
    RATE_LIMITED = 429, "API rate limit exceeded"
    INTERNAL = 500, "Internal Server Error"
    UPSTREAM_FAILED = 502, "The model server could not be reached."
    UNAVAILABLE = 503, "The server cannot answer this right now. Try again in a moment."
    UPSTREAM_TIMEOUT = 504, "The model server took too long to answer."

    def __init__(self, status: int, text: str) -> None:
        self.status = status
        self.text = text

    @property
    def code(self) -> str:
        """The machine-readable name, as in OpenAI's ``error.code``."""
        return self.name.lower()


class ApiError(Exception):
    """An expected failure.

    ``detail`` is shown to the user: a text, or the contract's list of ``{type, loc, msg}`` for invalid input.
    ``status`` overrides the problem's own where an upstream's status is passed on.
    """

    def __init__(
        self,
        problem: Problem,
        detail: str | list[dict[str, Any]] | None = None,
        *,
        status: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.problem = problem
        self.detail = problem.text if detail is None else detail
        self.status = status or problem.status
        self.headers = dict(headers or {})
        super().__init__(f"{self.status} {problem.code}: {self.detail}")

"""Secrets at rest: encrypted under a key of the keyring; and masks, which stand for them where people read.

A sealed value names its key: ``{"encrypted": "<Fernet token>", "key": "<fingerprint>"}``. So a change of the key can be
made in any order with a restart, and a database that was moved without its key says which one is missing.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pydantic_core import from_json, to_json

from webui.security.keys import Keyring, derived, fingerprint

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

MASK = re.compile("••••[0-9a-f]{8}")


class UnreadableSecret(Exception):
    """A sealed value cannot be opened; ``key`` is the fingerprint of the key that it wants."""

    def __init__(self, key: str) -> None:
        self.key = key
        super().__init__(f"The secret is encrypted under the key {key}, which is not here.")


class Vault:
    """Seals and opens values.

    ``load`` gives the keyring. It is asked again before sealing, and for a key that is not known: ``webui keys rotate``
    may have been called since.
    """

    def __init__(self, load: Callable[[], Keyring]) -> None:
        self._load = load
        self.keyring = load()

    def seal(self, value: Any) -> dict[str, str]:
        """A JSON value, encrypted under the current key."""
        self.keyring = self._load()
        key = self.keyring.current
        return {"encrypted": _fernet(key).encrypt(to_json(value)).decode(), "key": fingerprint(key)}

    def open(self, value: Any) -> Any:
        """What was sealed; a value that was stored plain stays as it is. Raises :class:`UnreadableSecret`."""
        if not is_sealed(value):
            return value
        key = self.keyring.find(value["key"])
        if key is None:
            self.keyring = self._load()
            key = self.keyring.find(value["key"])
        if key is None:
            raise UnreadableSecret(value["key"])
        from cryptography.fernet import InvalidToken

        try:
            return from_json(_fernet(key).decrypt(value["encrypted"]))
        except (InvalidToken, ValueError):  # damaged, or a fingerprint that two keys share
            raise UnreadableSecret(value["key"]) from None

    def seal_text(self, value: Any) -> str:
        """A JSON value encrypted as a text, for a client that keeps it among others and sends it back."""
        return to_json(self.seal(value)).decode()

    def renew_text(self, text: str) -> str:
        """What ``seal_text`` gave, under the current key; any other text, and what cannot be read, as it is."""
        try:
            value = from_json(text)
            return self.seal_text(self.open(value)) if is_sealed(value) and not self.is_current(value) else text
        except (ValueError, UnreadableSecret):
            return text

    def is_current(self, value: Any) -> bool:
        """Whether a stored value is sealed under the current key."""
        return is_sealed(value) and value["key"] == fingerprint(self.keyring.current)

    def mask(self, text: str) -> str:
        """What is shown in the place of a secret text: the same for the same text, and nobody can guess it back."""
        key = derived(self.keyring.current, "mask")
        return "••••" + hmac.new(key, text.encode(), hashlib.sha256).hexdigest()[:8]


def is_sealed(value: Any) -> bool:
    """Whether a stored value is an encrypted one."""
    return (
        isinstance(value, dict)
        and value.keys() == {"encrypted", "key"}
        and all(isinstance(part, str) for part in value.values())
    )


@lru_cache(maxsize=16)
def _fernet(key: str) -> Fernet:
    """Fernet under a key derived with HKDF-SHA256 (RFC 5869)."""
    from base64 import urlsafe_b64encode

    from cryptography.fernet import Fernet
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    wanted = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"webui stored secrets").derive(key.encode())
    return Fernet(urlsafe_b64encode(wanted))

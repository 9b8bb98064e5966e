"""Password hashes: argon2id, as PHC strings."""

from __future__ import annotations

import secrets
import threading
from base64 import b64encode
from functools import cache

# OWASP's smallest recommended setting: 19 MiB, two passes, one lane.
MEMORY_KIB, PASSES, LANES = 19 * 1024, 2, 1
LENGTH, SALT_LENGTH = 32, 16
_PARAMETERS = f"m={MEMORY_KIB},t={PASSES},p={LANES}"

# Each hash takes 19 MiB and a core; more at once than cores would only cost memory.
_hashing = threading.BoundedSemaphore(2)


def hash_password(password: str) -> str:
    """The PHC string of a new hash."""
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id  # 10 MB that idle servers spare

    argon2 = Argon2id(
        salt=secrets.token_bytes(SALT_LENGTH), length=LENGTH, iterations=PASSES, lanes=LANES, memory_cost=MEMORY_KIB
    )
    with _hashing:
        return argon2.derive_phc_encoded(password.encode())


def verify_password(password: str, password_hash: str | None) -> bool:
    """Whether the password fits. For an unknown user (``None``) it takes the same time and is False."""
    from cryptography.exceptions import InvalidKey
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

    with _hashing:
        try:
            Argon2id.verify_phc_encoded(password.encode(), password_hash or _hash_of_nobody())
        except InvalidKey:
            return False
    return password_hash is not None


@cache
def _hash_of_nobody() -> str:
    """A hash with today's parameters that no password fits."""
    salt, digest = (b64encode(secrets.token_bytes(size)).decode().rstrip("=") for size in (SALT_LENGTH, LENGTH))
    return f"$argon2id$v=19${_PARAMETERS}${salt}${digest}"

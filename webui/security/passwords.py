"""Password hashes: argon2id, as PHC strings."""

from __future__ import annotations

import secrets
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from functools import cache

# OWASP's smallest recommended setting: 19 MiB, two passes, one lane.
MEMORY_KIB, PASSES, LANES = 19 * 1024, 2, 1
LENGTH, SALT_LENGTH = 32, 16
_PARAMETERS = f"m={MEMORY_KIB},t={PASSES},p={LANES}"

# Each hash takes a core and 19 MiB, which glibc keeps for the thread that it was made on. On the server's own threads
# sixteen sign-ins at once left 190 MB behind.
_hashing = ThreadPoolExecutor(2, thread_name_prefix="password")


def hash_password(password: str) -> str:
    """The PHC string of a new hash."""
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id  # 10 MB that idle servers spare

    argon2 = Argon2id(
        salt=secrets.token_bytes(SALT_LENGTH), length=LENGTH, iterations=PASSES, lanes=LANES, memory_cost=MEMORY_KIB
    )
    return _hashing.submit(argon2.derive_phc_encoded, password.encode()).result()


def verify_password(password: str, password_hash: str | None) -> bool:
    """Whether the password fits. For an unknown user (``None``) it takes the same time and is False."""
    from cryptography.exceptions import InvalidKey
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

    check = _hashing.submit(Argon2id.verify_phc_encoded, password.encode(), password_hash or _hash_of_nobody())
    try:
        check.result()
    except InvalidKey:
        return False
    return password_hash is not None


@cache
def _hash_of_nobody() -> str:
    """A hash with today's parameters that no password fits."""
    salt, digest = (b64encode(secrets.token_bytes(size)).decode().rstrip("=") for size in (SALT_LENGTH, LENGTH))
    return f"$argon2id$v=19${_PARAMETERS}${salt}${digest}"

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography.hazmat.primitives.kdf import argon2
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from webui.security.passwords import hash_password, verify_password


def test_a_hash_is_a_phc_string_with_its_parameters() -> None:
    assert hash_password("secret").startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_no_two_hashes_are_the_same() -> None:
    assert hash_password("secret") != hash_password("secret")


@pytest.mark.parametrize("password", ["secret", " ", "pässwörd", "密码" * 30, "🔑" * 2000, "a\0b"])
def test_the_right_password_fits_and_no_other(password: str) -> None:
    stored = hash_password(password)
    assert verify_password(password, stored)
    assert not verify_password(password + "x", stored)
    assert not verify_password(password[:-1], stored)


def test_a_hash_with_other_parameters_still_fits() -> None:
    weaker = Argon2id(salt=b"s" * 16, length=32, iterations=1, lanes=1, memory_cost=8)
    assert verify_password("secret", weaker.derive_phc_encoded(b"secret"))


@pytest.mark.parametrize("stored", ["", "nonsense", "$2b$12$abcdefghijklmnopqrstuv", "$argon2id$v=19$m=1,t=1,p=1$x$y"])
def test_a_hash_that_cannot_be_read_fits_nobody(stored: str) -> None:
    assert not verify_password("", stored)


def test_an_unknown_user_costs_a_verification_too(monkeypatch: pytest.MonkeyPatch) -> None:
    known = hash_password("secret")
    verified: list[str] = []

    class Recorder:
        @staticmethod
        def verify_phc_encoded(password: bytes, stored: str) -> None:
            verified.append(stored)
            Argon2id.verify_phc_encoded(password, stored)

    monkeypatch.setattr(argon2, "Argon2id", Recorder)
    assert not verify_password("secret", None)
    assert not verify_password("wrong", known)
    assert [stored.rsplit("$", 2)[0] for stored in verified] == ["$argon2id$v=19$m=19456,t=2,p=1"] * 2


def test_many_threads_may_hash_at_once() -> None:
    with ThreadPoolExecutor(6) as pool:
        hashes = list(pool.map(hash_password, ["secret"] * 6))
    assert all(verify_password("secret", stored) for stored in hashes)

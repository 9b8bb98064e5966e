from __future__ import annotations

import time
from datetime import timedelta

import jwt
import pytest
from pyramid.config import Configurator
from pyramid.testing import DummyRequest

from webui.security import tokens as module
from webui.security.keys import Keyring
from webui.security.tokens import Claims, Tokens

OLD, NEW = "old-" * 8, "new-" * 8
HOUR = timedelta(hours=1)

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def tokens(*keys: str) -> Tokens:
    return Tokens(Configurator(), Keyring(keys))


def read(found: Tokens, token: str) -> Claims | None:
    return found.read(DummyRequest(remote_addr="127.0.0.1"), token)


def whose(found: Tokens, token: str) -> tuple[str, str] | None:
    claims = read(found, token)
    return None if claims is None else (claims.user_id, claims.session_id)


def test_a_token_of_a_previous_key_is_accepted_and_new_ones_are_of_the_current() -> None:
    before = tokens(OLD).create("u", "s", HOUR)
    both = tokens(NEW, "other" * 8, OLD)
    assert whose(both, before) == ("u", "s")
    assert whose(tokens(NEW), both.create("u", "s", HOUR)) == ("u", "s")


def test_a_token_of_any_other_key_is_refused() -> None:
    assert read(tokens(NEW, OLD), tokens("x" * 32).create("u", "s", HOUR)) is None
    assert read(tokens(NEW, OLD), "no token") is None


def test_a_token_of_a_previous_key_ends_in_time() -> None:
    assert read(tokens(NEW, OLD), tokens(OLD).create("u", "s", timedelta(seconds=-5))) is None


def test_a_token_that_was_good_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    found = tokens(NEW)
    token = found.create("u", "s", timedelta(seconds=2))
    assert whose(found, token) == ("u", "s")
    now = time.time()
    monkeypatch.setattr(module.time, "time", lambda: now + 3)
    known = found._verified[token]
    assert known.expires_at < now + 3
    monkeypatch.setattr(module.jwt, "decode", expired)
    assert read(found, token) is None


def expired(*_: object, **__: object) -> None:
    raise jwt.ExpiredSignatureError


def test_a_token_without_an_end_stays_good() -> None:
    found = tokens(NEW)
    token = found.create("u", "s", None)
    assert whose(found, token) == whose(found, token) == ("u", "s")


def test_only_so_many_tokens_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_VERIFIED", 3)
    found = tokens(NEW)
    for number in range(10):
        assert whose(found, found.create("u", str(number), HOUR)) == ("u", str(number))
        assert read(found, f"forged {number}") is None
        assert len(found._verified) <= 3

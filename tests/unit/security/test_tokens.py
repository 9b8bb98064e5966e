from __future__ import annotations

from datetime import timedelta

import pytest
from pyramid.config import Configurator
from pyramid.testing import DummyRequest

from webui.security.keys import Keyring
from webui.security.tokens import Claims, Tokens

OLD, NEW = "old-" * 8, "new-" * 8
HOUR = timedelta(hours=1)

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def tokens(*keys: str) -> Tokens:
    return Tokens(Configurator(), Keyring(keys))


def read(found: Tokens, token: str) -> Claims | None:
    return found.read(DummyRequest(remote_addr="127.0.0.1"), token)


def test_a_token_of_a_previous_key_is_accepted_and_new_ones_are_of_the_current() -> None:
    before = tokens(OLD).create("u", "s", HOUR)
    both = tokens(NEW, "other" * 8, OLD)
    assert read(both, before) == Claims("u", "s")
    assert read(tokens(NEW), both.create("u", "s", HOUR)) == Claims("u", "s")


def test_a_token_of_any_other_key_is_refused() -> None:
    assert read(tokens(NEW, OLD), tokens("x" * 32).create("u", "s", HOUR)) is None
    assert read(tokens(NEW, OLD), "no token") is None


def test_a_token_of_a_previous_key_ends_in_time() -> None:
    assert read(tokens(NEW, OLD), tokens(OLD).create("u", "s", timedelta(seconds=-5))) is None

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webui.security.keys import Keyring, fingerprint
from webui.security.vault import MASK, UnreadableSecret, Vault, is_sealed

OLD, NEW = "old-" * 8, "new-" * 8
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


def vault(*keys: str) -> Vault:
    return Vault(lambda: Keyring(keys))


@given(JSON)
def test_what_is_sealed_can_be_opened(value: object) -> None:
    found = vault(NEW)
    assert found.open(found.seal(value)) == value


def test_a_sealed_value_names_its_key_and_shows_nothing() -> None:
    sealed = vault(NEW).seal(["sk-secret"])
    assert sealed["key"] == fingerprint(NEW)
    assert "sk-secret" not in json.dumps(sealed)
    assert NEW not in json.dumps(sealed)


def test_a_previous_key_opens_and_the_current_one_seals() -> None:
    sealed = vault(OLD).seal("x")
    both = vault(NEW, OLD)
    assert both.open(sealed) == "x"
    assert not both.is_current(sealed)
    assert both.is_current(both.seal("x"))


def test_a_key_that_was_added_since_the_start_is_found() -> None:
    keys = [(OLD,), (NEW, OLD)]
    found = Vault(lambda: Keyring(keys.pop(0)))
    assert found.open(vault(NEW).seal("x")) == "x"


def test_without_its_key_a_value_cannot_be_read_and_the_key_is_named() -> None:
    with pytest.raises(UnreadableSecret) as caught:
        vault(NEW).open(vault(OLD).seal("sk-secret"))
    assert caught.value.key == fingerprint(OLD)


@pytest.mark.parametrize("token", ["", "x", "gAAAAA==", "ключ"])
def test_a_damaged_value_cannot_be_read(token: str) -> None:
    with pytest.raises(UnreadableSecret):
        vault(NEW).open({"encrypted": token, "key": fingerprint(NEW)})


@pytest.mark.parametrize("value", [None, "x", 7, ["a"], {}, {"encrypted": "x"}, {"encrypted": 1, "key": "x"}])
def test_what_was_stored_plain_stays_as_it_is(value: object) -> None:
    assert not is_sealed(value)
    assert vault(NEW).open(value) == value


def test_a_mask_tells_secrets_apart_and_depends_on_the_key() -> None:
    found = vault(NEW)
    assert MASK.fullmatch(found.mask("sk-1"))
    assert found.mask("sk-1") == vault(NEW, OLD).mask("sk-1")
    assert len({found.mask("sk-1"), found.mask("sk-2"), vault(OLD).mask("sk-1")}) == 3

"""Whatever stands in a source, the parser of every declared setting takes it or says what it wants."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webui.settings import SETTINGS, Setting

# One setting of each type; one list of choices stands for all.
TYPES = {"|" if "|" in setting.type.label else setting.type.label: setting for setting in SETTINGS}
CANARY = "qxzjvk"
DEEP: list[Any] = []
for _ in range(2000):
    DEEP = [DEEP]

# Pieces of what the parsers look at, which random text hardly ever contains.
WORDS = "ms w MB :// http https://a sqlite:/// postgresql:// localhost true [::1] 1e999 NaN [[[[ null"
PIECES = st.sampled_from(
    [*"0123456789.-+;:,@/?#%[]{}\"' \t\n\0\ud800()*~\\=|\u2028", *WORDS.split(), "9" * 20, '{"a":']
)
TEXTS = st.lists(PIECES | st.text(max_size=3), max_size=12).map("".join)
WORST = (
    *(
        None,
        True,
        -1,
        0.5,
        10**400,
        10**5000,
        float("inf"),
        float("nan"),
        DEEP,
        [None],
        [[1]],
        {"": {}},
        ["a;b", "c,d"],
    ),
    *("\0", "\ud800", "%", "é" * 5000, "9" * 5000, "1e999", '{"a": NaN}', "[" * 100_000, '{"a":' * 100_000, "(" * 1000),
)
pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")  # of odd patterns

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=6,
)


def parsed(setting: Setting, raw: object) -> tuple[Any, str]:
    """The value and no text, or nothing and the parser's words."""
    try:
        return setting.type.parse(raw), ""
    except ValueError as error:
        return None, str(error)


def test_every_setting_stands_the_worst() -> None:
    for setting in SETTINGS:
        for raw in WORST:
            check(setting, raw)


@pytest.mark.parametrize("label", TYPES)
@settings(max_examples=60, deadline=None)
@given(raw=VALUES)
def test_every_type_stands_whatever_comes(label: str, raw: object) -> None:
    check(TYPES[label], raw)


def check(setting: Setting, raw: object) -> None:
    """A value is taken and survives being written, or is refused with words."""
    value, refusal = parsed(setting, raw)
    if refusal:
        assert refusal.startswith(("must", "names", "needs", "cannot"))
        assert len(setting.show_raw(raw)) < 200
    else:
        assert parsed(setting, setting.type.format(value)) == (value, "")
        setting.show(value)


@pytest.mark.parametrize("label", TYPES)
@settings(max_examples=30, deadline=None)
@given(before=TEXTS, after=TEXTS)
def test_a_refusal_never_repeats_the_value(label: str, before: str, after: str) -> None:
    text = before + CANARY + after
    for raw in (text, [text], {text: text}):
        assert CANARY not in parsed(TYPES[label], raw)[1]

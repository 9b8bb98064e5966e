from __future__ import annotations

import pytest

from webui.services.memories import words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", set()),
        ("... !?", set()),
        ("The user's CAT, the cat", {"the", "user", "s", "cat"}),
        ("Straße STRASSE", {"strasse"}),
        ("snake_case 2.5", {"snake", "case", "2", "5"}),
        ("我喜欢茶", {"我喜", "喜欢", "欢茶"}),
        ("茶", {"茶"}),
        ("我用Python写", {"我用", "python", "写"}),
        ("한국어", {"한국", "국어"}),
    ],
)
def test_a_text_is_split_into_words(text: str, expected: set[str]) -> None:
    assert words(text) == expected

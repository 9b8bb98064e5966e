from __future__ import annotations

from typing import Any

import pytest

from webui.providers.thinking import REASONING_TAGS
from webui.runs.generation import _tags


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (["[R]", "[/R]"], [("[R]", "[/R]")]),
        (False, None),
        (None, REASONING_TAGS),
        (True, REASONING_TAGS),
        (["", "x"], REASONING_TAGS),
        (["x" * 101, "y"], REASONING_TAGS),
        (["x", "y" * 101], REASONING_TAGS),
        ([1, 2], REASONING_TAGS),
    ],
)
def test_tags_around_reasoning_are_as_the_parameters_say_if_they_can_be(wanted: Any, found: Any) -> None:
    assert _tags(wanted) == found

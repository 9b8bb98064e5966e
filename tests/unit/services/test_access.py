from __future__ import annotations

from typing import Any

import pytest

from webui.services.access import has_access, is_shared

NAMED = {"user_ids": ["ada"], "group_ids": []}
GROUP = {"user_ids": [], "group_ids": ["staff"]}


@pytest.mark.parametrize(
    ("access_control", "reads", "writes"),
    [
        (None, True, False),
        ({}, False, False),
        ({"read": NAMED}, True, False),
        ({"write": NAMED}, True, True),
        ({"read": GROUP}, True, False),
        ({"write": GROUP}, True, True),
        ({"read": {"user_ids": ["bob"], "group_ids": ["other"]}}, False, False),
        ({"read": {}, "write": {}}, False, False),
        ({"read": None, "write": []}, False, False),
        ({"read": {"user_ids": "ada", "group_ids": {"staff": 1}}}, False, False),
        ({"read": {"user_ids": [None, ["ada"]], "group_ids": [{}]}}, False, False),
        ({"owner": NAMED}, False, False),
    ],
)
def test_who_is_named_may(access_control: dict[str, Any] | None, reads: bool, writes: bool) -> None:
    groups = frozenset({"staff"})
    assert has_access("ada", access_control, "read", groups) is reads
    assert has_access("ada", access_control, "write", groups) is writes


def test_without_groups_no_group_counts() -> None:
    assert not has_access("ada", {"read": GROUP}, "read")


@pytest.mark.parametrize(
    ("access_control", "shared"),
    [
        ({}, False),
        ({"read": {"user_ids": [], "group_ids": []}}, False),
        ({"read": NAMED}, True),
        ({"write": GROUP}, True),
    ],
)
def test_rules_that_name_nobody_share_nothing(access_control: dict[str, Any], shared: bool) -> None:
    assert is_shared(access_control) is shared

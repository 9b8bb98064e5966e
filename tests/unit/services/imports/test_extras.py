from __future__ import annotations

import pytest

from webui.services.imports import extras
from webui.services.imports.extras import MEMORIES, NOTES, Extras, told


def test_of_what_is_larger_than_fits_in_memory_the_first_rows_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "MAX_SIZE", 3 * 1024 * 1024)
    found = Extras()
    for number in range(5):
        found.add(MEMORIES, {"content": str(number)}, 1024 * 1024)
    found.add(NOTES, {"title": "N"}, 10)
    assert [row["content"] for row in found.rows[MEMORIES]] == ["0", "1", "2"]
    assert len(found.rows[NOTES]) == 1
    assert told(found.left_out) == ["2 memories behind the first 3 MB"]

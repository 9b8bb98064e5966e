from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from webui.providers.local import state

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="without flock nothing is shared")

ENDPOINT = state.Endpoint("http://127.0.0.1:1", "key", "/model.gguf", 1)


def test_an_endpoint_is_found_while_its_child_holds_the_file(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    assert state.look(path) == (False, None)
    held = state.claim(path)
    assert held is not None
    assert state.look(path) == (True, None)
    state.publish(held, ENDPOINT)
    assert state.look(path) == (True, ENDPOINT)


def test_what_a_dead_child_left_behind_is_not_believed(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    held = state.claim(path)
    assert held is not None
    state.publish(held, ENDPOINT)
    os.close(held)
    assert state.look(path) == (False, None)
    assert state.claim(path) is not None
    assert state.look(path) == (True, None)


def test_one_child_at_a_time_holds_the_file(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    assert state.claim(path) is not None
    assert state.claim(path) is None


def test_only_the_owner_can_read_the_key(tmp_path: Path) -> None:
    state.claim(tmp_path / "state.json")
    assert stat.S_IMODE((tmp_path / "state.json").stat().st_mode) == 0o600


def test_the_key_is_not_shown_where_an_endpoint_is_logged() -> None:
    assert "s3cret" not in repr(state.Endpoint("http://127.0.0.1:1", "s3cret", "/model.gguf", 1))

from __future__ import annotations

import pytest

from webui.server.limits import OTHER_FILES, allow_open_files

resource = pytest.importorskip("resource")


@pytest.mark.parametrize(
    ("soft", "hard", "raised"),
    [
        (1024, 4096, 2000 + OTHER_FILES),
        (1024, 1500, 1500),
        (1024, resource.RLIM_INFINITY, 2000 + OTHER_FILES),
        (4096, 4096, None),
        (resource.RLIM_INFINITY, resource.RLIM_INFINITY, None),
    ],
)
def test_the_limit_of_open_files_is_raised_as_far_as_possible(
    monkeypatch: pytest.MonkeyPatch, soft: int, hard: int, raised: int | None
) -> None:
    asked: list[tuple[int, tuple[int, int]]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: (soft, hard))
    monkeypatch.setattr(resource, "setrlimit", lambda *arguments: asked.append(arguments))
    allow_open_files(2000)
    assert asked == ([] if raised is None else [(resource.RLIMIT_NOFILE, (raised, hard))])

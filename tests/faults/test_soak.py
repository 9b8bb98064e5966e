from __future__ import annotations

import pytest

from scripts.bench import server, soak
from scripts.bench.harness import running_upstream
from scripts.bench.scenarios import Target, sign_in
from scripts.bench.soak import Sample, grown

MINUTE = 60.0
STEADY = [Sample(memory=100 + index % 3, threads=10, files=40 + index % 5, upstream=index % 4) for index in range(30)]


def test_a_minute_of_everything_leaves_the_server_as_it_was() -> None:
    with running_upstream(soak.MODELS) as upstream, server.started(upstream.openai_url) as under_test:
        samples = soak.soak(Target(under_test, sign_in(under_test.url)), upstream, MINUTE)
    assert len(samples) > 20


def test_what_goes_up_and_down_has_not_grown() -> None:
    assert grown(STEADY) == []


@pytest.mark.parametrize("name", ["memory", "threads", "files", "upstream"])
def test_what_keeps_growing_is_named(name: str) -> None:
    leaking = [Sample(**{**vars(sample), name: 10 + 2 * index}) for index, sample in enumerate(STEADY)]
    (text,) = grown(leaking)
    assert text.startswith(f"{name} grew from ")

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from scripts.bench.harness import Upstream, running_upstream
from scripts.bench.server import Server, started

if TYPE_CHECKING:
    from tests.browser.support import Page


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    from tests.browser.support import BROKEN, SLOW, STUCK  # skips the test where there is no browser

    with running_upstream([SLOW, STUCK, BROKEN]) as running:
        yield running


@pytest.fixture(scope="module")
def server(upstream: Upstream) -> Iterator[Server]:
    with started(upstream.openai_url) as running:
        yield running


@pytest.fixture
def page(server: Server, tmp_path: Path) -> Iterator[Page]:
    """The page in a new browser."""
    from tests.browser.support import Page

    with closing(Page(server.url, tmp_path)) as found:
        yield found


@pytest.fixture
def chat(page: Page) -> Page:
    """The same with the administrator signed in, in an empty chat."""
    page.enter()
    return page

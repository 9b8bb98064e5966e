from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import webui
from scripts.bench.harness import Upstream, running_upstream
from tests.browser.actor import MODELS, Actor, acting_upstream
from tests.browser.echo import echoing_upstream
from tests.browser.people import Person, another, first_person
from tests.support_server import RunningServer, running_server

if TYPE_CHECKING:
    from tests.browser.support import Page

SLOW, STUCK, BROKEN = "fake-60x50ms", "fake-40x10ms-stall", "fake-10x10ms-500"
QUICK, STEADY = "fake-100x0ms", "fake-400x10ms"


@pytest.fixture(scope="session")
def build() -> Mapping[str, str]:
    """Which build of the page is tested: that of this checkout, unless FRONTEND_BUILD_DIR names another."""
    if folder := os.environ.get("FRONTEND_BUILD_DIR"):
        return {"FRONTEND_BUILD_DIR": folder}
    if not (Path(webui.__file__).parent / "static" / "index.html").exists():
        pytest.fail("The page is not built: ./scripts/build_page.sh")
    return {}


@pytest.fixture(scope="session")
def upstream() -> Iterator[Upstream]:
    with running_upstream([SLOW, STUCK, BROKEN, STEADY]) as running:
        yield running


@pytest.fixture(scope="session")
def acting() -> Iterator[Actor]:
    with acting_upstream() as actor:
        yield actor


@pytest.fixture(scope="session")
def environ(upstream: Upstream, acting: Actor, build: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Of a server with models that do as they are told."""
    with echoing_upstream() as echo:
        yield {
            **build,
            "OPENAI_API_BASE_URLS": f"{upstream.openai_url};{echo.url}/v1;{acting.upstream.url}/v1",
            "OPENAI_API_KEYS": "sk-fake;sk-echo;sk-actor",
            "WEBUI_SIGNIN_RATE_LIMIT": "1000000",
            "WEBUI_SIGNIN_RATE_ADDRESS_LIMIT": "0",
        }


@pytest.fixture(scope="session")
def server(environ: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with running_server(tmp_path_factory.mktemp("server"), environ) as running:
        yield running


@pytest.fixture(scope="session")
def admin(server: RunningServer) -> Person:
    """The administrator of that server, whose account is first."""
    return first_person(server)


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    from tests.browser.support import Page  # skips the test where there is no browser

    with closing(Page(tmp_path_factory.mktemp("profile"))) as page:
        yield page


@pytest.fixture
def page(browser: Page, server: RunningServer, admin: Person) -> Iterator[Page]:
    """The door, in a browser that has not been there before. What the console complains about fails the test."""
    browser.reset()
    browser.open(url=server.url)
    yield browser
    assert browser.errors() == []


@pytest.fixture
def person(admin: Person) -> Person:
    """Somebody new, who may do everything."""
    return another(admin, "Bo", "admin")


@pytest.fixture
def chat(page: Page, person: Person) -> Page:
    """The page with this person signed in, in an empty chat."""
    page.enter_at_once(person)
    page.one("#prompt")
    return page


@pytest.fixture
def actor(acting: Actor) -> Actor:
    """Models that say what the test has them say; nobody has asked them yet."""
    acting.reset()
    return acting


@pytest.fixture
def talk(page: Page, person: Person, actor: Actor) -> Page:
    """An empty chat with the first of these models."""
    person.prefer(models=[MODELS[0]])
    page.enter_at_once(person)
    page.until(lambda: page.text("#model") == MODELS[0])
    return page


@pytest.fixture
def list_page(page: Page, person: Person) -> Page:
    """The page with three chats; the pointer rests elsewhere."""
    from tests.browser.sidebar import keep, see

    keep(person, "Apples", "Bread", "Cheese")
    page.enter_at_once(person)
    see(page, "Apples", "Bread", "Cheese")
    return page

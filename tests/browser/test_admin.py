"""What administrators set for everybody."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any

import pytest

from scripts.bench.harness import Upstream
from tests.browser.conftest import SLOW
from tests.browser.echo import MODEL, echoing_upstream
from tests.browser.people import Person, another, first_person
from tests.browser.support import Page, words
from tests.support import PASSWORD
from tests.support_server import RunningServer, running_server
from tests.support_upstream import Upstream as ScriptedUpstream
from tests.support_upstream import scripted_upstream


@pytest.fixture(scope="module")
def server(build: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """One whose connections and settings are changed as the tests like."""
    environ = {**build, "WEBUI_SIGNIN_RATE_LIMIT": "1000000", "WEBUI_SIGNIN_RATE_ADDRESS_LIMIT": "0"}
    with running_server(tmp_path_factory.mktemp("server"), environ) as running:
        yield running


@pytest.fixture(scope="module")
def admin(server: RunningServer) -> Person:
    return first_person(server)


@pytest.fixture(scope="module")
def echo() -> Iterator[ScriptedUpstream]:
    with echoing_upstream() as upstream:
        yield upstream


@pytest.fixture(scope="module")
def visitor(tmp_path_factory: pytest.TempPathFactory, server: RunningServer) -> Iterator[Page]:
    """Somebody else's browser."""
    with closing(Page(tmp_path_factory.mktemp("visitor"))) as page:
        page.open(url=server.url)
        yield page


def connect(admin: Person, *urls: str) -> None:
    """Have these connections and no others."""
    form = {"OPENAI_API_BASE_URLS": urls, "OPENAI_API_KEYS": ["sk"] * len(urls), "OPENAI_API_CONFIGS": {}}
    admin.call("POST", "/openai/config/update", {"ENABLE_OPENAI_API": True, **form})


def go(page: Page, tab: str, title: str) -> Any:
    """Load the page at this tab of the settings; what the tab shows."""
    page.open(f"#/settings/{tab}")
    page.find("heading", words(title))
    return page.one("main .tab")


def offered(page: Page) -> list[str]:
    """The models that somebody may pick in a new chat."""
    page.open()
    page.one("#model").click()
    page.find("field", words("composer.searchModels"))
    return [option.text.splitlines()[0] for option in page.named("option")]


def choose_in(page: Page, label: str, option: str) -> None:
    """Pick one of the list with this name."""
    page.find("field", label).find_element("xpath", f".//option[normalize-space()='{option}']").click()


def card(page: Page, name: str) -> Any:
    """What is shown of a connection."""
    return page.until(lambda: [node for node in page.all(".tab li") if name in node.text], f"No {name}.")[0]


def act(page: Page, row: Any, action: str, verb: str | None = None) -> None:
    """Use the menu of something; what cannot be undone is asked for again."""
    page.click("button", words("admin.actionsFor", name=".*"), row)
    page.click("item", words(action))
    if verb is not None:
        page.click(
            "button", words(verb), page.find("dialog", words("admin.removeTitle", name=".*").replace("?", "[?]"))
        )


def test_a_connection_is_tried_used_switched_off_and_removed(chat: Page, admin: Person, upstream: Upstream) -> None:
    connect(admin)
    go(chat, "connections", "settings.connections")
    chat.until(lambda: chat.says(words("admin.noConnections")))
    chat.click("button", words("admin.addConnection"))
    dialog = chat.find("dialog", words("admin.addConnection"))
    chat.fill(words("admin.url"), "http://127.0.0.1:9/v1", dialog)
    chat.fill(words("admin.key"), "sk-fake", dialog)
    chat.click("button", words("admin.test"), dialog)
    trouble = chat.text("dialog [role=alert]")
    assert "127.0.0.1" in trouble or "connect" in trouble.lower()
    chat.click("button", words("common.save"), dialog)
    chat.find("button", words("admin.saveAnyway"), dialog)
    assert len(chat.errors(but=["502"])) == 0

    chat.fill(words("admin.url"), upstream.openai_url, dialog)
    chat.click("button", words("admin.test"), dialog)
    chat.until(lambda: re.search(r"It works: \d+ models", dialog.text))
    chat.click("button", words("common.save"), dialog)
    chat.until(lambda: words("admin.state.closed") in card(chat, upstream.openai_url).text)
    chat.click("button", words("admin.showModels"))
    chat.until(lambda: SLOW in card(chat, upstream.openai_url).text)
    assert SLOW in offered(chat)

    go(chat, "connections", "settings.connections")
    chat.click("field", words("admin.useThis", name=".*"), card(chat, upstream.openai_url))
    chat.until(lambda: words("admin.state.off") in card(chat, upstream.openai_url).text)
    chat.open()
    chat.until(lambda: chat.text("#model") == words("composer.noModel"))

    go(chat, "connections", "settings.connections")
    chat.click("field", words("admin.useThis", name=".*"), card(chat, upstream.openai_url))
    chat.until(lambda: words("admin.state.closed") in card(chat, upstream.openai_url).text)
    assert SLOW in offered(chat)

    go(chat, "connections", "settings.connections")
    act(chat, card(chat, upstream.openai_url), "admin.remove", "admin.remove")
    chat.until(lambda: chat.says(words("admin.noConnections")))
    chat.open()
    chat.until(lambda: chat.text("#model") == words("composer.noModel"))


def test_a_connection_that_goes_down_says_so(chat: Page, admin: Person, echo: ScriptedUpstream) -> None:
    with scripted_upstream() as failing:
        connect(admin, f"{failing.offer('one').url}/v1", f"{echo.url}/v1")
        go(chat, "connections", "settings.connections")
        chat.until(lambda: words("admin.state.closed") in card(chat, failing.url).text)
    chat.click("button", words("admin.askAll"))
    chat.until(lambda: words("admin.state.closed") not in card(chat, failing.url).text)
    shown = card(chat, failing.url)
    assert re.search(f"{words('admin.stateFailing')}|after \\d failure", shown.text)
    assert len(shown.find_element("css selector", ".error").text) > 20
    assert words("admin.state.closed") in card(chat, echo.url).text
    assert MODEL in offered(chat)


def test_a_setting_is_changed_and_its_history_restored(chat: Page) -> None:
    name = "chats.trash_days"
    go(chat, "server", "settings.server")
    chat.fill(words("admin.findSetting"), name)
    change = words("admin.change", name=name)
    assert "30" in card(chat, name).text
    chat.click("button", re.escape(change))
    chat.fill(words("admin.newValue"), "-5")
    chat.click("button", words("common.save"))
    chat.until(lambda: chat.one(".editor [aria-invalid]"))
    problem = chat.text(".editor .problem")
    assert "0" in problem
    assert len(chat.errors(but=["422"])) == 0

    chat.fill(words("admin.newValue"), "7")
    chat.until(lambda: not chat.all(".editor [aria-invalid]"))
    chat.click("button", words("common.save"))
    chat.until(lambda: not chat.all(".editor"))
    assert re.search(r"\b7\b", card(chat, name).text)
    assert chat.focus().get_attribute("aria-label") == change
    chat.click("button", re.escape(change))
    chat.fill(words("admin.newValue"), "8")
    chat.click("button", words("common.save"))
    chat.until(lambda: re.search(r"\b8\b", card(chat, name).text))

    chat.click("button", words("admin.history"))
    dialog = chat.find("dialog", words("admin.history"))
    chat.until(lambda: len(dialog.find_elements("css selector", "ol > li")) > 1)
    newest, before = dialog.find_elements("css selector", "ol > li")[:2]
    assert name in newest.text
    assert {"7", "8"} <= {node.text for node in newest.find_elements("css selector", "del, ins")}
    chat.click("button", words("admin.restore"), before)
    assert words("admin.restoreAsk") in before.text
    chat.click("button", words("admin.restore"), before)
    chat.until(lambda: words("admin.restored", n=1) in dialog.text)
    chat.click("button", words("common.close"), dialog)
    chat.until(lambda: re.search(r"\b7\b", card(chat, name).text))

    chat.click("button", re.escape(change))
    chat.click("button", words("admin.toDefault"))
    chat.until(lambda: "30" in card(chat, name).text)


def test_what_the_environment_sets_says_so_and_cannot_be_changed(chat: Page) -> None:
    lock = words("admin.lockedByVariable", variable="ENABLE_OLLAMA_API")
    go(chat, "server", "settings.server")
    chat.fill(words("admin.findSetting"), "ENABLE_OLLAMA_API")
    assert lock in card(chat, "ollama.enable").text
    assert not chat.named("button", re.escape(words("admin.change", name="ollama.enable")))
    chat.fill(words("admin.findSetting"), "")
    chat.click("field", words("admin.onlyLocked"))
    chat.until(lambda: "chats.trash_days" not in chat.text(".tab"))
    assert "ollama.enable" in chat.text(".tab")

    go(chat, "connections", "settings.connections")
    chat.until(lambda: chat.says(lock))
    assert not chat.find("field", words("admin.ollamaUse")).is_enabled()


def test_a_banner_is_kept_and_shown(chat: Page, admin: Person) -> None:
    go(chat, "server", "settings.server")
    assert chat.says(words("admin.atStart", variable="WEBUI_NAME"))
    assert not chat.find("field", words("admin.serverName")).is_enabled()
    chat.click("button", words("admin.addBanner"))
    chat.fill(words("admin.bannerText"), "Back at **noon**.")
    chat.click("button", words("common.save"))
    chat.until(lambda: not chat.named("button", words("common.save")))

    chat.driver.refresh()
    chat.until(lambda: chat.says("Back at noon."))
    go(chat, "server", "settings.server")
    assert chat.find("field", words("admin.bannerText")).get_attribute("value") == "Back at **noon**."
    chat.click("button", words("admin.remove"))
    chat.click("button", words("common.save"))
    chat.until(lambda: admin.call("GET", "/api/v1/configs/banners") == [])


def test_somebody_signs_up_waits_is_let_in_and_may_do_what_their_role_allows(
    chat: Page, visitor: Page, admin: Person
) -> None:
    go(chat, "server", "settings.server")
    signup = chat.find("field", words("admin.signup"))
    if not signup.is_selected():
        signup.click()
        chat.until(lambda: chat.says(words("settings.saved")))
    visitor.reset()
    visitor.open()
    visitor.click("button", words("door.toSignUp"))
    for label, text in {"door.name": "Cy", "door.email": "cy@example.org", "door.password": PASSWORD}.items():
        visitor.fill(words(label), text)
    visitor.click("button", words("door.create"))
    visitor.find("heading", words("door.pending"))

    go(chat, "users", "settings.users")
    chat.until(lambda: chat.says(words("admin.pendingCount", n=1)))
    chat.click("button", words("admin.letIn"))
    chat.until(lambda: not chat.named("button", words("admin.letIn")))
    visitor.one("#prompt")  # without a click

    role = words("admin.roleOf", name="Cy")
    choose_in(chat, role, words("admin.role.admin"))
    visitor.until(lambda: _sees_users(visitor))
    choose_in(chat, role, words("admin.role.user"))
    visitor.until(lambda: not _sees_users(visitor))
    assert visitor.says(words("settings.noSuchTab"))

    chat.fill(words("admin.findPeople"), "cy@example.org")
    chat.until(lambda: chat.says(words("admin.userCount", n=1)))
    act(chat, chat.one(".tab tbody tr"), "admin.remove", "admin.removeUser")
    chat.until(lambda: chat.says(words("admin.nobody")))
    visitor.driver.refresh()
    visitor.find("button", words("door.signIn"))


def _sees_users(page: Page) -> bool:
    """Whether somebody who looks anew finds the people in their settings."""
    page.open("#/settings/users")
    page.find("heading", words("common.settings"))
    page.until(lambda: page.says(words("settings.noSuchTab")) or page.named("field", words("admin.findPeople")))
    return not page.says(words("settings.noSuchTab"))


def test_an_account_is_made_and_changed(chat: Page, visitor: Page, person: Person) -> None:
    go(chat, "users", "settings.users")
    chat.click("button", words("admin.addUser"))
    dialog = chat.find("dialog", words("admin.addUser"))
    for label, text in {"name": "Ed", "email": person.email, "password": PASSWORD}.items():
        chat.fill(words(f"admin.{label}"), text, dialog)
    chat.click("button", words("common.save"), dialog)
    chat.one("dialog [role=alert], dialog .problem")
    assert len(chat.errors(but=["400"])) == 0
    chat.fill(words("admin.email"), "ed@example.org", dialog)
    chat.click("button", words("common.save"), dialog)
    chat.find("field", words("admin.roleOf", name="Ed"))

    act(chat, chat.one(".tab tbody tr"), "admin.edit")  # the newest stands first
    dialog = chat.find("dialog", words("admin.editUser", name="Ed"))
    chat.fill(words("admin.name"), "Edda", dialog)
    chat.fill(words("admin.newPassword"), "quite another one", dialog)
    chat.click("button", words("common.save"), dialog)
    chat.find("field", words("admin.roleOf", name="Edda"))

    own = chat.find("field", words("admin.roleOf", name=person.name))
    assert not own.is_enabled()
    visitor.reset()
    visitor.open()
    visitor.enter(Person(person.server, "Edda", "ed@example.org", "", "", "quite another one"))


def test_a_model_is_made_of_another_used_and_deleted(chat: Page, admin: Person, echo: ScriptedUpstream) -> None:
    connect(admin, f"{echo.url}/v1")
    go(chat, "models", "admin.models")
    chat.click("button", words("admin.addModel"))
    dialog = chat.find("dialog", words("admin.addModel"))
    chat.fill(words("admin.name"), "Pirate", dialog)
    choose_in(chat, words("admin.base"), MODEL)
    chat.fill(words("admin.system"), "You are a pirate.", dialog)
    chat.fill(words("admin.params"), '{"temperature": ', dialog)
    chat.until(lambda: chat.one("dialog [aria-invalid]"))
    chat.fill(words("admin.params"), '{"temperature": 0.25}', dialog)
    chat.click("button", words("common.save"), dialog)
    chat.until(lambda: words("admin.madeOf", base=MODEL) in card(chat, "Pirate").text)

    chat.open()
    chat.pick("Pirate")
    chat.ask("Ahoy")
    assert "Ahoy" in chat.whole_reply()
    asked = [one.body for one in echo.asked if one.body and one.body.get("messages", [{}])[-1].get("content") == "Ahoy"]
    assert asked[0]["messages"][0] == {"role": "system", "content": "You are a pirate."}
    assert asked[0]["temperature"] == 0.25

    go(chat, "models", "admin.models")
    act(chat, card(chat, "Pirate"), "common.delete", "common.delete")
    chat.until(lambda: chat.says(words("admin.noCustomModels")))
    assert offered(chat) == [MODEL]


def test_who_may_pick_a_model_is_decided(chat: Page, visitor: Page, admin: Person, echo: ScriptedUpstream) -> None:
    connect(admin, f"{echo.url}/v1")
    visitor.reset()
    visitor.open()
    visitor.enter_at_once(another(admin, "Di"))
    who = words("admin.whoMayUse", name=MODEL)

    go(chat, "models", "admin.models")
    choose_in(chat, who, words("admin.use.all"))
    chat.until(lambda: chat.says(words("settings.saved")))
    assert offered(visitor) == [MODEL]
    choose_in(chat, who, words("admin.use.admins"))
    chat.until(lambda: chat.find("field", who).is_enabled())
    visitor.driver.refresh()
    visitor.until(lambda: visitor.text("#model") == words("composer.noModel"))

"""Before the chats: the first account, signing in, waiting to be let in, and a session that ends."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from tests.browser.conftest import SLOW
from tests.browser.people import Person
from tests.browser.support import Page, words
from tests.support import PASSWORD
from tests.support_server import running_server


def test_a_newcomer_becomes_the_administrator_and_finds_the_chat_again(
    browser: Page, environ: Mapping[str, str], tmp_path: Path
) -> None:
    browser.reset()
    with running_server(tmp_path, {**environ, "WEBUI_LOCAL_MODEL": "true"}) as server:
        browser.open(url=server.url)
        _first_minutes(browser)
        assert browser.hosts() == {urlsplit(browser.url).netloc}
        assert browser.errors() == []
        browser.driver.get("about:blank")


def _first_minutes(page: Page) -> None:
    ada = {"door.name": "Ada", "door.email": "ada@example.org", "door.password": PASSWORD}
    page.find("heading", words("door.welcome", name="webui"))
    for label, text in ada.items():
        page.fill(words(label), text)
    page.click("button", words("door.create"))
    page.one("#prompt")
    names = [model["name"] for model in page.call("GET", "/api/models")["data"]]
    inside = next(name for name in names if "SmolLM2" in name)
    page.pick(inside)
    page.until(lambda: page.says(words("composer.builtIn", model=inside)))

    page.pick(SLOW)
    page.ask("What is a word?")
    early = page.reply()
    assert page.is_running()
    whole = page.whole_reply()
    assert whole.startswith(early.rstrip(".1234567890 "))
    assert len(whole) > len(early)
    assert "59" in whole

    page.driver.refresh()
    assert page.reply() == whole
    assert page.text("article.question") == "What is a word?"
    assert page.driver.title == "What is a word? · webui"


def test_one_signs_in_and_out_by_the_form(page: Page, person: Person) -> None:
    page.find("heading", words("door.signInTo", name="webui"))
    page.until(lambda: page.focus().get_attribute("name") == "email")
    page.fill(words("door.email"), person.email)
    page.fill(words("door.password"), "wrong")
    page.click("button", words("door.signIn"))
    page.until(lambda: page.all("[role=alert]"))
    page.errors(but=["400"])

    page.enter(person)
    assert page.focus().get_attribute("id") == "prompt"
    assert page.call("GET", "/api/v1/auths/")["email"] == person.email


def test_who_signs_up_waits_until_an_administrator_lets_them_in(page: Page, admin: Person) -> None:
    admin.call(
        "POST", "/api/v1/auths/admin/config", admin.call("GET", "/api/v1/auths/admin/config") | {"ENABLE_SIGNUP": True}
    )
    page.driver.refresh()
    page.click("button", words("door.toSignUp"))
    for label, text in {"door.name": "Cy", "door.email": "cy@example.org", "door.password": PASSWORD}.items():
        page.fill(words(label), text)
    page.click("button", words("door.create"))
    page.find("heading", words("door.pending"))

    cy = page.call("GET", "/api/v1/auths/")
    page.click("button", words("door.check"))
    page.find("heading", words("door.pending"))
    admin.call("POST", f"/api/v1/users/{cy['id']}/update", {**cy, "role": "user"})
    page.one("#prompt")  # without a click


def test_a_session_that_ends_leaves_what_one_was_writing(chat: Page, person: Person) -> None:
    chat.one("#prompt").send_keys("Half a thou")
    chat.tell("Network.clearBrowserCookies")
    chat.one("#prompt").send_keys("ght")
    chat.click("button", words("composer.send"))
    chat.until(lambda: chat.says(words("door.ended")), "Nothing is said of the session's end.")
    chat.errors(but=["401"])

    chat.enter(person)
    chat.until(lambda: "Half a thought" in (chat.one("#prompt").get_attribute("value") or chat.text("#main")))


def test_a_server_that_is_out_of_reach_is_tried_again(page: Page) -> None:
    page.tell("Network.setBlockedURLs", urls=["*/api/config"])
    page.tell("Network.enable")
    page.driver.refresh()
    page.find("heading", words("door.trouble"))
    assert page.says(words("common.noAnswer"))
    page.tell("Network.setBlockedURLs", urls=[])
    page.click("button", words("common.retry"))
    page.find("heading", words("door.signInTo", name="webui"))
    page.errors(but=["ERR_BLOCKED"])

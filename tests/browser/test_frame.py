"""What holds for the whole page: where the focus goes, narrow screens, other directions, a lost network, an update."""

from __future__ import annotations

import json
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest

from tests.browser.conftest import QUICK
from tests.browser.people import Person
from tests.browser.proxy import below_a_path
from tests.browser.support import Keys, Page, words
from tests.support import message
from tests.support_server import RunningServer

PHONE = 390
OVERFLOW = """
const wide = [...document.querySelectorAll("body, main, #sidebar, header, form, .tab, dialog[open]")];
return wide.filter((node) => node.checkVisibility() && !node.closest("[inert]"))
  .filter((node) => node.scrollWidth > node.clientWidth + 1)
  .map((node) => `${node.tagName} ${node.className} ${node.scrollWidth} > ${node.clientWidth}`)
  .concat(document.documentElement.scrollWidth > innerWidth ? ["page"] : []);
"""
OUTSIDE = """
const limit = innerWidth + 1;
return [...document.querySelectorAll("main :is(button, a, input, textarea, h1, h2)")]
  .filter((node) => node.checkVisibility({ visibilityProperty: true }) && !node.closest("nav, .unseen, pre, .models"))
  .map((node) => [node, node.getBoundingClientRect()])
  .filter(([node, box]) => box.width > 1 && (box.left < -1 || box.right > limit))
  .map(([node, box]) => `${node.outerHTML.slice(0, 80)} ${box.left}..${box.right}`);
"""
ADDRESSES = [
    "",
    "#/settings/profile",
    "#/settings/data",
    "#/settings/connections",
    "#/settings/users",
    "#/settings/server",
]


def test_the_first_key_skips_to_the_chat(chat: Page) -> None:
    # Without the focus alone, the browser would go on behind the field that had it.
    chat.driver.execute_script("document.body.tabIndex = -1; document.body.focus()")
    chat.press(Keys.TAB)
    assert chat.focus().text == words("common.skip")
    chat.press(Keys.ENTER)
    assert chat.focus().get_attribute("id") == "main"
    assert not chat.driver.current_url.endswith("#main")


def test_the_focus_goes_where_the_work_is(chat: Page, person: Person) -> None:
    chat_id = person.keep_chat(message("q", content="Long ago"))
    chat.driver.refresh()
    chat.one("#prompt")
    chat.click("link", "A chat.*", chat.one("#sidebar"))
    chat.until(lambda: chat.driver.current_url.endswith(chat_id) and chat.focus().get_attribute("id") == "prompt")
    chat.driver.execute_script("location.hash = '#/settings/data'")
    chat.until(lambda: chat.focus().get_attribute("id") == "main")
    chat.driver.back()
    chat.until(lambda: chat.focus().get_attribute("id") == "prompt")


def test_the_sidebar_stays_as_it_was_left(chat: Page) -> None:
    assert chat.all("#sidebar nav")
    chat.click("button", words("common.menu"))
    chat.until(lambda: not chat.all("#sidebar nav"))
    chat.driver.refresh()
    chat.one("#prompt")
    assert not chat.all("#sidebar nav")
    chat.click("button", words("common.menu"))
    chat.one("#sidebar nav")


def test_on_a_phone_the_sidebar_is_a_drawer_that_keeps_the_focus(chat: Page) -> None:
    chat.resize(PHONE, touch=True)
    chat.until(lambda: not chat.all("#sidebar nav"))
    chat.click("button", words("common.menu"))
    in_drawer = "return document.querySelector('#sidebar').contains(document.activeElement)"
    chat.until(lambda: chat.driver.execute_script(in_drawer))
    for _ in range(12):
        chat.press(Keys.TAB)
        assert chat.driver.execute_script(f"{in_drawer} || document.activeElement === document.body")
    chat.press(Keys.ESCAPE)
    chat.until(lambda: not chat.all("#sidebar nav"))
    assert chat.focus().get_attribute("aria-label") == words("common.menu")


@pytest.mark.parametrize("address", ADDRESSES)
def test_nothing_is_cut_off_at_320_pixels_in_either_direction(chat: Page, person: Person, address: str) -> None:
    if not address:
        reply = message("a", "q", role="assistant", content="x" * 300)
        address = f"#/c/{person.keep_chat(message('q', content='A word'), reply)}"
    chat.resize(320)
    chat.open(address)
    chat.one("main :is(h2, article)")
    for direction in ("ltr", "rtl"):
        chat.driver.execute_script("document.documentElement.dir = arguments[0]", direction)
        assert chat.driver.execute_script(OVERFLOW) == []
        assert chat.driver.execute_script(OUTSIDE) == []


def test_from_right_to_left_the_sidebar_stands_on_the_right(chat: Page) -> None:
    chat.driver.execute_script("document.documentElement.dir = 'rtl'")
    chat.until(lambda: chat.one("#sidebar").rect["x"] > chat.one("main").rect["x"])
    side, main = chat.one("#sidebar").rect, chat.one("main").rect
    assert main["x"] + main["width"] == pytest.approx(side["x"], abs=1)


def test_motion_is_left_out_where_it_is_not_wanted(chat: Page) -> None:
    chat.emulate(prefers_reduced_motion="reduce")
    fast = "return getComputedStyle(document.documentElement).getPropertyValue('--fast')"
    assert chat.driver.execute_script(fast) in ("0ms", "0s")


def test_a_lost_network_is_told_and_found_again(chat: Page) -> None:
    chat.tell("Network.enable")
    lost = {"latency": 0, "downloadThroughput": 0, "uploadThroughput": 0}
    chat.tell("Network.emulateNetworkConditions", offline=True, **lost)
    chat.until(lambda: chat.says(words("common.noNetwork")))
    chat.tell("Network.emulateNetworkConditions", offline=False, latency=0, downloadThroughput=-1, uploadThroughput=-1)
    chat.until(lambda: not chat.says(words("common.noNetwork")) and not chat.says(words("common.offline")))
    chat.errors(but=["ERR_INTERNET_DISCONNECTED"])
    chat.pick(QUICK)
    chat.ask("Still there?")
    assert chat.whole_reply()


def test_a_newer_server_is_told_of_quietly(chat: Page) -> None:
    newer = """
    const { fetch } = window;
    window.fetch = (request) => request.url?.endsWith("/api/version")
      ? Promise.resolve(Response.json({ version: "999.0" })) : fetch(request);
    document.dispatchEvent(new Event("visibilitychange"));
    """
    chat.driver.execute_script(newer)
    chat.find("button", words("common.reload")).click()
    chat.one("#prompt")
    assert not chat.says(words("common.updated"))


def test_a_part_that_cannot_be_loaded_says_so(chat: Page) -> None:
    chat.tell("Network.enable")
    chat.tell("Network.setBlockedURLs", urls=["*SettingsView*"])
    chat.driver.execute_script("location.hash = '#/settings/profile'")
    chat.find("heading", words("common.failure"))
    chat.tell("Network.setBlockedURLs", urls=[])
    chat.errors(but=["ERR_BLOCKED"])
    chat.click("button", words("common.reload"))
    chat.find("heading", words("settings.profile"))


def test_below_a_path_everything_works(page: Page, server: RunningServer, person: Person) -> None:
    with below_a_path(server.url, "/tools/chat") as url:
        page.open(url=url)
        page.enter(person)
        page.hosts()
        page.pick(QUICK)
        page.ask("Where are you?")
        assert page.whole_reply().endswith("99")
        page.driver.refresh()
        assert page.reply().endswith("99")
        page.open("#/settings/data")
        page.find("heading", words("settings.data"))
        assert page.hosts() == {urlsplit(url).netloc}
        page.open(url=server.url)


def test_it_can_be_installed(chat: Page) -> None:
    chat.tell("Page.enable")
    assert chat.tell("Page.getInstallabilityErrors")["installabilityErrors"] == []
    found = chat.tell("Page.getAppManifest")
    assert found["errors"] == []
    manifest = json.loads(found["data"])
    for icon in manifest["icons"]:
        with urlopen(f"{chat.url}/{icon['src']}") as answer:
            assert answer.headers.get_content_type() == icon["type"]


def test_the_page_speaks_german(chat: Page, person: Person) -> None:
    person.prefer(language="de", theme="dark")
    chat.driver.refresh()
    chat.find("button", words("common.newChat", "de"))
    assert chat.driver.execute_script("return document.documentElement.lang") == "de"
    assert chat.driver.execute_script("return document.documentElement.dataset.theme") == "dark"

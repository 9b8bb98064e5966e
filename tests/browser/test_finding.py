"""Search as one types, the palette, and shortcuts."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.people import Person
from tests.browser.support import Keys, Page, words
from tests.support import conversation, message

# Every search takes a while, so that a later one finds it under way.
SLOW_SEARCH = """
const plain = window.fetch;
window.searches = [];
window.fetch = (request, init) => {
  const url = request.url ?? String(request);
  if (!url.includes("/chats/search")) return plain(request, init);
  const search = { text: new URL(url).searchParams.get("text"), aborted: false };
  window.searches.push(search);
  const signal = request.signal ?? init?.signal;
  signal?.addEventListener("abort", () => (search.aborted = true));
  if (search.text === "fail") return Promise.resolve(Response.json({ detail: "The index is gone." }, { status: 500 }));
  return new Promise((done, fail) => {
    signal?.addEventListener("abort", () => fail(new DOMException("", "AbortError")));
    setTimeout(() => plain(request, init).then(done, fail), 400);
  });
};
"""


@pytest.fixture
def stocked(page: Page, person: Person) -> Page:
    """The page of somebody with a few chats."""
    asked = message("q", content="What is a pangolin?", childrenIds=["a"])
    reply = message("a", "q", role="assistant", content="Scaly: a PANGOLIN eats ants.", done=True, model="m")
    first, *_ = [
        person.call("POST", "/api/v1/chats/new", conversation(*messages, title=title))["id"]
        for title, messages in (
            ("Animals", (asked, reply)),
            ("Travel to Rome", (message("q", content="When?"),)),
            ("Travel to Oslo", (message("q", content="How?"),)),
        )
    ]
    person.call("POST", f"/api/v1/chats/{first}/tags", {"name": "zoo"})
    page.enter_at_once(person)
    page.one("#prompt")
    return page


def hits(page: Page) -> list[str]:
    return [link.text.split("\n")[0] for link in page.all("#sidebar search a")]


def search(page: Page, text: str) -> None:
    page.fill(words("sidebar.searchChats"), text, page.one("#sidebar search"))


def options(page: Page) -> list[str]:
    return [node.text.split("\n")[0] for node in page.named("option")]


def chosen(page: Page) -> Any:
    return page.driver.execute_script(
        "return document.getElementById(document.activeElement.getAttribute('aria-activedescendant'))?.innerText"
    )


def test_what_is_typed_is_found_marked_and_opened_at_its_place(stocked: Page) -> None:
    stocked.press(Keys.CONTROL, Keys.SHIFT, "f")
    stocked.until(lambda: stocked.focus().get_attribute("type") == "search")
    search(stocked, "pangolin")
    stocked.until(lambda: hits(stocked) == ["Animals"])
    assert stocked.text("#sidebar search mark").lower() == "pangolin"
    stocked.click("link", "Animals.*", stocked.one("#sidebar"))
    stocked.until(lambda: "message=" in stocked.driver.current_url)
    stocked.until(lambda: stocked.says("eats ants"))
    search(stocked, "travel")
    stocked.until(lambda: hits(stocked) == ["Travel to Oslo", "Travel to Rome"])
    search(stocked, "tag:zoo")
    stocked.until(lambda: hits(stocked) == ["Animals"])
    search(stocked, "xyzzy")
    stocked.until(lambda: stocked.says(words("sidebar.nothing", text="xyzzy")))
    stocked.press(Keys.ESCAPE)
    stocked.until(lambda: not stocked.all("#sidebar search"))


def test_a_later_search_ends_an_earlier_one_and_a_failure_says_so(stocked: Page) -> None:
    stocked.driver.execute_script(SLOW_SEARCH)
    stocked.click("button", words("common.search"))
    search(stocked, "rome")
    stocked.until(lambda: stocked.driver.execute_script("return searches.length") == 1)
    search(stocked, "oslo")
    stocked.until(lambda: hits(stocked) == ["Travel to Oslo"])
    assert stocked.driver.execute_script("return searches[0].aborted")
    search(stocked, "fail")
    stocked.until(lambda: stocked.says("The index is gone."))
    stocked.find("button", words("common.retry"))
    search(stocked, "rome")
    stocked.until(lambda: hits(stocked) == ["Travel to Rome"])


def test_the_palette_leads_anywhere_by_keys_alone(stocked: Page) -> None:
    stocked.press(Keys.CONTROL, "k")
    stocked.until(lambda: stocked.focus().get_attribute("role") == "combobox")
    first = stocked.until(lambda: chosen(stocked))
    stocked.press(Keys.ARROW_DOWN)
    assert chosen(stocked) != first
    stocked.press("pangolin")
    stocked.until(lambda: any("Animals" in option for option in options(stocked)))
    stocked.until(lambda: "Animals" in (chosen(stocked) or ""))
    stocked.press(Keys.ENTER)
    stocked.until(lambda: stocked.says("eats ants"))
    stocked.until(lambda: stocked.focus().get_attribute("id") == "prompt")
    stocked.press(Keys.CONTROL, "k")
    stocked.until(lambda: stocked.focus().get_attribute("role") == "combobox")
    stocked.press(words("palette.trash"))
    stocked.until(lambda: (chosen(stocked) or "").startswith(words("palette.trash")))
    stocked.press(Keys.ENTER)
    stocked.until(lambda: stocked.driver.current_url.endswith("#/trash"))
    stocked.press(Keys.CONTROL, "k")
    stocked.until(lambda: stocked.focus().get_attribute("role") == "combobox")
    stocked.press("qqqq")
    stocked.until(lambda: stocked.says(words("sidebar.nothing", text="qqqq")))
    stocked.press(Keys.ESCAPE)
    stocked.until(lambda: not stocked.named("dialog"))


def test_each_shortcut_does_what_the_list_says(stocked: Page) -> None:
    stocked.press("?")
    assert stocked.one("#prompt").get_attribute("value") == "?"
    assert not stocked.named("dialog")
    stocked.one("#prompt").clear()
    stocked.driver.execute_script("document.activeElement.blur()")
    stocked.press("?")
    assert words("palette.newChat") in stocked.find("dialog").text
    stocked.press(Keys.ESCAPE)
    stocked.until(lambda: not stocked.named("dialog"))
    stocked.press(Keys.SHIFT, Keys.ESCAPE)
    stocked.until(lambda: stocked.focus().get_attribute("id") == "prompt")
    stocked.press(Keys.CONTROL, "b")
    stocked.until(lambda: not stocked.all("#sidebar nav"))
    stocked.press(Keys.CONTROL, "b")
    stocked.one("#sidebar nav")
    stocked.press(Keys.CONTROL, ",")
    stocked.until(lambda: "#/settings" in stocked.driver.current_url)
    stocked.press(Keys.CONTROL, Keys.SHIFT, "o")
    stocked.until(lambda: stocked.driver.current_url.endswith("#/"))
    stocked.click("link", "Animals", stocked.one("#sidebar"))
    stocked.until(lambda: stocked.says("eats ants"))
    stocked.press(Keys.CONTROL, Keys.SHIFT, "e")
    stocked.until(lambda: stocked.focus().get_attribute("value") == "Animals")
    stocked.press(Keys.CONTROL, "a")
    stocked.press("Beasts")
    stocked.press(Keys.ENTER)
    stocked.find("link", "Beasts", stocked.one("#sidebar"))
    stocked.until(lambda: not stocked.named("dialog"))
    stocked.press(Keys.CONTROL, Keys.SHIFT, Keys.BACKSPACE)
    stocked.until(lambda: not stocked.named("link", "Beasts"))
    stocked.find("button", words("common.undo"))

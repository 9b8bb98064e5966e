"""The list of chats: its order, what can be done with one chat or several, archive and trash."""

from __future__ import annotations

from pathlib import Path

from tests.browser.people import Person, first_person
from tests.browser.sidebar import choose, keep, misses, rows, see, undo
from tests.browser.support import Keys, Page, words
from tests.support_server import running_server

DAY = 86_400
FAR = "document.querySelector('#sidebar .scroller').scrollTop = 1e9"


def test_chats_stand_by_time_and_are_read_as_one_scrolls(page: Page, person: Person) -> None:
    keep(person, *[f"Now {at}" for at in range(5)])
    keep(person, "Of the week", age=3 * DAY)
    keep(person, *[f"Old {at}" for at in range(250)], age=400 * DAY)
    page.enter_at_once(person)
    see(page, words("sidebar.today"), "Now 0", "Now 4", words("sidebar.week"), "Of the week")

    def at_end() -> bool:
        page.driver.execute_script(FAR)
        return "Old 249" in rows(page)

    page.until(at_end, "The list does not end.")
    assert len(rows(page)) < 80


def test_a_chat_is_renamed_where_it_stands(list_page: Page, person: Person) -> None:
    choose(list_page, "Bread", "sidebar.rename")
    list_page.until(lambda: list_page.focus().get_attribute("value") == "Bread")
    list_page.press("Crumbs")
    list_page.press(Keys.ESCAPE)
    see(list_page, "Apples", "Bread", "Cheese")
    list_page.press(Keys.F2)
    list_page.until(lambda: list_page.focus().tag_name == "input")
    list_page.press("Rolls")
    list_page.press(Keys.ENTER)
    see(list_page, "Apples", "Rolls", "Cheese")
    list_page.driver.refresh()
    see(list_page, "Rolls", "Apples", "Cheese")


def test_a_chat_is_pinned_and_tagged(list_page: Page) -> None:
    choose(list_page, "Cheese", "sidebar.pin")
    see(list_page, words("sidebar.pinned"), "Cheese", "Apples", "Bread")
    choose(list_page, "Cheese", "sidebar.unpin")
    see(list_page, "Cheese", "Apples", "Bread")
    misses(list_page, words("sidebar.pinned"))
    choose(list_page, "Bread", "sidebar.tags")
    dialog = list_page.find("dialog")
    list_page.until(lambda: list_page.focus().tag_name == "input", "The field has not the focus.")
    list_page.fill(words("sidebar.newTag"), "kitchen", dialog)
    list_page.press(Keys.ENTER)
    list_page.find("button", words("sidebar.removeTag", tag="kitchen"))
    list_page.press(Keys.ESCAPE)
    list_page.click("button", words("common.search"))
    list_page.click("button", "kitchen")
    list_page.until(lambda: [link.text.split("\n")[0] for link in list_page.all("#sidebar search a")] == ["Bread"])
    list_page.click("button", words("sidebar.endSearch"))
    choose(list_page, "Bread", "sidebar.tags")
    list_page.click("button", words("sidebar.removeTag", tag="kitchen"))
    list_page.until(lambda: list_page.says(words("sidebar.noTags")))


def test_a_chat_is_archived_and_comes_back(list_page: Page) -> None:
    choose(list_page, "Bread", "sidebar.archive")
    misses(list_page, "Bread")
    undo(list_page)
    see(list_page, "Bread", "Apples")
    choose(list_page, "Bread", "sidebar.archive")
    misses(list_page, "Bread")
    list_page.driver.execute_script("location.hash = '#/archive'")
    list_page.click("link", "Bread")
    list_page.one("#prompt")
    list_page.click("button", words("sidebar.chatMenu", title="Bread"), list_page.one("#main"))
    list_page.click("item", words("sidebar.bringBack"))
    see(list_page, "Bread", "Apples")
    for title in ("Apples", "Cheese"):
        choose(list_page, title, "sidebar.archive")
        misses(list_page, title)
    list_page.driver.execute_script("location.hash = '#/archive'")
    list_page.click("button", words("sidebar.unarchiveAll"))
    list_page.until(lambda: list_page.says(words("sidebar.archiveEmpty")))
    assert {"Apples", "Bread", "Cheese"} <= set(rows(list_page))


def test_a_deleted_chat_is_back_where_it_was(list_page: Page, person: Person) -> None:
    choose(list_page, "Bread", "common.delete")
    misses(list_page, "Bread")
    undo(list_page)
    see(list_page, "Apples", "Bread", "Cheese")


def test_the_trash_gives_back_and_is_emptied(list_page: Page, person: Person) -> None:
    for line in person.call("GET", "/api/v1/chats/"):
        person.call("DELETE", f"/api/v1/chats/{line['id']}")
    list_page.open("#/trash")
    list_page.click("button", words("sidebar.restore", title="Apples"))
    see(list_page, "Apples")
    list_page.click("button", words("sidebar.erase", title="Bread"))
    list_page.click("button", words("sidebar.eraseNow"))
    list_page.until(lambda: not list_page.named("button", words("sidebar.erase", title="Bread")))
    list_page.click("button", words("sidebar.restoreAll"))
    see(list_page, "Apples", "Cheese")
    list_page.until(lambda: list_page.says(words("sidebar.trashEmpty")))
    choose(list_page, "Cheese", "common.delete")
    list_page.find("button", words("sidebar.erase", title="Cheese"))
    list_page.click("button", words("sidebar.emptyTrash"))
    list_page.click("button", words("sidebar.eraseNow"))
    list_page.until(lambda: list_page.says(words("sidebar.trashEmpty")))
    assert person.call("GET", "/api/v1/chats/trash") == []


def test_several_are_selected_and_deleted_and_come_back(page: Page, person: Person) -> None:
    ids = keep(person, "Apples", "Bread", "Cheese", "Dates", "Eggs")
    page.enter_at_once(person)
    choose(page, "Bread", "sidebar.select")
    box = page.find("checkbox", "Dates")
    page.driver.execute_script(
        "arguments[0].dispatchEvent(new MouseEvent('click', {shiftKey: true, bubbles: true}))", box
    )
    page.until(lambda: page.says(words("sidebar.selected", n=3)))
    page.click("button", words("common.delete"))
    see(page, "Apples", "Eggs")
    misses(page, "Bread", "Cheese", "Dates")
    undo(page)
    see(page, "Apples", "Bread", "Cheese", "Dates", "Eggs")
    choose(page, "Bread", "sidebar.select")
    page.click("checkbox", "Cheese")
    person.call("DELETE", f"/api/v1/chats/{ids[1]}")  # elsewhere, just now
    page.click("button", words("common.delete"))
    misses(page, "Cheese")
    page.until(lambda: page.says(words("sidebar.deletedNow", n=1)))
    undo(page)
    see(page, "Apples", "Cheese", "Dates", "Eggs")
    assert any("401" in entry for entry in page.errors())


def test_nothing_moves_under_the_pointer(list_page: Page, person: Person) -> None:
    [chat_id] = [line["id"] for line in person.call("GET", "/api/v1/chats/") if line["title"] == "Cheese"]
    list_page.driver.execute_script(f"location.hash = '#/c/{chat_id}'")
    list_page.until(lambda: list_page.text("article.question") == "About Cheese")
    nav = "document.querySelector('#sidebar nav')"
    # The pointer comes to the list as soon as the key is pressed, before the server answers.
    moves = f"{nav}.dispatchEvent(new PointerEvent('pointermove', {{bubbles: true}}))"
    list_page.driver.execute_script(f"addEventListener('keydown', () => {moves})")
    list_page.one("#prompt").send_keys("More", Keys.ENTER)
    list_page.whole_reply()
    assert next(text for text in rows(list_page) if text in ("Apples", "Bread", "Cheese")) == "Apples"
    list_page.driver.execute_script(f"{nav}.dispatchEvent(new PointerEvent('pointerleave'))")
    see(list_page, "Cheese", "Apples", "Bread")


def test_without_a_trash_one_is_asked_first(browser: Page, environ: dict[str, str], tmp_path: Path) -> None:
    with running_server(tmp_path, {**environ, "CHAT_TRASH_DAYS": "0"}) as server:
        person = first_person(server)
        keep(person, "Apples", "Bread")
        browser.reset()
        browser.open(url=server.url)
        browser.enter_at_once(person)
        choose(browser, "Apples", "common.delete")
        browser.click("button", words("common.cancel"))
        see(browser, "Apples", "Bread")
        choose(browser, "Apples", "common.delete")
        browser.click("button", words("sidebar.eraseNow"))
        misses(browser, "Apples")
        assert browser.says(words("sidebar.erasedNow", n=1))
        assert not browser.named("button", words("common.undo"))
        browser.reset()

"""The list of chats: its order, what can be done with one chat or several, folders, archive and trash."""

from __future__ import annotations

import json
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.browser.people import Person, another, first_person
from tests.browser.support import Keys, Page, words
from tests.support import conversation, message
from tests.support_server import running_server

DAY = 86_400
ROWS = "return [...document.querySelectorAll('#sidebar [data-key]')].map((row) => row.innerText.trim())"
FAR = "document.querySelector('#sidebar .scroller').scrollTop = 1e9"
# Where no pointer is moved, since the browser's own dragging takes the mouse from its driver.
DRAG = """
const [from, to] = arguments;
const dataTransfer = new DataTransfer();
const fire = (node, type) =>
  node.dispatchEvent(new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer }));
fire(from, "dragstart");
fire(to, "dragover");
fire(to, "drop");
fire(from, "dragend");
"""


def keep(person: Person, *titles: str, age: int = 0, **fields: Any) -> list[str]:
    """Store chats at once, each a minute older than the one before; their ids."""
    now = int(time.time()) - age
    chats = [
        {
            **conversation(message("q", content=f"About {title}"), title=title),
            "created_at": now - 60 * at,
            "updated_at": now - 60 * at,
            **fields,
        }
        for at, title in enumerate(titles)
    ]
    return [chat["id"] for chat in person.call("POST", "/api/v1/chats/import", {"chats": chats})]


def new_folder(person: Person, name: str, *chat_ids: str, parent: str | None = None) -> str:
    folder_id: str = person.call("POST", "/api/v1/folders/", {"name": name})["id"]
    if parent:
        person.call("POST", f"/api/v1/folders/{folder_id}/update/parent", {"parent_id": parent})
    person.call("POST", f"/api/v1/folders/{folder_id}/update/expanded", {"is_expanded": True})
    for chat_id in chat_ids:
        person.call("POST", f"/api/v1/chats/{chat_id}/folder", {"folder_id": folder_id})
    return folder_id


def rows(page: Page) -> list[str]:
    found: list[str] = page.driver.execute_script(ROWS)
    return found


def row(page: Page, title: str) -> Any:
    """The row of a chat or folder."""
    return page.until(
        lambda: next((node for node in page.all("#sidebar [data-key]") if node.text.strip() == title), None),
        f"No row {title}.",
    )


def see(page: Page, *expected: str) -> None:
    """Wait for these rows in this order, among others."""
    page.until(lambda: [text for text in rows(page) if text in expected] == list(expected), f"{expected}")


def misses(page: Page, *titles: str) -> None:
    page.until(lambda: not set(titles) & set(rows(page)), f"{titles} are still there.")


def choose(page: Page, title: str, action: str, menu: str = "sidebar.chatMenu") -> None:
    """Open the menu of a chat, or of a folder, and choose something."""
    row(page, title)
    page.driver.execute_script("arguments[0].click()", page.find("button", words(menu, title=title, name=title)))
    page.click("item", words(action))


def undo(page: Page) -> None:
    page.click("button", words("common.undo"))
    page.until(lambda: not page.named("button", words("common.undo")))


def holds_something(file: Path) -> bool:
    return file.exists() and file.stat().st_size > 0


@pytest.fixture
def list_page(page: Page, person: Person) -> Page:
    """The page with three chats; the pointer rests elsewhere."""
    keep(person, "Apples", "Bread", "Cheese")
    page.enter_at_once(person)
    see(page, "Apples", "Bread", "Cheese")
    return page


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


def test_folders_are_made_nested_renamed_and_folded(list_page: Page, person: Person) -> None:
    list_page.click("button", words("sidebar.newFolder"))
    list_page.fill(words("sidebar.folderName"), "Food", list_page.find("dialog"))
    list_page.fill(words("sidebar.folderPrompt") + ".*", "Say yum.", list_page.find("dialog"))
    list_page.click("button", words("common.save"))
    choose(list_page, "Food", "sidebar.newFolderHere", "sidebar.folderMenu")
    list_page.fill(words("sidebar.folderName"), "Dairy", list_page.find("dialog"))
    list_page.press(Keys.ENTER)
    list_page.until(lambda: not list_page.named("dialog"))
    row(list_page, "Food").click()
    see(list_page, "Food", "Dairy")
    choose(list_page, "Dairy", "sidebar.editFolder", "sidebar.folderMenu")
    list_page.fill(words("sidebar.folderName"), "Milk", list_page.find("dialog"))
    list_page.click("button", words("common.save"))
    see(list_page, "Food", "Milk")
    list_page.driver.refresh()
    see(list_page, "Food", "Milk")
    row(list_page, "Food").click()
    misses(list_page, "Milk")
    list_page.driver.refresh()
    see(list_page, "Food", "Apples")
    assert "Milk" not in rows(list_page)
    stored = {folder["name"]: folder["id"] for folder in person.call("GET", "/api/v1/folders/")}
    assert person.call("GET", f"/api/v1/folders/{stored['Food']}")["data"]["system_prompt"] == "Say yum."


def test_chats_go_into_folders_by_menu_and_by_dragging(page: Page, person: Person) -> None:
    keep(person, "Apples", "Bread", "Cheese")
    new_folder(person, "Food")
    new_folder(person, "Work")
    page.enter_at_once(person)
    choose(page, "Bread", "sidebar.moveTo")
    page.click("button", "Food", page.find("dialog"))
    see(page, "Food", "Bread", "Work", "Apples", "Cheese")
    page.driver.execute_script(DRAG, row(page, "Apples"), row(page, "Food"))
    see(page, "Food", "Apples", "Bread", "Work", "Cheese")
    undo(page)
    see(page, "Food", "Bread", "Work", "Apples", "Cheese")
    page.driver.execute_script(DRAG, row(page, "Bread"), row(page, words("sidebar.today")))
    see(page, "Food", "Work", "Bread", "Apples", "Cheese")
    page.driver.execute_script(DRAG, row(page, "Work"), row(page, "Food"))
    page.until(lambda: "inline-start" in row(page, "Work").get_attribute("style"), "Work stands not in Food.")
    choose(page, "Food", "sidebar.newChatHere", "sidebar.folderMenu")
    page.ask("hello")
    page.until(lambda: "#/c/" in page.driver.current_url)
    chat_id = page.driver.current_url.rpartition("/")[2]
    stored = person.call("GET", f"/api/v1/chats/{chat_id}")
    assert stored["folder_id"] == next(f["id"] for f in person.call("GET", "/api/v1/folders/") if f["name"] == "Food")


@pytest.mark.parametrize("kept", [False, True])
def test_a_deleted_folder_comes_back_with_all_its_chats(page: Page, person: Person, kept: bool) -> None:
    inside = keep(person, *[f"Inside {at}" for at in range(12)])
    deeper, pinned, _ = keep(person, "Deeper", "Dear", "Beside")
    outer = new_folder(person, "Outer", *reversed(inside), pinned)
    new_folder(person, "Inner", deeper, parent=outer)
    person.call("POST", f"/api/v1/chats/{pinned}/pin")
    page.enter_at_once(person)
    see(page, "Dear", "Outer", "Inner", "Deeper", "Beside")
    choose(page, "Outer", "common.delete", "sidebar.folderMenu")
    if kept:
        page.driver.execute_script("arguments[0].click()", page.all("dialog input[type=radio]")[1])
    page.click("button", words("common.delete"), page.find("dialog"))
    misses(page, "Outer", "Inner")
    undo(page)
    see(page, "Dear", "Outer", "Inner", "Deeper")
    folders = {folder["name"]: folder["id"] for folder in person.call("GET", "/api/v1/folders/")}
    homes = {chat_id: person.call("GET", f"/api/v1/chats/{chat_id}") for chat_id in (*inside, deeper, pinned)}
    assert {homes[chat_id]["folder_id"] for chat_id in (*inside, pinned)} == {folders["Outer"]}
    assert homes[deeper]["folder_id"] == folders["Inner"]
    assert homes[pinned]["pinned"]


def test_a_chat_is_shared_until_it_is_not(list_page: Page, person: Person, admin: Person) -> None:
    choose(list_page, "Bread", "sidebar.share")
    list_page.click("button", words("sidebar.makeLink"))
    link = list_page.find("field", words("sidebar.link")).get_attribute("value")
    list_page.click("button", words("sidebar.updateShare"))
    list_page.until(lambda: list_page.says(words("sidebar.shareUpdated")))
    other = another(admin, "Cy")
    list_page.enter_at_once(other, link.partition("/#")[2] and f"#{link.partition('#')[2]}")
    list_page.until(lambda: list_page.text("article.question") == "About Bread")
    list_page.click("button", words("sidebar.cloneShared"))
    list_page.until(lambda: "#/c/" in list_page.driver.current_url)
    assert len(other.call("GET", "/api/v1/chats/")) == 1
    list_page.enter_at_once(person)
    choose(list_page, "Bread", "sidebar.share")
    list_page.click("button", words("sidebar.stopSharing"))
    list_page.until(lambda: list_page.says(words("sidebar.shareStopped")))
    assert person.server.call("GET", f"/api/v1/chats/share/{link.rpartition('/')[2]}", token=other.token).status == 401


def test_a_chat_is_exported_in_four_formats_and_copied(list_page: Page, tmp_path: Path) -> None:
    list_page.tell("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path))
    pytest.importorskip("fpdf")
    for name, ending in (("markdown", "md"), ("text", "txt"), ("pdf", "pdf"), ("json", "json")):
        choose(list_page, "Bread", "sidebar.export")
        list_page.click("button", words(f"sidebar.as.{name}"), list_page.find("dialog"))
        file = tmp_path / f"Bread.{ending}"
        list_page.until(partial(holds_something, file), f"No file {file.name}.")
        list_page.until(lambda: not list_page.named("dialog"))
    assert "About Bread" in (tmp_path / "Bread.md").read_text(encoding="utf-8")
    assert (tmp_path / "Bread.pdf").read_bytes().startswith(b"%PDF")
    json.loads((tmp_path / "Bread.json").read_text(encoding="utf-8"))
    choose(list_page, "Bread", "sidebar.clone")
    list_page.until(lambda: "#/c/" in list_page.driver.current_url)
    list_page.until(lambda: len([text for text in rows(list_page) if "Bread" in text]) == 2)


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

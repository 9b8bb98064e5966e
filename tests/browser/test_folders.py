"""Folders of chats: made, nested, filled by menu and by dragging, deleted and brought back."""

from __future__ import annotations

import pytest

from tests.browser.people import Person
from tests.browser.sidebar import choose, keep, misses, new_folder, row, rows, see, undo
from tests.browser.support import Keys, Page, words

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

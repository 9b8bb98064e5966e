"""What tests of the list of chats share."""

from __future__ import annotations

import time
from typing import Any

from tests.browser.people import Person
from tests.browser.support import Page, words
from tests.support import conversation, message

ROWS = "return [...document.querySelectorAll('#sidebar [data-key]')].map((row) => row.innerText.trim())"


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

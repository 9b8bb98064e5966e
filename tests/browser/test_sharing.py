"""A chat that leaves: shared by a link, exported, copied."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import pytest

from tests.browser.people import Person, another
from tests.browser.sidebar import choose, rows
from tests.browser.support import Page, words
from tests.support import message

PICTURE = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJg"
    "gg=="
)
THOUGHT = '<details type="reasoning" done="true" duration="2">\n<summary>Thought</summary>\n> Hm.\n</details>\n'


def holds_something(file: Path) -> bool:
    return file.exists() and file.stat().st_size > 0


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


def test_of_a_shared_chat_one_sees_all_but_its_settings(page: Page, person: Person, admin: Person) -> None:
    files = [{"type": "image", "url": PICTURE, "name": "A dot"}]
    chat_id = person.keep_chat(
        message("q", content="Which colour?", files=files),
        message("a", "q", role="assistant", content=f"{THOUGHT}**Red.**", model="m", modelName="Painter", done=True),
    )
    share_id = person.call("POST", f"/api/v1/chats/{chat_id}/share")["id"]
    page.enter_at_once(another(admin, "Cy"), f"#/s/{share_id}")
    page.until(lambda: page.text("article.reply strong") == "Red.")
    assert page.text("article.question") == "Which colour?"
    assert page.one("article.question img").get_attribute("src") == PICTURE
    assert "Painter" in page.text("article.reply")
    page.one("article.reply summary").click()
    page.until(lambda: page.says("Hm."))
    assert not page.errors()


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

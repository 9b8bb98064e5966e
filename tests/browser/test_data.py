"""What can be done with all of one's chats: taken in, downloaded, archived, deleted."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path

from tests.browser.people import Person
from tests.browser.support import Keys, Page, words
from tests.support import conversation, message


def test_a_file_of_chats_is_taken_in_while_one_looks_on(chat: Page, tmp_path: Path) -> None:
    question = message("q", content="Where was I? " + "x" * 500)
    many = [conversation(question, title=f"Old chat {number}") for number in range(1500)]
    (tmp_path / "chats.json").write_text(json.dumps(many), encoding="utf-8")
    chat.settings("data")
    chat.give(tmp_path / "chats.json")
    chat.one("main li progress")
    assert chat.says(words("settings.importBusy"))
    chat.until(lambda: chat.says(words("settings.importDone", n="1,500")))
    assert not chat.all("main progress")
    chat.find("link", "Old chat .*", chat.one("#sidebar")).click()
    chat.until(lambda: chat.text("article.question").startswith("Where was I?"))

    chat.settings("data")
    chat.click("button", words("settings.importForget"))
    chat.until(lambda: not chat.says(words("settings.importDone", n="1,500")))
    chat.find("link", "Old chat .*", chat.one("#sidebar"))


def test_of_a_broken_file_one_is_told_where_it_is_broken(chat: Page, tmp_path: Path) -> None:
    good = json.dumps(conversation(message("q"), title="Whole"))
    (tmp_path / "broken.json").write_text(f'[{good}, {{"title": "Half', encoding="utf-8")
    chat.settings("data")
    chat.give(tmp_path / "broken.json")
    chat.until(lambda: chat.says(words("settings.importFailed")))
    assert re.search(r"byte \d|chat \d", chat.text("main li .failed ~ .failed"))
    assert not chat.named("link", "Whole.*", chat.one("#sidebar"))
    assert chat.find("button", words("settings.chooseFile")).is_enabled()


def test_everything_is_downloaded_as_a_zip(chat: Page, person: Person, tmp_path: Path) -> None:
    person.keep_chat(message("q", content="Take me with you"))
    chat.tell("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path))
    chat.settings("data")
    chat.click("link", words("settings.exportAll"))
    [archive] = chat.until(lambda: list(tmp_path.glob("*.zip")), "Nothing was downloaded.")
    chat.tell("Browser.setDownloadBehavior", behavior="default")
    with zipfile.ZipFile(archive) as opened:
        assert any(b"Take me with you" in opened.read(name) for name in opened.namelist())
    assert chat.driver.current_url.endswith("#/settings/data")


def test_all_chats_leave_the_list_and_come_back(chat: Page, person: Person) -> None:
    for title in ("First", "Second"):
        person.keep_chat(message("q"), title=title)
    chat.settings("data")
    sidebar = chat.one("#sidebar")
    chat.find("link", "First.*", sidebar)
    chat.click("button", words("settings.archiveAll"))
    chat.until(lambda: chat.says(words("settings.archived")))
    chat.until(lambda: chat.says(words("sidebar.empty")))
    assert not chat.named("link", "First.*", sidebar)
    chat.click("button", words("settings.unarchiveAll"))
    chat.until(lambda: chat.says(words("settings.unarchived")))
    chat.find("link", "First.*", sidebar)
    chat.find("link", "Second.*", sidebar)


def test_all_chats_are_deleted_only_after_one_has_typed_the_word(chat: Page, person: Person) -> None:
    chat_id = person.keep_chat(message("q", content="Still here"), title="First")
    chat.open(f"#/c/{chat_id}")
    chat.until(lambda: chat.says("Still here"))
    chat.settings("data")
    word = words("settings.deleteWord")

    def delete_all(typed: str) -> None:
        dialog = chat.find("dialog", words("settings.deleteAll"))
        chat.fill(re.escape(words("settings.typeWord", word=word)), typed, dialog)
        chat.click("button", words("settings.deleteAll"), dialog)

    chat.click("button", words("settings.deleteAll"))
    delete_all("yes")
    assert chat.find("dialog", words("settings.deleteAll"))
    assert person.call("GET", f"/api/v1/chats/{chat_id}")["title"] == "First"
    delete_all(word)
    chat.until(lambda: chat.says(words("settings.movedToTrash")))
    chat.until(lambda: chat.says(words("sidebar.empty")))
    chat.click("link", words("settings.back"))
    chat.one("#prompt")
    assert not chat.says("Still here")

    chat.settings("data")
    chat.click("button", words("settings.emptyTrash"))
    dialog = chat.find("dialog", words("settings.emptyTrash"))
    chat.fill(re.escape(words("settings.typeWord", word=word)), word, dialog)
    chat.press(Keys.ENTER)
    chat.until(lambda: chat.says(words("settings.trashEmptied")))
    assert person.call("GET", "/api/v1/chats/trash") == []

"""What everybody may set for themselves."""

from __future__ import annotations

import json
import re
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.browser.conftest import QUICK
from tests.browser.echo import MODEL
from tests.browser.people import Person, another
from tests.browser.support import FRONTEND, Keys, Page, words
from tests.support import conversation, message

PICTURE = FRONTEND / "public" / "icon-192.png"
IS_DARK = """
const brush = new OffscreenCanvas(1, 1).getContext("2d");
brush.fillStyle = getComputedStyle(document.documentElement).backgroundColor;
brush.fillRect(0, 0, 1, 1);
return brush.getImageData(0, 0, 1, 1).data[1] < 128;
"""
STATUS = "const done = arguments[1]; fetch(arguments[0]).then(({ status }) => done(status), () => done(0));"


def go(page: Page, tab: str, language: str = "en") -> Any:
    """Load the page at this tab of the settings; what the tab shows."""
    page.open(f"#/settings/{tab}")
    page.find("heading", words(f"settings.{tab}", language))
    return page.one("main .tab")


def choose(page: Page, label: str, option: str) -> None:
    """Pick one of a list."""
    page.find("field", words(label)).find_element("xpath", f".//option[normalize-space()='{option}']").click()


def give(page: Page, file: Path) -> None:
    """Choose a file, as the system's dialog would."""
    page.driver.find_element("css selector", "main input[type=file]").send_keys(str(file))


def is_dark(page: Page) -> bool:
    return bool(page.driver.execute_script(IS_DARK))


def saved(page: Page) -> None:
    page.until(lambda: page.says(words("settings.saved")), "It was not saved.")


def elsewhere(page: Page, person: Person) -> None:
    """Sign in with another browser, which knows nothing of this one."""
    page.reset()
    page.enter_at_once(person)


def test_a_name_and_a_picture_are_seen_everywhere(chat: Page, person: Person, tmp_path: Path) -> None:
    go(chat, "profile")
    (tmp_path / "words.txt").write_text("This is no picture.", encoding="utf-8")
    give(chat, tmp_path / "words.txt")
    chat.until(lambda: chat.says(words("settings.noPicture", name="words.txt")))
    give(chat, PICTURE)
    chat.one("main .picker img")
    assert not chat.all("main [role=alert]")

    chat.fill(words("settings.name"), " ")
    chat.click("button", words("common.save"))
    chat.until(lambda: chat.says(words("settings.nameMissing")))
    chat.fill(words("settings.name"), "Bo the Second")
    chat.click("button", words("common.save"))
    saved(chat)
    assert "Bo the Second" in chat.text("#sidebar")
    chat.one("#sidebar img[src^=data]")

    elsewhere(chat, person)
    go(chat, "profile")
    assert chat.find("field", words("settings.name")).get_attribute("value") == "Bo the Second"
    chat.one("main .picker img")
    chat.click("button", words("settings.removePicture"))
    chat.click("button", words("common.save"))
    saved(chat)
    assert not chat.driver.find_elements("css selector", "#sidebar img[src^=data]")


def test_the_password_is_changed_by_who_knows_it(chat: Page, person: Person) -> None:
    go(chat, "profile")

    def change(old: str, new: str, again: str) -> None:
        for label, text in {"passwordOld": old, "passwordNew": new, "passwordAgain": again}.items():
            chat.fill(words(f"settings.{label}"), text)
        chat.click("button", words("settings.passwordChange"))

    change("wrong", "new password", "new password")
    assert "password" in chat.text("main [role=alert]")
    assert len(chat.errors()) == 1  # the browser's own word of the 400
    change(person.password, "new password", "another one")
    chat.until(lambda: chat.says(words("settings.passwordsDiffer")))
    assert not chat.all("main [role=alert]")
    change(person.password, "new password", "new password")
    chat.until(lambda: chat.says(words("settings.passwordChanged")))

    chat.click("button", words("common.signOut"), chat.one("main"))
    chat.enter(replace(person, password="new password"))


def test_a_theme_is_kept_by_the_server(chat: Page, person: Person) -> None:
    go(chat, "appearance")
    chat.click("field", words("settings.themeDark"))
    chat.until(lambda: is_dark(chat))
    saved(chat)
    chat.driver.refresh()
    chat.one("main .tab input")
    assert is_dark(chat)
    elsewhere(chat, person)
    chat.until(lambda: is_dark(chat))

    chat.emulate(prefers_color_scheme="dark")
    go(chat, "appearance")
    chat.click("field", words("settings.themeLight"))
    chat.until(lambda: not is_dark(chat))
    chat.click("field", words("settings.themeSystem"))
    chat.until(lambda: is_dark(chat))
    saved(chat)
    chat.driver.refresh()
    chat.find("heading", words("settings.appearance"))
    assert is_dark(chat)
    chat.emulate(prefers_color_scheme="light")
    chat.until(lambda: not is_dark(chat))


def test_the_page_speaks_german_once_it_is_told_to(chat: Page, person: Person) -> None:
    go(chat, "appearance")
    chat.click("field", "Deutsch")
    chat.find("heading", words("settings.appearance", "de"))
    chat.until(lambda: chat.says(words("settings.saved", "de")))
    chat.driver.refresh()
    chat.find("heading", words("settings.appearance", "de"))
    assert chat.one("html").get_attribute("lang") == "de"
    elsewhere(chat, person)
    chat.find("button", words("common.newChat", "de"))

    go(chat, "appearance", "de")
    chat.click("field", words("settings.languageSystem", "de"))
    chat.find("heading", words("settings.appearance"))


def test_texts_are_as_large_as_one_likes(chat: Page) -> None:
    def size() -> float:
        return float(chat.one("#main h1").value_of_css_property("font-size").removesuffix("px"))

    go(chat, "appearance")
    normal = size()
    chat.click("field", words("settings.sizeLarger"))
    chat.until(lambda: size() > normal)
    saved(chat)
    chat.driver.refresh()
    chat.until(lambda: size() > normal)


def test_a_new_chat_asks_the_models_that_one_prefers(chat: Page, person: Person) -> None:
    chat.pick(QUICK)  # which this browser remembers
    go(chat, "general")
    choose(chat, "settings.modelAddLabel", MODEL)
    saved(chat)
    chat.open()
    chat.until(lambda: chat.text("#model") == MODEL)
    elsewhere(chat, person)
    chat.until(lambda: chat.text("#model") == MODEL)

    go(chat, "general")
    chat.click("button", words("settings.modelRemove", name=MODEL))
    saved(chat)
    assert "models" not in person.call("GET", "/api/v1/users/user/settings")["ui"]


def test_the_keys_that_send_are_chosen(chat: Page) -> None:
    go(chat, "general")
    chat.click("field", re.escape(words("settings.ctrlEnterSends")))
    saved(chat)
    chat.open()
    chat.pick(MODEL)
    chat.one("#prompt").send_keys("One", Keys.ENTER, "Two")
    assert chat.one("#prompt").get_attribute("value") == "One\nTwo"
    assert not chat.all("article")
    chat.press(Keys.CONTROL, Keys.ENTER)
    assert chat.text("article.question").startswith("One\nTwo")
    assert "Two" in chat.whole_reply()

    go(chat, "general")
    chat.click("field", re.escape(words("settings.enterSends")))
    saved(chat)
    chat.open()
    chat.ask("Three")
    assert chat.text("article.question").startswith("Three")
    assert "Three" in chat.whole_reply()


def test_instructions_and_parameters_are_saved_as_one_writes(chat: Page, person: Person) -> None:
    go(chat, "general")
    chat.fill(words("settings.systemLabel"), "Be brief.")
    chat.fill(words("settings.temperature"), "9")
    chat.until(lambda: chat.says(words("settings.between", least=0, most=2)))
    chat.fill(words("settings.temperature"), "0.5")
    chat.until(lambda: not chat.says(words("settings.between", least=0, most=2)))

    def kept() -> bool:
        ui = (person.call("GET", "/api/v1/users/user/settings") or {}).get("ui", {})
        return bool(ui.get("system") == "Be brief." and ui.get("params") == {"temperature": 0.5})

    chat.until(kept, "They were not saved.")
    go(chat, "general")
    assert chat.find("field", words("settings.systemLabel")).get_attribute("value") == "Be brief."
    assert chat.find("field", words("settings.temperature")).get_attribute("value") == "0.5"


def test_a_file_of_chats_is_taken_in_while_one_looks_on(chat: Page, tmp_path: Path) -> None:
    question = message("q", content="Where was I? " + "x" * 500)
    many = [conversation(question, title=f"Old chat {number}") for number in range(1500)]
    (tmp_path / "chats.json").write_text(json.dumps(many), encoding="utf-8")
    go(chat, "data")
    give(chat, tmp_path / "chats.json")
    chat.one("main li progress")
    assert chat.says(words("settings.importBusy"))
    chat.until(lambda: chat.says(words("settings.importDone", n="1,500")))
    assert not chat.all("main progress")
    chat.find("link", "Old chat .*", chat.one("#sidebar")).click()
    chat.until(lambda: chat.text("article.question").startswith("Where was I?"))

    go(chat, "data")
    chat.click("button", words("settings.importForget"))
    chat.until(lambda: not chat.says(words("settings.importDone", n="1,500")))
    chat.find("link", "Old chat .*", chat.one("#sidebar"))


def test_of_a_broken_file_one_is_told_where_it_is_broken(chat: Page, tmp_path: Path) -> None:
    good = json.dumps(conversation(message("q"), title="Whole"))
    (tmp_path / "broken.json").write_text(f'[{good}, {{"title": "Half', encoding="utf-8")
    go(chat, "data")
    give(chat, tmp_path / "broken.json")
    chat.until(lambda: chat.says(words("settings.importFailed")))
    assert re.search(r"byte \d|chat \d", chat.text("main li .failed ~ .failed"))
    assert not chat.named("link", "Whole.*", chat.one("#sidebar"))
    assert chat.find("button", words("settings.chooseFile")).is_enabled()


def test_everything_is_downloaded_as_a_zip(chat: Page, person: Person, tmp_path: Path) -> None:
    person.keep_chat(message("q", content="Take me with you"))
    chat.tell("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path))
    go(chat, "data")
    chat.click("link", words("settings.exportAll"))
    [archive] = chat.until(lambda: list(tmp_path.glob("*.zip")), "Nothing was downloaded.")
    chat.tell("Browser.setDownloadBehavior", behavior="default")
    with zipfile.ZipFile(archive) as opened:
        assert any(b"Take me with you" in opened.read(name) for name in opened.namelist())
    assert chat.driver.current_url.endswith("#/settings/data")


def test_all_chats_leave_the_list_and_come_back(chat: Page, person: Person) -> None:
    for title in ("First", "Second"):
        person.keep_chat(message("q"), title=title)
    go(chat, "data")
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
    go(chat, "data")
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

    go(chat, "data")
    chat.click("button", words("settings.emptyTrash"))
    dialog = chat.find("dialog", words("settings.emptyTrash"))
    chat.fill(re.escape(words("settings.typeWord", word=word)), word, dialog)
    chat.press(Keys.ENTER)
    chat.until(lambda: chat.says(words("settings.trashEmptied")))
    assert person.call("GET", "/api/v1/chats/trash") == []


def test_memories_are_added_changed_and_forgotten(chat: Page) -> None:
    go(chat, "memories")
    chat.until(lambda: chat.says(words("settings.memoriesNone")))
    chat.click("button", words("settings.memoryKeep"))
    chat.until(lambda: chat.says(words("settings.memoryMissing")))
    for number, text in enumerate(("I like tea.", "I live in Ulm."), 1):
        chat.fill(words("settings.memoryText"), text)
        chat.press(Keys.TAB)
        chat.press(Keys.ENTER)
        saved(chat)
        assert len(_rows(chat)) == number

    chat.click("button", words("settings.memoryEdit"), chat.one(".tab li"))
    row = chat.one(".tab li form")
    chat.fill(words("settings.memoryText"), "I live in Rome.", row)
    chat.click("button", words("common.save"), row)
    chat.until(lambda: "I live in Rome." in chat.text("main .tab ul"))
    chat.until(lambda: chat.focus().get_attribute("aria-label") == words("settings.memoryEdit"))

    go(chat, "memories")
    assert [text.splitlines()[0] for text in (row.text for row in _rows(chat))] == ["I live in Rome.", "I like tea."]
    chat.click("button", words("settings.memoryForget"), chat.one(".tab li"))
    chat.until(lambda: len(_rows(chat)) == 1)
    chat.click("button", words("settings.memoriesForget"))
    dialog = chat.find("dialog")
    chat.fill(".*", words("settings.deleteWord"), dialog)
    chat.press(Keys.ENTER)
    chat.until(lambda: chat.says(words("settings.memoriesForgotten")))
    assert chat.says(words("settings.memoriesNone"))


def _rows(page: Page) -> list[Any]:
    return page.until(lambda: page.all(".tab li"))


def test_the_keys_are_listed_as_they_are_set(chat: Page, person: Person) -> None:
    shown = go(chat, "shortcuts").text
    assert re.search(rf"{words('palette.newChat')}\s+Ctrl\s*Shift\s*O", shown)
    assert re.search(rf"{words('palette.send')}\s+Enter", shown)
    person.prefer(ctrlEnterToSend=True)
    assert re.search(rf"{words('palette.send')}\s+Ctrl\s*Enter", go(chat, "shortcuts").text)


def test_about_tells_the_version_and_leads_to_the_api(chat: Page, person: Person) -> None:
    about = go(chat, "about")
    version = person.call("GET", "/api/config")["version"]
    assert words("settings.version", version=version) in about.text
    for name in ("docs", "openapi"):
        address = chat.find("link", re.escape(words(f"settings.{name}")), about).get_attribute("href")
        assert chat.driver.execute_async_script(STATUS, address) == 200


def test_what_is_not_ones_own_says_so(page: Page, admin: Person) -> None:
    page.enter_at_once(another(admin, "Di"))
    for tab in ("connections", "models", "users", "server", "nonsense"):
        page.open(f"#/settings/{tab}")
        page.until(lambda: page.says(words("settings.noSuchTab")))
        assert page.named("link", words("settings.profile"), page.one("main"))
        assert not page.named("link", words("settings.users"), page.one("main"))

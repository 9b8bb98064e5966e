"""What everybody may set for themselves."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.browser.conftest import QUICK
from tests.browser.echo import MODEL
from tests.browser.people import Person, another
from tests.browser.support import FRONTEND, Keys, Page, words

PICTURE = FRONTEND / "public" / "icon-192.png"
IS_DARK = """
const brush = new OffscreenCanvas(1, 1).getContext("2d");
brush.fillStyle = getComputedStyle(document.documentElement).backgroundColor;
brush.fillRect(0, 0, 1, 1);
return brush.getImageData(0, 0, 1, 1).data[1] < 128;
"""
STATUS = "const done = arguments[1]; fetch(arguments[0]).then(({ status }) => done(status), () => done(0));"


def choose(page: Page, label: str, option: str) -> None:
    """Pick one of a list."""
    page.find("field", words(label)).find_element("xpath", f".//option[normalize-space()='{option}']").click()


def is_dark(page: Page) -> bool:
    return bool(page.driver.execute_script(IS_DARK))


def saved(page: Page) -> None:
    page.until(lambda: page.says(words("settings.saved")), "It was not saved.")


def elsewhere(page: Page, person: Person) -> None:
    """Sign in with another browser, which knows nothing of this one."""
    page.reset()
    page.enter_at_once(person)


def test_a_name_and_a_picture_are_seen_everywhere(chat: Page, person: Person, tmp_path: Path) -> None:
    chat.settings("profile")
    (tmp_path / "words.txt").write_text("This is no picture.", encoding="utf-8")
    chat.give(tmp_path / "words.txt")
    chat.until(lambda: chat.says(words("settings.noPicture", name="words.txt")))
    chat.give(PICTURE)
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
    chat.settings("profile")
    assert chat.find("field", words("settings.name")).get_attribute("value") == "Bo the Second"
    chat.one("main .picker img")
    chat.click("button", words("settings.removePicture"))
    chat.click("button", words("common.save"))
    saved(chat)
    assert not chat.driver.find_elements("css selector", "#sidebar img[src^=data]")


def test_the_password_is_changed_by_who_knows_it(chat: Page, person: Person) -> None:
    chat.settings("profile")

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
    chat.settings("appearance")
    chat.click("field", words("settings.themeDark"))
    chat.until(lambda: is_dark(chat))
    saved(chat)
    chat.driver.refresh()
    chat.one("main .tab input")
    assert is_dark(chat)
    elsewhere(chat, person)
    chat.until(lambda: is_dark(chat))

    chat.emulate(prefers_color_scheme="dark")
    chat.settings("appearance")
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
    chat.settings("appearance")
    chat.click("field", "Deutsch")
    chat.find("heading", words("settings.appearance", "de"))
    chat.until(lambda: chat.says(words("settings.saved", "de")))
    chat.driver.refresh()
    chat.find("heading", words("settings.appearance", "de"))
    assert chat.one("html").get_attribute("lang") == "de"
    elsewhere(chat, person)
    chat.find("button", words("common.newChat", "de"))

    chat.settings("appearance", "de")
    chat.click("field", words("settings.languageSystem", "de"))
    chat.find("heading", words("settings.appearance"))


def test_texts_are_as_large_as_one_likes(chat: Page) -> None:
    def size() -> float:
        return float(chat.one("#main h1").value_of_css_property("font-size").removesuffix("px"))

    chat.settings("appearance")
    normal = size()
    chat.click("field", words("settings.sizeLarger"))
    chat.until(lambda: size() > normal)
    saved(chat)
    chat.driver.refresh()
    chat.until(lambda: size() > normal)


def test_a_new_chat_asks_the_models_that_one_prefers(chat: Page, person: Person) -> None:
    chat.pick(QUICK)  # which this browser remembers
    chat.settings("general")
    choose(chat, "settings.modelAddLabel", MODEL)
    saved(chat)
    chat.open()
    chat.until(lambda: chat.text("#model") == MODEL)
    elsewhere(chat, person)
    chat.until(lambda: chat.text("#model") == MODEL)

    chat.settings("general")
    chat.click("button", words("settings.modelRemove", name=MODEL))
    saved(chat)
    assert "models" not in person.call("GET", "/api/v1/users/user/settings")["ui"]


def test_the_keys_that_send_are_chosen(chat: Page) -> None:
    chat.settings("general")
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

    chat.settings("general")
    chat.click("field", re.escape(words("settings.enterSends")))
    saved(chat)
    chat.open()
    chat.ask("Three")
    assert chat.text("article.question").startswith("Three")
    assert "Three" in chat.whole_reply()


def test_instructions_and_parameters_are_saved_as_one_writes(chat: Page, person: Person) -> None:
    chat.settings("general")
    chat.fill(words("settings.systemLabel"), "Be brief.")
    chat.fill(words("settings.temperature"), "9")
    chat.until(lambda: chat.says(words("settings.between", least=0, most=2)))
    chat.fill(words("settings.temperature"), "0.5")
    chat.until(lambda: not chat.says(words("settings.between", least=0, most=2)))

    def kept() -> bool:
        ui = (person.call("GET", "/api/v1/users/user/settings") or {}).get("ui", {})
        return bool(ui.get("system") == "Be brief." and ui.get("params") == {"temperature": 0.5})

    chat.until(kept, "They were not saved.")
    chat.settings("general")
    assert chat.find("field", words("settings.systemLabel")).get_attribute("value") == "Be brief."
    assert chat.find("field", words("settings.temperature")).get_attribute("value") == "0.5"


def test_memories_are_added_changed_and_forgotten(chat: Page) -> None:
    chat.settings("memories")
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

    chat.settings("memories")
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
    shown = chat.settings("shortcuts").text
    assert re.search(rf"{words('palette.newChat')}\s+Ctrl\s*Shift\s*O", shown)
    assert re.search(rf"{words('palette.send')}\s+Enter", shown)
    person.prefer(ctrlEnterToSend=True)
    assert re.search(rf"{words('palette.send')}\s+Ctrl\s*Enter", chat.settings("shortcuts").text)


def test_about_tells_the_version_and_leads_to_the_api(chat: Page, person: Person) -> None:
    about = chat.settings("about")
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

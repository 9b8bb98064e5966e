"""The table of settings, as an administrator sees it."""

from __future__ import annotations

from tests.browser.support import Page, webdriver


def test_an_administrator_sees_every_setting_with_its_value_and_source(chat: Page) -> None:
    chat.one("#to-settings").click()
    chat.until(lambda: chat.text("#count").startswith("5"))
    count = chat.text("#count")
    assert count.split()[0] == count.split()[2]
    assert len(chat.all("#groups tr")) > 500

    chat.one("#filter [type=search]").send_keys("openai_api_keys separated")
    chat.until(lambda: chat.text("#count").startswith("1 of"))
    row = chat.text("#groups tbody tr")
    assert "OPENAI_API_KEYS" in row
    assert "environment OPENAI_API_KEYS" in row
    assert "locked" in row
    assert "sk-fake" not in chat.driver.page_source

    chat.one("#filter [type=search]").clear()
    chat.one("#filter [type=search]").send_keys("log", webdriver.Keys.ENTER)
    chat.one("#filter [type=checkbox]").click()
    chat.until(lambda: "GLOBAL_LOG_LEVEL" not in chat.driver.page_source)
    chat.one(".brand").click()
    assert chat.one("#prompt")
    assert chat.errors() == []


def test_others_learn_whom_the_settings_are_for(page: Page) -> None:
    page.driver.get(f"{page.url}/settings.html")
    assert "administrators" in page.text(".failure")

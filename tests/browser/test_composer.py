"""Writing: keys, drafts, prompts, pictures, and what a chat is set to."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.browser.actor import ONE, OTHER, Actor
from tests.browser.people import Person
from tests.browser.support import Keys, Page, words
from tests.support import message

PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
# Gives the page files as the system would: by the clipboard or by dropping them.
HAND_OVER = """
const [selector, kind, name, type, data] = arguments;
const bytes = Uint8Array.from(atob(data), (one) => one.charCodeAt(0));
const files = new DataTransfer();
files.items.add(new File([bytes], name, { type }));
const init = { bubbles: true, cancelable: true };
const event = kind === "paste" ? new ClipboardEvent(kind, { ...init, clipboardData: files })
  : new DragEvent(kind, { ...init, dataTransfer: files });
document.querySelector(selector).dispatchEvent(event);
"""
COMPOSE = """
const init = { key: "Enter", isComposing: true, bubbles: true, cancelable: true };
arguments[0].dispatchEvent(new KeyboardEvent("keydown", init));
"""


def written(page: Page) -> str:
    return str(page.one("#prompt").get_attribute("value"))


def hand_over(page: Page, kind: str, name: str, type: str = "image/png", data: bytes = PICTURE) -> None:
    page.driver.execute_script(HAND_OVER, "#prompt", kind, name, type, base64.b64encode(data).decode())


def test_enter_sends_shift_enter_breaks_the_line_and_composing_does_neither(talk: Page, actor: Actor) -> None:
    prompt = talk.one("#prompt")
    prompt.send_keys("One")
    talk.driver.execute_script(COMPOSE, prompt)
    assert written(talk) == "One"
    talk.press(Keys.SHIFT, Keys.ENTER)
    talk.press("Two")
    assert written(talk) == "One\nTwo"
    talk.press(Keys.ENTER)
    assert talk.whole_reply() == f"{ONE} here."
    assert talk.text("article.question p") == "One\nTwo"
    assert written(talk) == ""
    assert len(actor.asked) == 1

    talk.one("#prompt").send_keys(Keys.ARROW_UP)
    editor = talk.find("field", words("chat.editing"))
    assert editor.get_attribute("value") == "One\nTwo"
    talk.press(Keys.ESCAPE)
    talk.until(lambda: not talk.named("field", words("chat.editing")))


def test_what_is_written_is_kept_for_each_chat(talk: Page, person: Person) -> None:
    chat_id = person.keep_chat(message("q", content="Is it?"), message("a", "q", role="assistant", content="It is."))
    talk.one("#prompt").send_keys("Not yet")
    talk.open(f"#/c/{chat_id}")
    talk.until(lambda: talk.says("It is."))
    assert written(talk) == ""
    talk.one("#prompt").send_keys("And this")
    talk.click("button", words("common.newChat"), talk.one("#sidebar"))
    talk.until(lambda: written(talk) == "Not yet")
    talk.driver.back()
    talk.until(lambda: written(talk) == "And this")
    talk.driver.refresh()
    talk.until(lambda: written(talk) == "And this")


def test_an_ended_session_keeps_what_is_written(talk: Page, person: Person) -> None:
    talk.one("#prompt").send_keys("Half a thou")
    talk.tell("Network.clearBrowserCookies")
    talk.driver.refresh()
    talk.enter(person)
    talk.until(lambda: written(talk) == "Half a thou")

    talk.tell("Network.clearBrowserCookies")
    talk.one("#prompt").send_keys("ght", Keys.ENTER)
    talk.enter(person)
    talk.until(lambda: talk.says("Half a thought") or written(talk) == "Half a thought")
    talk.errors(but=["401"])


def test_prompts_are_at_hand_by_a_slash(talk: Page, person: Person) -> None:
    content = 'Tell {{ topic | text:placeholder="what":required }} to {{USER_NAME}}.'
    person.call("POST", "/api/v1/prompts/create", {"command": "/tell", "title": "Tell it", "content": content})
    talk.one("#prompt").send_keys("/te")
    talk.find("option", ".*Tell it")
    talk.press(Keys.ENTER)
    talk.fill("topic", "a tale")
    talk.press(Keys.ENTER)
    talk.until(lambda: written(talk) == "Tell a tale to Bo.")
    assert talk.focus().get_attribute("id") == "prompt"


@pytest.mark.parametrize("way", ["paste", "drop", "pick"])
def test_pictures_go_along(talk: Page, actor: Actor, tmp_path: Path, way: str) -> None:
    if way == "pick":
        file = tmp_path / "dot.png"
        file.write_bytes(PICTURE)
        talk.driver.find_element("css selector", "input[type=file]").send_keys(str(file))
    else:
        hand_over(talk, way, "dot.png")
    talk.find("button", words("composer.removeImage", name="dot.png"))
    talk.ask("What is it?")
    talk.whole_reply()
    text, picture = actor.asked[0]["messages"][-1]["content"]
    assert text == {"type": "text", "text": "What is it?"}
    assert picture["image_url"]["url"].startswith("data:image/png;base64,")
    assert len(talk.all("article.question img")) == 1


def test_a_text_file_becomes_part_of_the_message(talk: Page, actor: Actor) -> None:
    hand_over(talk, "drop", "sum.py", "text/x-python", b"print(1 + 1)\n")
    talk.until(lambda: "print(1 + 1)" in written(talk))
    talk.ask("What does it do?")
    talk.whole_reply()
    assert actor.asked[0]["messages"][-1]["content"] == "sum.py\n```py\nprint(1 + 1)\n```\nWhat does it do?"


def test_a_model_without_eyes_is_not_sent_pictures(talk: Page, actor: Actor, person: Person) -> None:
    form = {"id": OTHER, "name": OTHER, "meta": {"capabilities": {"vision": False}}, "params": {}}
    person.call("POST", "/api/v1/models/create", form)
    talk.driver.refresh()
    talk.pick(OTHER)
    hand_over(talk, "paste", "dot.png")
    talk.until(lambda: talk.says(words("composer.blind", model=OTHER)))
    talk.ask("What is it?")
    assert actor.asked == []
    talk.click("button", words("composer.removeImage", name="dot.png"))
    talk.until(lambda: not talk.says(words("composer.blind", model=OTHER)))
    talk.one("#send").click()
    assert talk.whole_reply() == f"{OTHER} here."


def test_what_a_chat_is_set_to_reaches_the_model(talk: Page, actor: Actor) -> None:
    talk.click("button", words("composer.params"))
    talk.fill(words("composer.system"), "You talk to {{USER_NAME}}, on {{CURRENT_DATE}}, in {{USER_LANGUAGE}}.")
    talk.fill(f"{words('composer.temperature')}.*", "0.5")
    talk.fill(f"{words('composer.stopAt')}.*", "END")
    talk.click("button", words("common.save"))
    talk.find("button", words("composer.paramsSet").replace("(", r"\(").replace(")", r"\)"))
    talk.ask("Hello")
    talk.whole_reply()
    talk.driver.refresh()
    talk.ask("Again")
    talk.until(lambda: len(actor.asked) == 2)
    for asked in actor.asked:
        _check(asked)


def _check(asked: dict[str, Any]) -> None:
    system = asked["messages"][0]
    assert system["role"] == "system"
    assert system["content"].startswith(f"You talk to Bo, on {datetime.now(UTC):%Y-}")
    assert system["content"].endswith("in en.") or system["content"].endswith("in en-US.")
    assert (asked["temperature"], asked["stop"]) == (0.5, ["END"])

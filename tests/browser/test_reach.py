"""How much the page takes, at a smaller scale than ``scripts/bench/page.py``; times are printed and not judged."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from scripts.bench import page as measures
from tests.browser.people import Person
from tests.browser.support import Page

Tell = Callable[[str, object], None]
MAX_LOAD = 200_000  # bytes, compressed


def test_the_first_load_is_small(page: Page, person: Person, record_property: Tell) -> None:
    load = measures.first_load(page, person)
    record_property(
        "reach",
        f"first load: {load.size} bytes in {load.requests} requests, interactive after {load.interactive:.0f} ms",
    )
    assert load.size <= MAX_LOAD


def test_text_is_there_soon_after_enter(chat: Page, record_property: Tell) -> None:
    chat.pick("fake-100x0ms")
    fresh, *later = measures.first_text(chat, follow_ups=3)
    record_property("reach", f"Enter to text: {fresh:.0f} ms in a new chat, then {[round(taken) for taken in later]}")


def test_a_stream_is_painted_without_freezing(chat: Page, record_property: Tell) -> None:
    frames = measures.streamed(chat, 400)
    record_property("reach", f"400 tokens at 100/s: {frames}")
    assert chat.whole_reply().endswith("399")


def test_a_chat_of_ten_thousand_messages_opens(chat: Page, person: Person, record_property: Tell) -> None:
    taken, frames = measures.opened(chat, measures.long_chat(person, 10_000))
    record_property("reach", f"10,000 messages: {taken:.0f} ms, {frames}")
    chat.until(lambda: chat.replies()[-1] == "Message 9999.")
    assert len(chat.driver.find_elements("css selector", "article")) < 400  # the rest is made when one scrolls there


@pytest.mark.parametrize("size", [1_000_000])
def test_a_hostile_reply_of_a_megabyte_is_shown(chat: Page, person: Person, record_property: Tell, size: int) -> None:
    taken, frames = measures.opened(chat, measures.hostile_chat(person, size))
    record_property("reach", f"{size} hostile bytes: {taken:.0f} ms, {frames}")
    chat.one("#prompt").send_keys("It still listens")

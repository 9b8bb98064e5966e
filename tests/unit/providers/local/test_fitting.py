"""What is left of a chat that is too long for the model."""

from __future__ import annotations

from typing import Any

from webui.providers.local.fitting import fit


def said(*roles: str) -> list[dict[str, Any]]:
    return [{"role": role, "content": f"{number:060}"} for number, role in enumerate(roles)]  # 30 tokens each


def test_what_fits_stays_whole() -> None:
    messages = said("system", "user", "assistant", "user")
    assert fit(messages, 200) == messages


def test_the_oldest_go_and_what_is_left_begins_with_a_question() -> None:
    messages = said("system", "user", "assistant", "user", "assistant", "user")
    assert fit(messages, 170) == [messages[0], *messages[3:]]
    assert fit(messages, 100) == [messages[0], messages[-1]]


def test_the_last_question_stays_with_the_reply_that_is_to_go_on() -> None:
    messages = said("system", "user", "assistant", "user", "assistant")
    assert fit(messages, 1) == [messages[0], *messages[3:]]


def test_what_has_no_question_stays() -> None:
    for messages in ([], said("system"), said("assistant", "tool")):
        assert fit(messages, 1) == messages

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from webui.errors import ApiError
from webui.services import task_answers, task_prompts
from webui.services.tasks import MAX_REPLY, answer_text, message_text
from webui.streaming import Reply

SAID = [
    {"role": "user", "content": "one"},
    {"role": "assistant", "content": "two"},
    {"role": "user", "content": "three"},
    {"role": "assistant", "content": "four"},
]


@pytest.mark.parametrize(
    "answer",
    [
        '{"title": "Tea"}',
        'Sure! Here it is:\n```json\n{"title": "Tea"}\n```\nAnything else?',
        "{'title': 'Tea'}",
        '{"title": "Tea",}',
        '{"title": "Tea", "tags": ["a", "b",],}',
        '{"title": "\nTea\n"}',
        '{"title": "\\"Tea\\""}',
    ],
)
def test_a_title_is_read_from_whatever_stands_around_it(answer: str) -> None:
    assert task_answers.title(answer) == "Tea"


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "Tea",
        "{",
        "}{",
        "{}",
        "{title}",
        '{"title": ""}',
        '{"title": " \\u0000 "}',
        '{"title": null}',
        '{"title": ["Tea"]}',
        '{"title": {"title": "Tea"}}',
        '{"title": "Te',
        '["title", "Tea"]',
        '{"a": 1} and {"title": "Tea"}',
        "{" * 5000 + "}" * 5000,
        '{"title": ' + "[" * 100_000,
        '{"title": ' + "9" * 5000 + "}",
    ],
)
def test_nonsense_is_no_title(answer: str) -> None:
    assert task_answers.title(answer) is None


def test_an_apostrophe_inside_double_quotes_and_quotes_inside_single_ones_stay() -> None:
    assert task_answers.title("""{"title": "Don't, ever",}""") == "Don't, ever"
    assert task_answers.title("""{'title': 'Say "no"', 'x': 'it\\'s'}""") == 'Say "no'


def test_what_is_stored_is_bounded_and_of_one_line() -> None:
    assert task_answers.title(json.dumps({"title": "a\nb\x00c\ud800 d" + "x" * 500})) == "a b c d" + "x" * 93
    follow_ups = task_answers.follow_ups(json.dumps({"follow_ups": ["Why?", "", 1, None, "Why?", *map(str, range(9))]}))
    assert follow_ups == ["Why?", "0", "1", "2", "3"]
    assert len(task_answers.follow_ups(json.dumps({"follow_ups": ["x" * 9999]}))[0]) == 300


def test_tags_are_ids() -> None:
    answer = json.dumps({"tags": ["Machine  Learning", "machine learning", " Tea ", "none", "", 7, ["x"]]})
    assert task_answers.tags(answer) == ["machine_learning", "tea"]
    assert len(task_answers.tags(json.dumps({"tags": [str(number) for number in range(99)]}))) == 10
    assert task_answers.tags('{"tags": "tea"}') == []


def test_the_first_words_end_with_a_word() -> None:
    assert task_answers.first_words("  How do\nI make tea?  ") == "How do I make tea?"
    words = task_answers.first_words("tea " * 1000)
    assert words == "tea " * 19 + "tea…"
    assert task_answers.first_words("x" * 1000) == "x" * 80 + "…"
    assert task_answers.first_words("") == ""


@pytest.mark.parametrize("unit", ["{", "'", '"', "\\'", '\\"', ", ", "{'\\", '{"\\'])
def test_an_answer_made_to_be_hard_to_read_is_nonsense(unit: str) -> None:
    assert task_answers.read("{" + unit * 50_000 + "}", "title") is None


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{MESSAGES}}", "USER: one\nASSISTANT: two\nUSER: three\nASSISTANT: four"),
        ("{{MESSAGES:START:1}}", "USER: one"),
        ("{{MESSAGES:END:1}}", "ASSISTANT: four"),
        ("{{MESSAGES:END:0}}", ""),
        ("{{MESSAGES:END:99}}", "USER: one\nASSISTANT: two\nUSER: three\nASSISTANT: four"),
        ("{{MESSAGES:MIDDLETRUNCATE:3}}", "USER: one\nASSISTANT: two\nASSISTANT: four"),
        ("{{prompt}}", "abcdef"),
        ("{{prompt:start:2}}", "ab"),
        ("{{prompt:end:2}}", "ef"),
        ("{{prompt:middletruncate:4}}", "ab...ef"),
        ("{{prompt:middletruncate:6}}", "abcdef"),
        ("{{ prompt }}", "abcdef"),
        ("{{other}} {{prompt:middle:1}} {prompt} {{", "{{other}} {{prompt:middle:1}} {prompt} {{"),
    ],
)
def test_a_template_is_filled_in(template: str, text: str) -> None:
    assert task_prompts.expand(template, SAID, {"prompt": "abcdef"}) == text


def test_what_people_wrote_is_no_template() -> None:
    said = [{"role": "user", "content": "{{prompt}} \\1 {{MESSAGES}}"}]
    assert task_prompts.expand("{{MESSAGES}}", said, {"prompt": "x"}) == "USER: {{prompt}} \\1 {{MESSAGES}}"
    assert task_prompts.expand("{{prompt}}", said, {"prompt": "{{MESSAGES}}"}) == "{{MESSAGES}}"


def test_a_long_message_is_cut_in_its_middle() -> None:
    line = task_prompts.expand("{{MESSAGES}}", [{"role": "user", "content": "a" * 9999 + "z"}], {})
    assert line.startswith("USER: aaa")
    assert line.endswith("aaz")
    assert len(line) < 2100


def test_a_message_of_parts_is_its_texts() -> None:
    parts: list[Any] = [{"type": "text", "text": "Look"}, {"type": "image_url", "image_url": {"url": "data:"}}, "x", 1]
    assert message_text({"content": parts}) == "Look"
    assert message_text({"content": None}) == message_text({}) == ""


class Body:
    """A body that arrives in pieces."""

    def __init__(self, *pieces: bytes) -> None:
        self.pieces = pieces
        self.taken = 0
        self.closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self.pieces:
            self.taken += 1
            yield piece

    async def aclose(self) -> None:
        self.closed = True


def reply(body: Any, status: int = 200) -> Reply:
    return Reply(status, (), body)


def completion(text: Any, **more: Any) -> bytes:
    return json.dumps({"choices": [{"message": {"role": "assistant", "content": text, **more}}]}).encode()


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (completion("Tea"), "Tea"),
        (completion("<think>{hm}</think>Tea"), "Tea"),
        (completion("Tea", reasoning_content="Hm"), "Tea"),
        (completion([{"type": "text", "text": "Tea"}]), "Tea"),
        (completion(None), ""),
        (completion(7), ""),
        (b"{}", ""),
        (b'{"choices": []}', ""),
        (b'{"error": {"message": "no"}}', ""),
        (b"[]", ""),
        (b"null", ""),
        (b"\xff", ""),
        (b"", ""),
    ],
)
def test_the_text_of_a_reply_is_read(body: bytes, text: str) -> None:
    assert asyncio.run(answer_text(reply(body))) == text


def test_a_reply_in_pieces_is_read_and_closed() -> None:
    whole = completion("Tea")
    body = Body(whole[:9], whole[9:])
    assert asyncio.run(answer_text(reply(body))) == "Tea"
    assert body.closed


def test_of_an_endless_reply_only_so_much_is_read() -> None:
    body = Body(*[b"x" * (MAX_REPLY // 4)] * 100)
    assert asyncio.run(answer_text(reply(body))) == ""
    assert body.closed
    assert body.taken < 10


def test_an_error_status_is_raised() -> None:
    with pytest.raises(ApiError) as caught:
        asyncio.run(answer_text(reply(b'{"error": "x"}', 429)))
    assert caught.value.status == 429

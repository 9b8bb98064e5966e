"""Reasoning that a model writes into its answer between tags, told apart while the text arrives."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Sequence

REASONING_TAGS = (
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<reason>", "</reason>"),
    ("<reasoning>", "</reasoning>"),
    ("<thought>", "</thought>"),
    ("<Thought>", "</Thought>"),
    ("<|begin_of_thought|>", "<|end_of_thought|>"),
    ("◁think▷", "◁/think▷"),
)
FENCES = ("`" * 16, "~" * 16)  # code begins with three of them, and ends with as many as it began with
FENCE = r"(?P<fence>`{3,16}|~{3,16})"

Part = tuple[bool, str]  # whether it is reasoning, and its text


class ThoughtSplitter:
    """Splits text that arrives in pieces into reasoning and answer.

    A tag counts where the reply or a line begins with it, and not in a code block, so that one may write about tags.
    Only what may still become a tag is held back.

    Some chat templates write the opening tag into the prompt, and the reply brings the closing one alone. What came
    before was reasoning then, but it has been passed on as answer already: only the tag is dropped.
    """

    def __init__(self, tags: Sequence[tuple[str, str]] = REASONING_TAGS) -> None:
        self._closers = {opener: closer for opener, closer in tags if opener and closer}
        marks = sorted({*self._closers, *self._closers.values()}, key=len, reverse=True)
        self._mark = re.compile("|".join([*map(re.escape, marks), FENCE]))
        # What a line may begin with while it is not yet known whether it begins with a mark.
        self._beginnings = {mark[:end] for mark in (*marks, *FENCES) for end in range(1, len(mark))}
        self._longest = max(map(len, (*marks, *FENCES)))
        self._held = ""
        self._line_start = True
        self._closer: str | None = None  # of the reasoning that we are in
        self._fence: str | None = None  # of the code block that we are in

    def feed(self, text: str) -> list[Part]:
        """What can be told of the text so far."""
        if not (self._held or self._line_start or self._closer or "\n" in text):
            return [(False, text)]
        text, self._held = self._held + text, ""
        return [(thought, part) for thought, part in self._parts(text) if part]

    def end(self) -> list[Part]:
        """What was held back is no tag any more."""
        held, self._held = self._held, ""
        return [(self._closer is not None, held)] if held else []

    def _parts(self, text: str) -> Iterator[Part]:
        position = 0
        while position < len(text):
            position = yield from (self._thought if self._closer else self._answer)(text, position)

    def _thought(self, text: str, start: int) -> Generator[Part, None, int]:
        """The reasoning from ``start`` on; returns where it ends."""
        closer = self._closer or ""
        end = text.find(closer, start)
        if end >= 0:
            yield True, text[start:end]
            self._closer, self._line_start = None, True
            return end + len(closer)
        end = len(text) - _overlap(text[start:], closer)
        yield True, text[start:end]
        self._held = text[end:]
        return len(text)

    def _answer(self, text: str, start: int) -> Generator[Part, None, int]:
        """The answer from ``start`` up to the next tag; returns where that ends."""
        position = start
        while self._line_start or (position := text.find("\n", position) + 1):
            self._line_start = True
            beginning = text[position : position + self._longest]
            if position + len(beginning) == len(text) and (not beginning or beginning in self._beginnings):
                yield False, text[start:position]
                self._held = beginning
                return len(text)
            self._line_start = False
            mark = self._mark.match(text, position)
            if mark is None:
                continue
            if mark["fence"]:
                self._pass_fence(mark["fence"])
            elif self._fence is None:
                yield False, text[start:position]
                self._closer, self._line_start = self._closers.get(mark[0]), True
                return mark.end()
        yield False, text[start:]
        return len(text)

    def _pass_fence(self, fence: str) -> None:
        if self._fence is None:
            self._fence = fence
        elif fence.startswith(self._fence):
            self._fence = None


def _overlap(text: str, closer: str) -> int:
    """How many characters at the end of ``text`` may be the beginning of ``closer``."""
    tail = text[1 - len(closer) :] if len(closer) > 1 else ""
    start = tail.find(closer[0])
    while start >= 0:
        if closer.startswith(tail[start:]):
            return len(tail) - start
        start = tail.find(closer[0], start + 1)
    return 0

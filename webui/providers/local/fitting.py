"""Long chats, cut to what a small model can read at once."""

from __future__ import annotations

from itertools import accumulate, takewhile
from typing import Any

from pydantic_core import to_json

# A token of English has about 4 bytes, one of German or of code 3, and one of Chinese 3 too.
BYTES_A_TOKEN = 3


def fit(messages: list[dict[str, Any]], tokens: float) -> list[dict[str, Any]]:
    """The messages without the oldest ones, so that they have about so many tokens.

    What the model was told at the beginning stays, and so does all from the last question on, however long it is. What
    is left of the chat begins with a question.
    """
    told = list(takewhile(lambda message: message.get("role") == "system", messages))
    said = messages[len(told) :]
    questions = [place for place, message in enumerate(said) if message.get("role") == "user"]
    sizes = [len(to_json(message)) for message in reversed(said)]
    rest = list(accumulate(sizes, initial=0))[::-1]  # bytes from each message on
    room = tokens * BYTES_A_TOKEN - sum(len(to_json(message)) for message in told)
    first = next((place for place in (0, *questions) if rest[place] <= room), questions[-1] if questions else 0)
    return told + said[first:]

"""What a model is told to do a small task: the built-in templates, and how the variables in a template are filled in.

The variables are those that people write for Open WebUI 0.6.43, since their own templates are taken over.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

# {{NAME}}, or a part of it: {{NAME:start:n}}, {{NAME:end:n}}, {{NAME:middletruncate:n}}.
VARIABLE = re.compile(r"\{\{\s*(\w+)(?::(start|end|middletruncate):(\d{1,9}))?\s*\}\}", re.IGNORECASE | re.ASCII)
MAX_LINE = 2000  # characters of one message; beginning and end tell what it is about

_JSON_ONLY = "Answer with one JSON object in exactly this form, without any other text:"
_CHAT = "The conversation:\n{{MESSAGES:END:%d}}"

TITLE = f"""Find a title for the conversation below.
- Two to six words that say what it is about, in the language of the conversation.
- You may begin with one fitting emoji. No quotation marks, no full stop, no formatting.
- Do not answer the conversation itself.

{_JSON_ONLY}
{{"title": "the title"}}

{_CHAT % 2}"""

TAGS = f"""Sort the conversation below into subjects.
- One to three broad subjects, and up to three narrower ones if they are plain from what was said.
- Each of one or two words, in the language of the conversation.
- If it is too short to tell, the only subject is "General".

{_JSON_ONLY}
{{"tags": ["subject", "another subject"]}}

{_CHAT % 6}"""

FOLLOW_UPS = f"""Suggest what the user may want to ask next in the conversation below.
- Three to five short questions or requests, each in the user's own voice and understandable by itself.
- About what has been said, and nothing that has been answered already.
- In the language of the conversation.

{_JSON_ONLY}
{{"follow_ups": ["a question", "another question"]}}

{_CHAT % 6}"""

QUERIES = f"""Write the queries with which one would look up what is needed to answer the conversation below.
- One to three short queries that differ from each other, in the language of the conversation.
- None at all, an empty list, if nothing needs to be looked up.
- Today is {{{{CURRENT_DATE}}}}; use it where the question depends on the time.

{_JSON_ONLY}
{{"queries": ["a query", "another query"]}}

{_CHAT % 6}"""

IMAGE_PROMPT = f"""Describe the picture that the user of the conversation below wants, for a model that paints.
- What is to be seen, the surroundings, the style, the light and the colours, in a few sentences.
- Nothing about the conversation itself.

{_JSON_ONLY}
{{"prompt": "the description"}}

{_CHAT % 6}"""

AUTOCOMPLETE = f"""Continue the text that the user is typing.
- Answer with what comes after it and nothing of the text itself; a few words, at most one sentence.
- Kind of text: {{{{TYPE}}}}. For a search query, complete the query; else continue the thought.
- If you cannot tell how it goes on, the continuation is empty.

{_JSON_ONLY}
{{"text": "the continuation"}}

{_CHAT % 6}

The text: {{{{prompt}}}}"""

EMOJI = """Answer with the one emoji that fits the mood of this text best, and nothing else.

{{prompt:start:500}}"""

MERGE = """Several models have answered the request below. Write the one best answer: take what is right from each, \
leave out what is wrong or said twice, and do not mention that there were several.

The request:
{{prompt}}

The answers:
{{responses}}"""


def expand(template: str, messages: Sequence[Mapping[str, str]], values: Mapping[str, str]) -> str:
    """The template with its variables filled in, all at once: what people wrote is never taken for a template.

    ``{{MESSAGES}}`` is the conversation, of which each message has role and content, and its parts are counted in
    messages; the other names are keys of ``values``, and their parts are counted in characters. What is unknown stays.
    """

    def fill(match: re.Match[str]) -> str:
        name, part, count = match[1], (match[2] or "").lower(), int(match[3] or 0)
        if name == "MESSAGES":
            return "\n".join(_line(message) for piece in _pieces(messages, part, count) for message in piece)
        return "...".join(_pieces(values[name], part, count)) if name in values else match[0]

    return VARIABLE.sub(fill, template)


def _pieces(whole: Any, part: str, count: int) -> list[Any]:
    """The wanted part of a text or a list: one piece, or two around the cut in the middle."""
    match part:
        case "start":
            return [whole[:count]]
        case "end":
            return [whole[max(len(whole) - count, 0) :]]
        case "middletruncate" if len(whole) > count:
            return [whole[: count - count // 2], whole[len(whole) - count // 2 :]]
        case _:
            return [whole]


def _line(message: Mapping[str, str]) -> str:
    text = "...".join(_pieces(message["content"], "middletruncate", MAX_LINE))
    return f"{message['role'].upper()}: {text}"

"""What a model says, whatever dialect of chat completions its server speaks: deltas in one form.

A delta is ``{"content": text}``, ``{"reasoning_content": text}`` or ``{"tool_calls": [piece, ...]}``. The first piece
of a call is ``{"index", "id", "type": "function", "function": {"name", "arguments"}}``, the further ones are
``{"index", "function": {"arguments"}}`` and continue the JSON text of the arguments.

Dialects of reasoning: ``reasoning_content`` (DeepSeek, vLLM, llama.cpp), ``reasoning`` and ``reasoning_details``
(OpenRouter, Groq), ``thinking``, parts of type "thinking" (Mistral), tags in the text (``webui.providers.thinking``).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any
from uuid import uuid4

from pydantic_core import from_json, to_json

from webui.providers.eventstream import EventReader, EventTooLong
from webui.providers.thinking import REASONING_TAGS, Part, ThoughtSplitter

Delta = dict[str, Any]

DONE = b"[DONE]"
MAX_ERROR_CHARACTERS = 2000
MAX_COUNTS = 32  # of one usage; servers tell of about ten
MAX_COUNT = 2**53  # what every reader of JSON reads exactly (RFC 8259 section 6)
MAX_NAME_CHARACTERS = 64
NOT_A_COMPLETION = "The model server sent something that is not a chat completion."
CUT_OFF = "The model server broke off in the middle of its reply."


class DeltaReader:
    """Reads one reply. Nothing that a server sends raises: it ends up in ``error``, and what follows is not read.

    ``done`` says that the reply has come to its end. ``usage``, ``finish_reason`` and ``model`` are as the server told
    them last, of ``usage`` the plausible counts. Of several choices the first is read.
    """

    def __init__(self, *, reasoning_tags: Sequence[tuple[str, str]] | None = REASONING_TAGS) -> None:
        self.usage: dict[str, Any] | None = None
        self.finish_reason: str | None = None
        self.model: str | None = None
        self.error: str | None = None
        self.done = False
        self._events = EventReader()
        self._splitter = ThoughtSplitter(reasoning_tags or ())
        self._calls = ToolCalls()
        self._over = False

    def feed(self, data: bytes) -> list[Delta]:
        """The deltas in the next bytes of a stream of server-sent events."""
        deltas: list[Delta] = []
        if not self._over:
            try:
                for event in self._events.feed(data):
                    self._read_event(event, deltas)
            except EventTooLong as error:
                self._fail(str(error))
        return deltas

    def end(self) -> list[Delta]:
        """The bytes are over: what was held back. A reply that has not come to its end has an ``error`` then."""
        was_well = self.error is None
        deltas = self.feed(b"\n\n")  # the last event may have come without the empty line after it
        _add_parts(deltas, self._splitter.end())
        if was_well and not self.done and self.error in (None, NOT_A_COMPLETION):
            self._fail(CUT_OFF)
        return deltas

    def read_completion(self, body: bytes) -> list[Delta]:
        """All deltas of a reply that was not streamed; instead of ``feed`` and ``end``."""
        deltas: list[Delta] = []
        self._read_event(body, deltas)
        if self.error is None and not (deltas or self.done):
            self._fail(NOT_A_COMPLETION)
        self.done = self.error is None
        return deltas + self.end()

    def _read_event(self, data: bytes, deltas: list[Delta]) -> None:
        if self._over:
            return
        if data == DONE:
            self.done = self._over = True
            return
        try:
            event = from_json(data)
        except ValueError:
            event = None
        if not isinstance(event, dict):
            self._fail(NOT_A_COMPLETION)
        elif event.get("error") or event.get("object") == "error":
            self._fail(_error_text(event))
        else:
            self._read_chunk(event, deltas)

    def _read_chunk(self, chunk: dict[str, Any], deltas: list[Delta]) -> None:
        if isinstance(usage := chunk.get("usage"), dict):
            self.usage = _usage(usage)
        if self.model is None and isinstance(model := chunk.get("model"), str):
            self.model = model
        choice = _first_choice(chunk.get("choices"))
        said = choice.get("delta") or choice.get("message")
        if isinstance(said, dict):
            self._read_message(said, deltas)
        if isinstance(reason := choice.get("finish_reason"), str) and reason:
            self.finish_reason, self.done = reason, True

    def _read_message(self, said: dict[str, Any], deltas: list[Delta]) -> None:
        content = said.get("content") or said.get("refusal")
        if reasoning := _reasoning(said, content):
            _add_parts(deltas, [*self._splitter.end(), (True, reasoning)])
        if text := _text(content):
            _add_parts(deltas, self._splitter.feed(text))
        if calls := said.get("tool_calls") or said.get("function_call"):
            _add_parts(deltas, self._splitter.end())
            if pieces := self._calls.read(calls):
                deltas.append({"tool_calls": pieces})

    def _fail(self, text: str) -> None:
        self.error, self._over = text[:MAX_ERROR_CHARACTERS], True


class ToolCalls:
    """Gives the pieces of tool calls one form.

    Some servers leave the index out, some give every call the index 0, some repeat name and id with every piece, some
    have no ids, and some give arguments as an object.
    """

    def __init__(self) -> None:
        self._ids: list[str | None] = []  # of the calls so far, as the server told them
        self._names: list[str] = []
        self._open: dict[Any, int] = {}  # the server's index, and the number of the call that it stands for now

    def read(self, calls: Any) -> list[dict[str, Any]]:
        """The pieces in a delta's ``tool_calls``, or in its ``function_call``, which came before those."""
        if isinstance(calls, dict):
            calls = [{"function": calls}]
        found = calls if isinstance(calls, list) else []
        return [self._piece(call) for call in found if isinstance(call, dict)]

    def _piece(self, call: dict[str, Any]) -> dict[str, Any]:
        function = call.get("function")
        function = function if isinstance(function, dict) else {}
        call_id, name, arguments = _text(call.get("id")), _text(function.get("name")), _json(function.get("arguments"))
        index = call.get("index")
        index = index if isinstance(index, int) else None
        number = self._open.get(index)
        if number is None or self._is_another(number, index, call_id, name):
            self._open[index] = number = len(self._ids)
            self._ids.append(call_id)
            self._names.append(name)
            made_id = call_id or f"call_{uuid4().hex}"
            called = {"name": name, "arguments": arguments}
            return {"index": number, "id": made_id, "type": "function", "function": called}
        return {"index": number, "function": self._rest(number, name, arguments)}

    def _is_another(self, number: int, index: int | None, call_id: str, name: str) -> bool:
        if call_id:
            return call_id != self._ids[number]
        return index is None and bool(name and self._names[number])

    def _rest(self, number: int, name: str, arguments: str) -> dict[str, str]:
        """A further piece of a call; its name, if that comes late."""
        if name and not self._names[number]:
            self._names[number] = name
            return {"name": name, "arguments": arguments}
        return {"arguments": arguments}


def _add_parts(deltas: list[Delta], parts: list[Part]) -> None:
    deltas.extend({"reasoning_content" if thought else "content": text} for thought, text in parts)


def _usage(told: dict[str, Any]) -> dict[str, Any]:
    """The counts in what a server tells of usage, some of which it groups; it is stored with each message."""
    usage: dict[str, Any] = {}
    room = MAX_COUNTS
    for name, value in told.items():
        group = value if isinstance(value, dict) else {name: value}
        counts = dict(islice((item for item in group.items() if _is_count(*item)), room))
        room -= len(counts)
        if group is not value:
            usage |= counts
        elif counts and _is_name(name):
            usage[name] = counts
    return usage


def _is_count(name: str, value: Any) -> bool:
    return _is_name(name) and type(value) in (int, float) and 0 <= value <= MAX_COUNT


def _is_name(text: str) -> bool:
    return len(text) <= MAX_NAME_CHARACTERS and text.isprintable()


def _first_choice(choices: Any) -> dict[str, Any]:
    for choice in choices if isinstance(choices, list) else ():
        if isinstance(choice, dict) and not choice.get("index"):
            return choice
    return {}


def _reasoning(said: dict[str, Any], content: Any) -> str:
    """The reasoning of a delta. A server that tells it in several forms tells the same in each."""
    for name in ("reasoning_content", "reasoning", "thinking"):
        if isinstance(text := said.get(name), str) and text:
            return _text(text)
    if details := said.get("reasoning_details"):
        return _text(details)
    return _text([part.get("thinking") for part in content if isinstance(part, dict)]) if type(content) is list else ""


def _text(value: Any) -> str:
    """The text of a text, of a part, or of a list of them; without NUL, which PostgreSQL does not store."""
    if isinstance(value, str):
        return value.replace("\x00", "") if "\x00" in value else value
    if isinstance(value, dict):
        return _text(value.get("text") or value.get("summary"))
    return "".join(map(_text, value)) if isinstance(value, list) else ""


def _json(arguments: Any) -> str:
    """The arguments of a call, or a piece of them, as JSON text."""
    if arguments is None or isinstance(arguments, str):
        return _text(arguments)
    return to_json(arguments, inf_nan_mode="null").decode()


def _error_text(event: dict[str, Any]) -> str:
    error = event.get("error") or event
    message = error.get("message") if isinstance(error, dict) else error
    return _text(message) or to_json(error, inf_nan_mode="null").decode()

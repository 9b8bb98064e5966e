"""What one fake reply looks like, and its bytes in the two wire formats.

A reply is chosen by the name of the model, since that is the one part of a request which every relay passes on:
``fake-<chunks>x<delay>ms[-<size>b][-<fault>]``, for example ``fake-100x0ms`` or ``fake-50x20ms-400b-cut``.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

FAULTS = {
    "429": "answers 429 with Retry-After: 7",
    "500": "answers 500 with a JSON error",
    "hang": "never answers",
    "stall": "goes silent after half of the chunks",
    "cut": "drops the connection after half of the chunks",
    "garbage": "answers 200, and what follows the first chunk is not the promised format",
}
NAME = re.compile(rf"fake-(\d+)x(\d+)ms(?:-(\d+)b)?(?:-({'|'.join(FAULTS)}))?(?::latest)?")
CREATED = 1_700_000_000
CREATED_ISO = "2023-11-14T22:13:20Z"
PROMPT_TOKENS = 10
GARBAGE = b'data: {"choices": [{"delta"\n\nevent: \xff\xfe\n\n<html>not a stream</html>\n\n'


@dataclass(frozen=True)
class Reply:
    """One reply: ``chunks`` pieces of ``size`` characters, ``delay`` seconds apart, ending in ``fault`` or well."""

    chunks: int
    delay: float
    size: int = 16
    fault: str | None = None

    def piece(self, index: int) -> str:
        """The text of one chunk; numbered, so that a lost or swapped one is seen."""
        return f"{index} ".rjust(self.size, ".")

    @property
    def text(self) -> str:
        """The whole reply."""
        return "".join(self.piece(index) for index in range(self.chunks))


def parse(model: str) -> Reply | None:
    """The reply that a model's name asks for; None if it is not such a name."""
    match = NAME.fullmatch(model)
    if match is None:
        return None
    chunks, delay, size, fault = match.groups()
    return Reply(int(chunks), int(delay) / 1000, int(size or 16), fault)


@lru_cache(maxsize=64)
def openai_events(model: str, reply: Reply) -> list[bytes]:
    """One server-sent event for each chunk."""
    return [_event(model, {"content": reply.piece(index)}, None) for index in range(reply.chunks)]


def openai_end(model: str, reply: Reply, *, with_usage: bool) -> bytes:
    """What follows the last chunk: the finish reason, the usage if asked for, and ``[DONE]``."""
    end = _event(model, {}, "stop")
    if with_usage:
        end += _sse({**_envelope(model, "chat.completion.chunk"), "choices": [], "usage": _usage(reply)})
    return end + b"data: [DONE]\n\n"


def openai_answer(model: str, reply: Reply) -> dict[str, Any]:
    """The answer to a request without ``stream``."""
    choice = {"index": 0, "message": {"role": "assistant", "content": reply.text}, "finish_reason": "stop"}
    return {**_envelope(model, "chat.completion"), "choices": [choice], "usage": _usage(reply)}


def openai_models(names: list[str]) -> dict[str, Any]:
    """The list of models in OpenAI's form."""
    items = [{"id": name, "object": "model", "created": CREATED, "owned_by": "fake"} for name in names]
    return {"object": "list", "data": items}


@lru_cache(maxsize=64)
def ollama_lines(model: str, reply: Reply) -> list[bytes]:
    """One line of JSON for each chunk."""
    return [_line(_ollama(model, reply.piece(index), done=False)) for index in range(reply.chunks)]


def ollama_end(model: str, reply: Reply) -> bytes:
    """The line that ends an Ollama stream."""
    return _line(ollama_answer(model, reply, content=""))


def ollama_answer(model: str, reply: Reply, *, content: str | None = None) -> dict[str, Any]:
    """The answer to an Ollama request with ``stream: false``; also the last line of a stream, with no content."""
    # Ollama counts in nanoseconds (its docs/api.md, "Conventions").
    counts = {
        "done_reason": "stop",
        "total_duration": int(reply.chunks * reply.delay * 1e9),
        "prompt_eval_count": PROMPT_TOKENS,
        "eval_count": reply.chunks,
    }
    return _ollama(model, reply.text if content is None else content, done=True) | counts


def ollama_tags(names: list[str]) -> dict[str, Any]:
    """The list of models in Ollama's form."""
    return {"models": [_ollama_tag(name) for name in names]}


def _ollama_tag(name: str) -> dict[str, Any]:
    details = {"format": "gguf", "family": "fake", "families": ["fake"], "parameter_size": "0B"}
    digest = name.encode().hex().ljust(64, "0")[:64]
    return {"name": name, "model": name, "modified_at": CREATED_ISO, "size": 0, "digest": digest, "details": details}


def _ollama(model: str, content: str, *, done: bool) -> dict[str, Any]:
    message = {"role": "assistant", "content": content}
    return {"model": model, "created_at": CREATED_ISO, "message": message, "done": done}


def _usage(reply: Reply) -> dict[str, int]:
    return {
        "prompt_tokens": PROMPT_TOKENS,
        "completion_tokens": reply.chunks,
        "total_tokens": PROMPT_TOKENS + reply.chunks,
    }


def _envelope(model: str, kind: str) -> dict[str, Any]:
    return {"id": "chatcmpl-fake", "object": kind, "created": CREATED, "model": model}


def _event(model: str, delta: dict[str, str], finish_reason: str | None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    return _sse({**_envelope(model, "chat.completion.chunk"), "choices": [choice]})


def _sse(payload: dict[str, Any]) -> bytes:
    return b"data: %s\n\n" % json.dumps(payload).encode()


def _line(payload: dict[str, Any]) -> bytes:
    return json.dumps(payload).encode() + b"\n"

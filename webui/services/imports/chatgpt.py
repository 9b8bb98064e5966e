"""ChatGPT's export: a tree of nodes by id, most of which are messages that were shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from webui.services.imports.incoming import Incoming, conversation, epoch, fenced, moment, text_or_none

ROLES = {"user": "user", "assistant": "assistant", "tool": "assistant"}


def read(value: Mapping[str, Any]) -> Incoming:
    """The chat; nodes that say nothing, such as system prompts, are left out and their children are their parents'."""
    nodes = {key: node for key, node in value["mapping"].items() if isinstance(node, dict)}
    shown = {key: message for key, node in nodes.items() if (message := _message(node.get("message")))}
    parents = {key: text_or_none(node.get("parent")) for key, node in nodes.items()}
    messages = [{"id": key, "parentId": _nearest(key, parents, shown), **said} for key, said in shown.items()]
    current = text_or_none(value.get("current_node"))
    if current not in shown:
        current = _nearest(current, parents, shown)
    return Incoming(
        conversation(value.get("title"), messages, current),
        created_at=moment(value.get("create_time")),
        updated_at=moment(value.get("update_time")),
        archived=value.get("is_archived") is True,
    )


def _nearest(key: str | None, parents: Mapping[str, str | None], shown: Mapping[str, Any]) -> str | None:
    """The nearest ancestor that is shown; in a ring of hidden nodes there is none."""
    seen = set()
    above = None if key is None else parents.get(key)
    while above is not None and above not in shown and above not in seen:
        seen.add(above)
        above = parents.get(above)
    return above if above in shown else None


def _message(message: Any) -> dict[str, Any] | None:
    """Role, text, time and model; None for what ChatGPT does not show either."""
    if not isinstance(message, dict):
        return None
    author, content, metadata = (_dict(message.get(key)) for key in ("author", "content", "metadata"))
    role = author.get("role")
    hidden = metadata.get("is_visually_hidden_from_conversation") is True
    text = "\n\n".join(_texts(content)).strip()
    if role not in ROLES or hidden or not text:
        return None
    said = {"role": ROLES[role], "content": text, **epoch(message.get("create_time"))}
    if role == "user":
        return said
    model = text_or_none(metadata.get("model_slug"))
    return {**said, "done": True, **({"model": model} if model else {})}


def _texts(content: dict[str, Any]) -> Iterator[str]:
    match content:
        case {"content_type": "code", "text": str(text), **rest}:
            language = text_or_none(rest.get("language")) or ""
            yield fenced(text, language if language.isalnum() and language != "unknown" else "")
        case {"content_type": "execution_output" | "system_error", "text": str(text)}:
            yield fenced(text)
        case {"content_type": "tether_quote", "text": str(text)}:
            yield text
        case {"parts": list(parts)}:
            yield from filter(None, map(_part, parts))


def _part(part: Any) -> str:
    """A piece of a message; of files, which the export does not hold in the JSON, that there was one."""
    if isinstance(part, str):
        return part
    kind = text_or_none(_dict(part).get("content_type")) or ""
    text = text_or_none(_dict(part).get("text"))
    if text is not None:
        return text
    return f"[{kind.split('_', 1)[0]}]" if kind else ""


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}

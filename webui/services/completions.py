"""What of a chat completion request is the model server's business."""

from __future__ import annotations

from typing import Any

# The page's own fields; the server reads them, model servers would refuse them.
PAGE_FIELDS = frozenset(
    "model_item background_tasks chat_id id parent_id parent_message session_id filter_ids tool_ids tool_servers files"
    " features variables params".split()
)
# What the schema has checked as a whole; no parameter replaces it.
FIXED = frozenset("model messages stream stream_options options".split())
# Parameters that the server itself follows.
SERVER_PARAMS = frozenset("stream_response stream_delta_chunk_size function_calling reasoning_tags system".split())


def upstream_payload(form: dict[str, Any]) -> dict[str, Any]:
    """The request without the page's fields, with its ``params`` at the top level.

    ``params.custom_params`` are passed on under names of the user's choice; ``params.system`` becomes a message.
    """
    payload = {name: value for name, value in form.items() if name not in PAGE_FIELDS}
    params = form.get("params")
    if not isinstance(params, dict):
        return payload
    custom = params.get("custom_params")
    given = {name: value for name, value in params.items() if name not in SERVER_PARAMS | {"custom_params"}}
    given |= custom if isinstance(custom, dict) else {}
    payload |= {name: value for name, value in given.items() if name not in FIXED}
    system = params.get("system")
    if isinstance(system, str) and system and payload["messages"][0].get("role") != "system":
        payload["messages"] = [{"role": "system", "content": system}, *payload["messages"]]
    return payload

"""Chat with OpenAI's SDK: whole and streamed replies, tools, embeddings, errors.

pip install openai
export WEBUI_URL=http://localhost:8080 WEBUI_TOKEN=sk-... WEBUI_MODEL=llama3.2
python openai_chat.py
"""

from __future__ import annotations

import json
import os
from typing import Any

from openai import APIStatusError, BadRequestError, OpenAI

MODEL = os.environ["WEBUI_MODEL"]
client = OpenAI(base_url=os.environ["WEBUI_URL"] + "/api/v1", api_key=os.environ["WEBUI_TOKEN"])

WEATHER: Any = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather in a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


def weather(city: str) -> str:
    return f"sunny in {city}"


def chat() -> None:
    reply = client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": "Hello!"}])
    print("whole:", reply.choices[0].message.content)


def stream() -> None:
    chunks = client.chat.completions.create(
        model=MODEL,
        messages=[{"role": "user", "content": "Hello!"}],
        stream=True,
        stream_options={"include_usage": True},
    )
    print("streamed: ", end="")
    for chunk in chunks:
        for choice in chunk.choices:
            print(choice.delta.content or "", end="", flush=True)
        if chunk.usage:
            print(f" ({chunk.usage.completion_tokens} tokens)")


def tools() -> None:
    messages: list[Any] = [{"role": "user", "content": "What is the weather in Rome?"}]
    said = client.chat.completions.create(model=MODEL, messages=messages, tools=[WEATHER]).choices[0].message
    messages.append(said.model_dump(exclude_none=True))
    for call in said.tool_calls or []:
        result = weather(**json.loads(call.function.arguments))
        messages.append({"role": "tool", "tool_call_id": call.id, "content": result})
    if said.tool_calls:
        said = client.chat.completions.create(model=MODEL, messages=messages, tools=[WEATHER]).choices[0].message
    print("with tools:", said.content)


def embed() -> None:
    try:
        answer = client.embeddings.create(model=MODEL, input=["one text", "another"], encoding_format="float")
    except APIStatusError as error:  # not every model makes them
        print("no embeddings:", error.message)
    else:
        print("embeddings:", len(answer.data), "of", len(answer.data[0].embedding), "numbers")


def errors() -> None:
    try:
        client.chat.completions.create(model="no-such-model", messages=[{"role": "user", "content": "Hello!"}])
    except BadRequestError as error:
        print("refused:", error.status_code, error.code)
    except APIStatusError as error:  # 429 with Retry-After, 502 and 504 when a model server is down, ...
        print("failed:", error.status_code, error.message)


if __name__ == "__main__":
    chat()
    stream()
    tools()
    embed()
    errors()

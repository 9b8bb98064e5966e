"""Chat with Anthropic's SDK, whoever serves the model: whole and streamed messages, tools, counting, errors.

pip install anthropic
export WEBUI_URL=http://localhost:8080 WEBUI_TOKEN=... WEBUI_MODEL=llama3.2
python anthropic_messages.py
"""

from __future__ import annotations

import os
from typing import Any

from anthropic import Anthropic, APIStatusError

MODEL = os.environ["WEBUI_MODEL"]
client = Anthropic(base_url=os.environ["WEBUI_URL"] + "/api", auth_token=os.environ["WEBUI_TOKEN"])

HELLO: Any = [{"role": "user", "content": "Hello!"}]
WEATHER: Any = {
    "name": "weather",
    "description": "The weather in a city",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}


def weather(city: str) -> str:
    return f"sunny in {city}"


def text_of(message: Any) -> str:
    return "".join(block.text for block in message.content if block.type == "text")


def chat() -> None:
    message = client.messages.create(model=MODEL, max_tokens=500, system="Be brief.", messages=HELLO)
    print("whole:", text_of(message))


def stream() -> None:
    print("streamed: ", end="")
    with client.messages.stream(model=MODEL, max_tokens=500, messages=HELLO) as events:
        for text in events.text_stream:
            print(text, end="", flush=True)
        print(f" ({events.get_final_message().usage.output_tokens} tokens)")


def tools() -> None:
    messages: list[Any] = [{"role": "user", "content": "What is the weather in Rome?"}]
    message = client.messages.create(model=MODEL, max_tokens=500, messages=messages, tools=[WEATHER])
    results = [
        {"type": "tool_result", "tool_use_id": block.id, "content": weather(**block.input)}
        for block in message.content
        if block.type == "tool_use"
    ]
    if results:
        messages += [{"role": "assistant", "content": message.content}, {"role": "user", "content": results}]
        message = client.messages.create(model=MODEL, max_tokens=500, messages=messages, tools=[WEATHER])
    print("with tools:", text_of(message))


def count() -> None:
    print("counted:", client.messages.count_tokens(model=MODEL, messages=HELLO).input_tokens)


def errors() -> None:
    try:
        client.messages.create(model="no-such-model", max_tokens=500, messages=HELLO)
    except APIStatusError as error:  # 400, 429 with Retry-After, 502 and 504 when a model server is down, ...
        print("refused:", error.status_code, error.message)


if __name__ == "__main__":
    chat()
    stream()
    tools()
    count()
    errors()

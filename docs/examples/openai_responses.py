"""OpenAI's Responses API over any model: whole and streamed responses, tools, errors.

    pip install openai
    export WEBUI_URL=http://localhost:8080 WEBUI_TOKEN=sk-... WEBUI_MODEL=llama3.2
    python openai_responses.py

Nothing is stored on the server: send the whole conversation as ``input`` each time.
"""

from __future__ import annotations

import json
import os
from typing import Any

from openai import APIStatusError, OpenAI

MODEL = os.environ["WEBUI_MODEL"]
client = OpenAI(base_url=os.environ["WEBUI_URL"] + "/api/v1", api_key=os.environ["WEBUI_TOKEN"])

WEATHER: Any = {
    "type": "function",
    "name": "weather",
    "description": "The weather in a city",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}


def weather(city: str) -> str:
    return f"sunny in {city}"


def respond() -> None:
    response = client.responses.create(model=MODEL, instructions="Be brief.", input="Hello!")
    print("whole:", response.output_text)


def stream() -> None:
    print("streamed: ", end="")
    for event in client.responses.create(model=MODEL, input="Hello!", stream=True):
        if event.type == "response.output_text.delta":
            print(event.delta, end="", flush=True)
        elif event.type == "response.completed" and event.response.usage:
            print(f" ({event.response.usage.output_tokens} tokens)")


def tools() -> None:
    conversation: list[Any] = [{"role": "user", "content": "What is the weather in Rome?"}]
    response = client.responses.create(model=MODEL, input=conversation, tools=[WEATHER])
    conversation += response.output
    calls = [item for item in response.output if item.type == "function_call"]
    for call in calls:
        result = weather(**json.loads(call.arguments))
        conversation.append({"type": "function_call_output", "call_id": call.call_id, "output": result})
    if calls:
        response = client.responses.create(model=MODEL, input=conversation, tools=[WEATHER])
    print("with tools:", response.output_text)


def errors() -> None:
    try:
        client.responses.create(model=MODEL, input="Go on.", previous_response_id="resp_1")
    except APIStatusError as error:
        print("refused:", error.status_code, error.message)


if __name__ == "__main__":
    respond()
    stream()
    tools()
    errors()

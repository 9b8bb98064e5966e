"""Chat with the models of Ollama servers by Ollama's own client: whole and streamed replies, embeddings, errors.

pip install ollama
export WEBUI_URL=http://localhost:8080 WEBUI_TOKEN=... WEBUI_MODEL=llama3.2
python ollama_chat.py
"""

from __future__ import annotations

import os

from ollama import Client, ResponseError

MODEL = os.environ["WEBUI_MODEL"]
HELLO = [{"role": "user", "content": "Hello!"}]
client = Client(os.environ["WEBUI_URL"] + "/ollama", headers={"Authorization": "Bearer " + os.environ["WEBUI_TOKEN"]})


if __name__ == "__main__":
    print("models:", ", ".join(str(model.model) for model in client.list().models))
    print("whole:", client.chat(MODEL, HELLO).message.content)
    print("streamed: ", end="")
    for part in client.chat(MODEL, HELLO, stream=True):
        print(part.message.content or "", end="", flush=True)
    print()
    try:
        print("embeddings:", len(client.embed(MODEL, ["one text", "another"]).embeddings))
    except ResponseError as error:  # not every model makes them
        print("no embeddings:", error.error)
    try:
        client.chat("no-such-model", HELLO)
    except ResponseError as error:
        print("refused:", error.status_code, error.error)

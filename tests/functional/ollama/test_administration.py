from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from tests.support import Client
from tests.support_upstream import Answer, Upstream, events

PROGRESS = Answer([b'{"status":"pulling"}\n', b'{"status":"success"}\n'], content_type="application/x-ndjson")
FILE = b"GGUF" * 3_000_000
BLOB = f"sha256:{hashlib.sha256(FILE).hexdigest()}"
COMMANDS: list[tuple[str, str, dict[str, Any]]] = [
    ("post", "/api/pull", {"model": "new"}),
    ("post", "/api/create", {"model": "new", "from": "o"}),
    ("delete", "/api/push", {"model": "shared", "insecure": True}),
    ("post", "/api/copy", {"source": "shared", "destination": "copy"}),
    ("delete", "/api/delete", {"model": "shared"}),
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[1])
def test_a_command_goes_to_the_server_that_is_named(
    person: Client, upstream: Upstream, second: Upstream, command: tuple[str, str, dict[str, Any]]
) -> None:
    method, path, body = command
    for number, server in enumerate((upstream, second)):
        server.answers[path] = PROGRESS
        answer = getattr(person, method)(f"/ollama{path}/{number}", body, status=200)
        assert answer.body == (b"true" if path in {"/api/copy", "/api/delete"} else b"".join(PROGRESS.pieces))
        assert server.payload == body
        assert server.asked[-1].method == ("DELETE" if path == "/api/delete" else "POST")


@pytest.mark.parametrize(("method", "path", "body"), COMMANDS)
def test_without_a_number_it_goes_to_the_first_that_fits(
    person: Client, upstream: Upstream, method: str, path: str, body: dict[str, Any]
) -> None:
    upstream.answers[path] = PROGRESS
    getattr(person, method)(f"/ollama{path}", body, status=200)
    assert upstream.payload == body


@pytest.mark.parametrize(("method", "path", "body"), COMMANDS)
def test_commands_are_for_administrators(
    person: Client, user: Client, method: str, path: str, body: dict[str, Any]
) -> None:
    assert getattr(user, method)(f"/ollama{path}", body).status_int == 401
    assert getattr(Client(person.app), method)(f"/ollama{path}/0", body).status_int == 401


@pytest.mark.parametrize(("method", "path", "body"), COMMANDS)
def test_an_error_of_the_server_is_told(
    person: Client, upstream: Upstream, method: str, path: str, body: dict[str, Any]
) -> None:
    upstream.answers[path] = Answer.json({"error": "no such file"}, 400)
    answer = getattr(person, method)(f"/ollama{path}/0", body)
    assert (answer.status_int, answer.json["error"]) == (400, "no such file")
    assert getattr(person, method)(f"/ollama{path}/9", body).status_int == 404


def test_a_model_that_no_server_has_is_unknown(person: Client) -> None:
    assert person.delete("/ollama/api/delete", {"model": "nope"}).status_int == 400
    assert person.delete("/ollama/api/push", {"model": "nope"}).status_int == 400
    assert person.post("/ollama/api/copy", {"source": "nope", "destination": "x"}).status_int == 400
    assert person.post("/ollama/api/unload", {"model": "nope"}).status_int == 400
    assert "Missing name" in person.post("/ollama/api/unload", {}, status=400).json["detail"]


def test_the_name_may_stand_where_older_clients_put_it(person: Client, upstream: Upstream) -> None:
    upstream.answers["/api/delete"] = Answer([])
    assert person.delete("/ollama/api/delete", {"name": "o"}, status=200).json is True
    assert upstream.payload == {"model": "o"}


def test_a_model_is_taken_out_of_memory(person: Client, upstream: Upstream) -> None:
    upstream.answers["/api/generate"] = Answer.json({"done": True})
    assert person.post("/ollama/api/unload", {"model": "o"}, status=200).json == {"status": True}
    assert upstream.payload == {"model": "o", "prompt": "", "keep_alive": 0, "stream": False}


def upload(person: Client, path: str = "/ollama/models/upload", **options: Any) -> Any:
    headers = {"Authorization": f"Bearer {person.token}"}
    return person.app.post(path, headers=headers, status="*", **options)


def test_a_file_is_given_to_the_server_as_a_blob(person: Client, second: Upstream) -> None:
    second.answers[f"POST /api/blobs/{BLOB}"] = Answer([], 201)
    answer = upload(person, "/ollama/models/upload/1", upload_files=[("file", "m.gguf", FILE)])
    found = events(answer.body)
    assert found[0] == {"progress": 0.0, "completed": 0, "total": len(FILE)}
    assert found[-2] == {"progress": 100.0, "completed": len(FILE), "total": len(FILE)}
    assert found[-1] == {"done": True, "blob": BLOB, "name": "m.gguf"}
    assert [asked.method for asked in second.asked[-2:]] == ["HEAD", "POST"]
    assert second.payload == FILE


def test_a_blob_that_the_server_has_is_not_sent_again(person: Client, upstream: Upstream) -> None:
    upstream.answers[f"/api/blobs/{BLOB}"] = Answer([])
    answer = upload(person, upload_files=[("file", "m.gguf", FILE)])
    assert events(answer.body)[-1]["done"] is True
    assert upstream.asked[-1].method == "HEAD"


def test_a_blob_that_is_refused_ends_with_an_error(person: Client, upstream: Upstream) -> None:
    upstream.answers[f"POST /api/blobs/{BLOB}"] = Answer.json({"error": "disk full"}, 500)
    answer = upload(person, upload_files=[("file", "m.gguf", FILE)])
    assert events(answer.body)[-1] == {"error": "disk full"}


@pytest.mark.parametrize(
    "options",
    [
        {"params": {"file": "text"}},
        {"params": b"{}", "content_type": "application/json"},
        {"params": b"x", "content_type": "multipart/form-data"},
        {"params": b"x", "content_type": "multipart/form-data; boundary=y"},
        {"upload_files": [("other", "m.gguf", b"x")]},
    ],
)
def test_an_upload_without_a_file_is_refused(person: Client, options: dict[str, Any]) -> None:
    assert upload(person, **options).status_int == 422


def test_files_are_the_administrators_business(user: Client) -> None:
    assert upload(user, upload_files=[("file", "m.gguf", b"x")]).status_int == 401
    assert user.post("/ollama/models/download", {"url": "https://github.com/x"}).status_int == 401


@pytest.mark.parametrize(
    "url",
    [
        *("", "x", "file:///etc/passwd", "http://huggingface.co/m", "https://huggingface.co@127.0.0.1/m"),
        *("https://huggingface.co:443/m", "https://huggingface.co.example.com/m", "https://example.com/m"),
        "https://169.254.169.254/latest",
    ],
)
def test_files_are_fetched_from_known_places_alone(person: Client, url: str) -> None:
    answer = person.post("/ollama/models/download", {"url": url})
    assert answer.status_int == 400
    assert json.loads(answer.body)["detail"].startswith("Invalid file_url.")

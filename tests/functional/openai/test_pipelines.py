"""Servers of pipelines, in the form in which github.com/open-webui/pipelines answers."""

from __future__ import annotations

import json
from typing import Any

import pytest
from webtest import Upload

from tests.support import Client
from tests.support_upstream import Answer, Upstream

VALVES = {"pipelines": ["*"], "priority": 0, "limit": 10}
PIPELINES = {"data": [{"id": "limits", "name": "Limits", "type": "filter", "valves": True}]}
PROGRAM = b"class Pipeline:\n    pass\n"


@pytest.fixture
def pipelines(second: Upstream) -> Upstream:
    """The second connection is a server of pipelines: a filter, and one that answers as a model."""
    items = [{"id": "echo", "pipeline": {"type": "pipe"}}, {"id": "limits", "pipeline": {"type": "filter"}}]
    second.answers |= {
        "/v1/models": Answer.json({"data": items, "object": "list", "pipelines": True}),
        "/v1/pipelines": Answer.json(PIPELINES),
        "/v1/limits/valves": Answer.json(VALVES),
        "/v1/limits/valves/spec": Answer.json({"type": "object", "properties": {"limit": {"type": "integer"}}}),
        "/v1/limits/valves/update": lambda body: Answer.json(VALVES | body),
        "/v1/pipelines/add": Answer.json({"status": True, "detail": "added"}),
        "/v1/pipelines/upload": Answer.json({"status": True, "detail": "uploaded"}),
        "/v1/pipelines/delete": Answer.json({"detail": "Pipeline nope not found"}, 404),
    }
    return second


def test_a_connection_with_pipelines_is_told_from_others(person: Client, pipelines: Upstream) -> None:
    found = person.get("/api/v1/pipelines/list", status=200).json
    assert found == {"data": [{"url": f"{pipelines.url}/v1", "idx": 1}]}


def test_connections_that_do_not_answer_have_no_pipelines(person: Client, upstream: Upstream, second: Upstream) -> None:
    upstream.answers["/v1/models"] = Answer.json([])
    second.answers["/v1/models"] = Answer([b"<html>"], 500)
    assert person.get("/api/v1/pipelines/list", status=200).json == {"data": []}


def test_pipelines_and_their_valves(person: Client, pipelines: Upstream) -> None:
    assert person.get("/api/v1/pipelines/?urlIdx=1", status=200).json == PIPELINES
    assert person.get("/api/v1/pipelines/limits/valves?urlIdx=1", status=200).json == VALVES
    spec = person.get("/api/v1/pipelines/limits/valves/spec?urlIdx=1", status=200).json
    assert spec["properties"] == {"limit": {"type": "integer"}}
    changed = person.post("/api/v1/pipelines/limits/valves/update?urlIdx=1", {"limit": 3}, status=200).json
    assert changed == VALVES | {"limit": 3}
    assert pipelines.payload == {"limit": 3}
    assert {asked.headers["Authorization"] for asked in pipelines.asked} == {"Bearer sk-two"}


def test_a_program_is_fetched_by_its_server(person: Client, pipelines: Upstream) -> None:
    form = {"url": "https://example.org/limits.py", "urlIdx": 1}
    assert person.post("/api/v1/pipelines/add", form, status=200).json == {"status": True, "detail": "added"}
    assert pipelines.payload == {"url": form["url"]}


def send(person: Client, name: str, index: str = "1") -> Any:
    headers = {"Authorization": f"Bearer {person.token}"}
    fields = {"urlIdx": index, "file": Upload(name, PROGRAM, "text/x-python")}
    return person.app.post("/api/v1/pipelines/upload", fields, headers=headers, status="*")


@pytest.mark.parametrize("name", ["limits.py", "../../limits.py", "C:\\programs\\limits.py"])
def test_a_program_is_uploaded_under_a_plain_name(person: Client, pipelines: Upstream, name: str) -> None:
    answer = send(person, name)
    assert (answer.status_int, answer.json) == (200, {"status": True, "detail": "uploaded"})
    sent = pipelines.payload
    assert b'filename="limits.py"' in sent
    assert PROGRAM in sent


def test_uploads_that_are_none(person: Client, pipelines: Upstream) -> None:
    assert send(person, "limits.txt").json["detail"] == "Only Python (.py) files are allowed."
    assert send(person, "limits.txt").status_int == 400
    for index in ("", "x", "-1", "1.0", "²", "9" * 5000):
        assert send(person, "limits.py", index).status_int == 422
    assert send(person, "limits.py", "7").status_int == 404
    assert person.post("/api/v1/pipelines/upload", {"urlIdx": 1}).status_int == 422
    assert "/v1/pipelines/upload" not in {asked.path for asked in pipelines.asked}


def test_what_the_server_says_of_a_failure_is_passed_on(person: Client, pipelines: Upstream) -> None:
    form = json.dumps({"id": "nope", "urlIdx": 1}).encode()
    headers = {"Authorization": f"Bearer {person.token}", "Content-Type": "application/json"}
    answer = person.app.request("/api/v1/pipelines/delete", method="DELETE", body=form, headers=headers, status=404)
    assert answer.json["detail"] == "Pipeline nope not found"
    assert {"id": "nope"} in [asked.body for asked in pipelines.asked]


@pytest.mark.parametrize(
    ("said", "status", "text"),
    [
        (Answer.json({"detail": "Invalid API key"}, 401), 400, "refused the key"),
        (Answer.json({"detail": [{"loc": ["body"]}]}, 422), 422, "status 422"),
        (Answer([b"Traceback"], 500), 500, "status 500"),
        (Answer([b"not JSON"]), 502, "something else than JSON"),
    ],
)
def test_failures_of_the_server(person: Client, pipelines: Upstream, said: Answer, status: int, text: str) -> None:
    pipelines.answers["/v1/pipelines"] = said
    answer = person.get("/api/v1/pipelines/?urlIdx=1")
    assert answer.status_int == status
    assert text in answer.json["detail"]
    assert "sk-two" not in answer.text


def test_a_server_without_pipelines_is_told(person: Client, upstream: Upstream) -> None:
    for path in ("", "limits/valves"):
        answer = person.get(f"/api/v1/pipelines/{path}?urlIdx=0")
        assert answer.status_int == 404
        assert "is there, but is no server of pipelines" in answer.json["detail"]


def test_a_pipeline_is_no_way_to_another_path(person: Client, pipelines: Upstream) -> None:
    for name in ("..", ".", "%2e%2e"):
        assert person.get(f"/api/v1/pipelines/{name}/valves?urlIdx=1").status_int in (404, 405)
    person.get("/api/v1/pipelines/a%2Fb%3Fc/valves?urlIdx=1", status="*")
    assert {asked.path for asked in pipelines.asked} <= {"/v1/models", "/v1/a%2Fb%3Fc/valves"}


def test_connections_that_are_not_there(person: Client, pipelines: Upstream) -> None:
    assert person.get("/api/v1/pipelines/?urlIdx=7").status_int == 404
    assert person.get("/api/v1/pipelines/?urlIdx=-1").status_int == 422
    assert person.get("/api/v1/pipelines/?urlIdx=x").status_int == 422


def test_pipelines_are_the_administrators_alone(user: Client, pipelines: Upstream) -> None:
    for path in ("list", "", "limits/valves", "limits/valves/spec"):
        assert user.get(f"/api/v1/pipelines/{path}").status_int == 401
    for path in ("add", "upload", "limits/valves/update"):
        assert user.post(f"/api/v1/pipelines/{path}", {}).status_int == 401


def test_filters_are_no_models(person: Client, pipelines: Upstream) -> None:
    models = {model["id"] for model in person.get("/api/models", status=200).json["data"]}
    assert "two.echo" in models
    assert "two.limits" not in models

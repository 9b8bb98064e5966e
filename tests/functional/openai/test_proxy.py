from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support import Client
from tests.support_upstream import Answer, Upstream
from webui.services.passthrough import OPEN_PATHS

SPEECH = {"model": "two.n", "input": "Hi", "voice": "alloy"}
# Ways out of the API, and to other machines.
PATHS = (
    *("../admin", "a/../../admin", "..%2fadmin", "%2e%2e/admin", "a/..", "./models", "a//b", "/etc", "//127.0.0.1/x"),
    *("http://127.0.0.1/x", "a\\b", "a%5cb", "a%23b", "a%3fb", "a%2500", "a%0d%0ab", "a b", "a;b", "%C3%BC", "a/"),
)


def call(person: Client, method: str, path: str, body: bytes = b"", kind: str = "application/json") -> Any:
    headers = {"Authorization": f"Bearer {person.token}", "Content-Type": kind, "Cookie": "a=b", "X-Mine": "1"}
    return person.app.request(path, method=method, body=body, headers=headers, status="*")


def test_models_of_all_apis_or_of_one(person: Client, user: Client) -> None:
    def names(path: str, someone: Client = person) -> list[str]:
        return sorted(model["id"] for model in someone.get(path, status=200).json["data"])

    assert names("/openai/models") == ["m", "two.n"]
    assert names("/openai/models/1") == names("/openai/models?url_idx=1") == ["two.n"]
    assert names("/openai/models", user) == ["two.n"]
    assert person.get("/openai/models/2").status_int == 404
    assert person.get("/openai/models/m").status_int == 422


def test_chat_completions_are_those_of_the_other_addresses(person: Client, upstream: Upstream) -> None:
    upstream.chat(Answer.json({"choices": []}))
    body = {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}
    assert person.post("/openai/chat/completions", body, status=200).json == {"choices": []}
    assert (
        person.post("/openai/responses", {"model": "m", "input": "Hi", "previous_response_id": "r"}).status_int == 400
    )


@pytest.mark.parametrize("path", sorted(OPEN_PATHS))
def test_a_request_goes_to_the_api_that_has_its_model(user: Client, second: Upstream, path: str) -> None:
    second.answers[f"/v1/{path}"] = Answer([b'{"x":  1}'])
    answer = user.post(f"/openai/{path}", SPEECH, status=200)
    assert answer.body == b'{"x":  1}'
    assert second.payload == SPEECH | {"model": "n"}
    assert second.asked[-1].headers["Authorization"] == "Bearer sk-two"


@pytest.mark.parametrize("path", sorted(OPEN_PATHS))
def test_a_model_that_is_not_open_to_somebody_does_not_answer(user: Client, upstream: Upstream, path: str) -> None:
    for model in ("m", "nope", None, 1, ["two.n"]):
        answer = user.post(f"/openai/{path}", {**SPEECH, "model": model})
        assert (answer.status_int, answer.json["error"]["code"]) == (400, "model_not_found")
    assert "POST" not in {asked.method for asked in upstream.asked}


def test_the_last_of_two_models_in_a_body_is_the_one_that_is_checked(user: Client, second: Upstream) -> None:
    second.answers["/v1/embeddings"] = Answer.json({})
    assert call(user, "POST", "/openai/embeddings", b'{"model": "two.n", "model": "m"}').status_int == 400
    assert call(user, "POST", "/openai/embeddings", b'{"model": "m", "model": "two.n"}').status_int == 200
    assert second.payload == {"model": "n"}


@pytest.mark.parametrize("name", ["Model", "MODEL", "modeL"])
@pytest.mark.parametrize("path", ["audio/speech", "embeddings", "completions"])
def test_a_model_in_another_case_is_not_sent(user: Client, second: Upstream, path: str, name: str) -> None:
    second.answers[f"/v1/{path}"] = Answer.json({})
    for body in ({**SPEECH, name: "secret"}, {name: "secret", **SPEECH}):
        user.post(f"/openai/{path}", body, status=200)
        assert second.payload == SPEECH | {"model": "n"}


@pytest.mark.parametrize("more", [{"Model": "m"}, {"params": {"custom_params": {"Model": "m", "MESSAGES": "[]"}}}])
def test_nor_is_it_in_requests_of_our_own_form(user: Client, second: Upstream, more: dict[str, Any]) -> None:
    second.chat(Answer.json({})).answers["/v1/embeddings"] = Answer.json({})
    messages = [{"role": "user", "content": "Hi"}]
    user.post("/api/chat/completions", {"model": "two.n", "messages": messages} | more, status=200)
    assert second.payload == {"model": "n", "messages": messages}
    user.post("/api/embeddings", {"model": "two.n", "input": "Hi", "Model": "m"}, status=200)
    assert second.payload == {"model": "n", "input": "Hi"}


def test_a_field_model_in_another_case_is_not_sent(user: Client, second: Upstream) -> None:
    second.answers["/v1/audio/transcriptions"] = Answer.json({})
    fields = [("Model", "secret"), ("model", "two.n"), ("granularity", "a"), ("granularity", "b")]
    headers = {"Authorization": f"Bearer {user.token}"}
    user.app.post("/openai/audio/transcriptions", fields, headers=headers, upload_files=[("file", "a", b"ID3")])
    assert b"secret" not in second.payload
    assert second.payload.count(b'name="granularity"') == 2


@pytest.mark.parametrize("disposition", ["form-data; name*=utf-8''model", "form-data"])
def test_a_field_without_a_name_is_refused(person: Client, disposition: str) -> None:
    body = f"--x\r\nContent-Disposition: {disposition}\r\n\r\nm\r\n--x--\r\n".encode()
    answer = call(person, "POST", "/openai/audio/transcriptions", body, "multipart/form-data; boundary=x")
    assert answer.status_int == 422


def test_a_key_that_an_error_repeats_is_not_passed_on(second: Upstream, make_client) -> None:
    said = {"error": {"message": "Incorrect API key: Bearer sk-secret-1", "sk-secret-1": [{"x": "sk-secret-1!"}]}}
    second.answers["/v1/embeddings"] = second.answers["/v1/chat/completions"] = Answer.json(said, 401)
    person = make_client(OPENAI_API_BASE_URLS=f"{second.url}/v1", OPENAI_API_KEYS="sk-secret-1").sign_up()
    for path in ("/openai/embeddings", "/api/embeddings", "/api/chat/completions"):
        body = {"model": "n", "input": "Hi", "messages": [{"role": "user", "content": "Hi"}]}
        answer = person.post(path, body)
        assert answer.status_int == 401
        assert "secret" not in answer.text
        assert answer.json["error"] == {"message": "Incorrect API key: ••••••", "••••••": [{"x": "••••••!"}]}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        *(("GET", "files"), ("POST", "files"), ("DELETE", "files/f-1"), ("PUT", "embeddings"), ("GET", "embeddings")),
        *(("POST", "fine_tuning/jobs"), ("GET", "models/m/x"), ("DELETE", "models/m"), ("POST", "embeddings/more")),
        *(("GET", "responses/r"), ("GET", "organization/admin_api_keys"), ("POST", "batches"), ("POST", "Embeddings")),
    ],
)
def test_what_belongs_to_the_account_is_the_administrators_business(
    person: Client, user: Client, upstream: Upstream, method: str, path: str
) -> None:
    upstream.answers[f"{method} /v1/{path}"] = Answer.json({"id": "x"}, 201)
    answer = call(user, method, f"/openai/{path}", json.dumps(SPEECH).encode())
    assert answer.status_int == 403
    assert f"/v1/{path}" not in {asked.path for asked in upstream.asked}
    answer = call(person, method, f"/openai/{path}")
    assert (answer.status_int, answer.json) == (201, {"id": "x"})


def test_the_query_of_an_administrator_goes_along(person: Client, upstream: Upstream) -> None:
    upstream.answers["/v1/files?limit=2&after=a%26b"] = Answer.json({"data": []})
    assert person.get("/openai/files?limit=2&after=a%26b", status=200).json == {"data": []}


@pytest.mark.parametrize("path", PATHS)
def test_no_path_leads_out_of_the_api(person: Client, upstream: Upstream, path: str) -> None:
    before = len(upstream.asked)
    answer = person.app.get(f"/openai/{path}", headers={"Authorization": f"Bearer {person.token}"}, status="*")
    assert answer.status_int in (400, 404, 422)
    assert [asked.path for asked in upstream.asked[before:] if asked.path != "/v1/models"] == []


def test_nothing_of_the_callers_headers_and_little_of_the_servers_passes(person: Client, upstream: Upstream) -> None:
    headers = (("Set-Cookie", "a=b"), ("Retry-After", "7"), ("X-Secret", "s"), ("Keep-Alive", "timeout=1"))
    upstream.answers["/v1/files"] = Answer.json({"error": {"message": "Slow down"}}, 429, headers=headers)
    answer = call(person, "GET", "/openai/files")
    assert (answer.status_int, answer.json) == (429, {"error": {"message": "Slow down"}})
    assert answer.headers["Retry-After"] == "7"
    assert {"Set-Cookie", "X-Secret", "Keep-Alive"}.isdisjoint(answer.headers)
    assert {"Cookie", "X-Mine"}.isdisjoint(upstream.asked[-1].headers)


def test_speech_is_passed_on_as_it_comes(user: Client, second: Upstream) -> None:
    pieces = [b"ID3\x00\xff", b"\r\n\x00"]
    second.answers["/v1/audio/speech"] = Answer(pieces, content_type="audio/mpeg")
    answer = user.post("/openai/audio/speech", SPEECH, status=200)
    assert (answer.headers["Content-Type"], answer.body) == ("audio/mpeg", b"".join(pieces))


def test_a_form_is_written_anew_with_the_servers_name_of_the_model(user: Client, second: Upstream) -> None:
    second.answers["/v1/audio/transcriptions"] = Answer.json({"text": "Hi"})
    headers = {"Authorization": f"Bearer {user.token}"}
    fields = [("model", "two.n"), ("model", "m"), ("language", "de")]
    files = [("file", "a.mp3", b"ID3\x00\xff\r\n")]
    answer = user.app.post("/openai/audio/transcriptions", fields, headers=headers, upload_files=files)
    assert answer.json == {"text": "Hi"}
    sent = second.payload
    assert sent.count(b'name="model"') == 1
    assert b'name="model"\r\n\r\nn\r\n' in sent
    assert b'filename="a.mp3"' in sent
    assert b"ID3\x00\xff\r\n" in sent
    assert b'name="language"\r\n\r\nde\r\n' in sent
    fields[0] = ("model", "m")
    answer = user.app.post("/openai/audio/transcriptions", fields, headers=headers, upload_files=files, status="*")
    assert answer.status_int == 400


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"{", "application/json"),
        (b"[]", "application/json"),
        (b"x", "multipart/form-data"),
        (b"x", "multipart/form-data; boundary=" + "y" * 300),
    ],
)
def test_a_body_that_cannot_be_read_is_refused(person: Client, user: Client, body: bytes, kind: str) -> None:
    assert call(person, "POST", "/openai/embeddings", body, kind).status_int in (400, 422)
    assert call(user, "POST", "/openai/embeddings", body, kind).status_int in (400, 422)


def test_a_body_of_another_kind_is_passed_on_for_administrators_alone(
    person: Client, user: Client, upstream: Upstream
) -> None:
    upstream.answers["/v1/embeddings"] = Answer.json({})
    assert call(user, "POST", "/openai/embeddings", b"model: m", "application/yaml").status_int == 400
    assert call(person, "POST", "/openai/embeddings", b"model: m", "application/yaml").status_int == 200
    assert (upstream.payload, upstream.asked[-1].headers["Content-Type"]) == (b"model: m", "application/yaml")


def test_a_custom_model_is_asked_where_its_prompt_counts(person: Client, upstream: Upstream) -> None:
    custom = {"id": "pirate", "name": "Pirate", "base_model_id": "m", "meta": {}, "params": {"system": "Arr"}}
    person.post("/api/v1/models/create", custom, status=200)
    user = person.sign_up()
    answer = user.post("/openai/completions", {"model": "pirate", "prompt": "Hi"})
    assert (answer.status_int, answer.json["error"]["code"]) == (400, "model_not_found")
    assert "custom model" in answer.json["detail"]


def test_strangers_are_refused(person: Client) -> None:
    for path in ("/openai/models", "/openai/files"):
        assert Client(person.app).get(path).status_int == 401
    assert Client(person.app).post("/openai/audio/speech", SPEECH).status_int == 401


def test_apis_that_are_switched_off_say_so(make_client) -> None:
    person = make_client(ENABLE_OPENAI_API="false").sign_up()
    assert person.post("/openai/audio/speech", SPEECH).status_int == 503
    assert "switched off" in person.get("/openai/files", status=503).json["error"]["message"]
    assert person.get("/openai/models", status=200).json["data"] == []

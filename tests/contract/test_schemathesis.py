"""The description of the API against a live server: no answer that it does not describe, and never a 500."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.support_server import running_server

CHECKS = "not_a_server_error,status_code_conformance,response_schema_conformance,content_type_conformance"


def test_the_server_answers_as_described_whatever_it_is_sent(tmp_path: Path) -> None:
    with running_server(
        tmp_path, {"WEBUI_SIGNIN_RATE_LIMIT": "1000000", "WEBUI_SIGNIN_RATE_ADDRESS_LIMIT": "0"}
    ) as server:
        command = [
            *(Path(sys.executable).with_name("schemathesis"), "run", f"{server.url}/openapi.json"),
            *("--header", f"Authorization: Bearer {server.sign_up()}"),
            *("--exclude-path", "/api/v1/auths/signout"),  # it would end the session
            *("--checks", CHECKS, "--phases", "coverage,fuzzing", "--max-examples", "25", "--seed", "1"),
        ]
        run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)
        with server.call("GET", "/health") as answer:
            assert answer.status == 200
    assert run.returncode == 0, run.stdout + run.stderr
    assert not [line for line in server.log if "Traceback" in line]

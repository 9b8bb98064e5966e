"""The script that the documentation offers for replies in chats."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.functional.runs.support import END, chunk
from tests.support_server import PATIENCE, running_server
from tests.support_upstream import Answer, scripted_upstream

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "reply_in_chat.py"


def test_the_example_follows_a_reply_and_comes_back_to_it(tmp_path: Path) -> None:
    with scripted_upstream() as upstream:
        upstream.offer("m").chat(Answer.events(chunk("Hel"), chunk("lo"), *END))
        with running_server(tmp_path, {"OPENAI_API_BASE_URLS": f"{upstream.url}/v1"}) as server:
            environ = {"WEBUI_URL": server.url, "WEBUI_TOKEN": server.sign_up(), "WEBUI_MODEL": "m"}
            ran = subprocess.run(
                [sys.executable, EXAMPLE],
                env={**os.environ, **environ},
                capture_output=True,
                text=True,
                timeout=PATIENCE,
                check=False,
            )
    assert ran.returncode == 0, ran.stderr
    assert "whole: Hello\nstored: Hello\n" in ran.stdout

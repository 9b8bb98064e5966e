"""The script that the documentation offers for replies in chats."""

from __future__ import annotations

from pathlib import Path

from tests.functional.runs.support import END, chunk
from tests.support_server import run_example, running_server
from tests.support_upstream import Answer, scripted_upstream


def test_the_example_follows_a_reply_and_comes_back_to_it(tmp_path: Path) -> None:
    with scripted_upstream() as upstream:
        upstream.offer("m").chat(Answer.events(chunk("Hel"), chunk("lo"), *END))
        with running_server(tmp_path, {"OPENAI_API_BASE_URLS": f"{upstream.url}/v1"}) as server:
            printed = run_example("reply_in_chat.py", server, server.sign_up(), "m")
    assert "whole: Hello\nstored: Hello\n" in printed

"""The fake upstream as a process of its own, for the benchmark and for tests."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from scripts.bench import client
from scripts.bench.fake_upstream import Stats
from scripts.bench.wire import Call

ROOT = Path(__file__).parents[2]
POLL = 0.02


@dataclass(frozen=True)
class Upstream:
    """A running fake upstream. Ollama's base address is ``url``, OpenAI's is ``openai_url``."""

    url: str

    @property
    def openai_url(self) -> str:
        """What belongs in OPENAI_API_BASE_URLS."""
        return f"{self.url}/v1"

    def stats(self) -> Stats:
        """What it has seen so far."""
        _, body = client.ask(self.url, Call.to(self.url, "GET", "/stats"))
        return Stats(**json.loads(body))

    def wait(self, condition: Callable[[Stats], bool], seconds: float = 5.0) -> Stats:
        """The stats once they fulfil the condition; TimeoutError if they do not in time."""
        end = time.monotonic() + seconds
        while not condition(stats := self.stats()):
            if time.monotonic() > end:
                raise TimeoutError(f"The fake upstream did not get there in {seconds} s; it has seen {stats}.")
            time.sleep(POLL)
        return stats


@contextmanager
def running_upstream(models: Sequence[str] = ()) -> Iterator[Upstream]:
    """Starts a fake upstream on a free port, and stops it in the end. It lists ``models`` beside its own."""
    listed = [argument for name in models for argument in ("--model", name)]
    command = [sys.executable, "-m", "scripts.bench.fake_upstream", "--port", "0", *listed]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            if not url:
                raise RuntimeError("The fake upstream did not start; its message stands above.")
            yield Upstream(url)
        finally:
            process.terminate()

"""A server under everything at once, for hours: it fails when what it holds keeps growing.

Streams that are given up half way, clients that leave before the first byte, model servers that break, stored replies
with and without somebody who watches, and plain reads. Memory, threads, open files and replies open upstream are
sampled; after a warm-up the median of the last third is compared with that of the first.

    python -m scripts.bench.soak --minutes 120
"""

from __future__ import annotations

import argparse
import statistics
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass
from pathlib import Path

from scripts.bench import client, crowd, replies, runs, server
from scripts.bench.harness import Upstream, running_upstream
from scripts.bench.scenarios import Target, sign_in
from scripts.bench.wire import Call

SHORT, LONG, HANG = "fake-50x10ms", "fake-100000x20ms", "fake-10x10ms-hang"
BROKEN = tuple(f"fake-10x10ms-{fault}" for fault in replies.FAULTS if fault not in ("hang", "stall"))
MODELS = [SHORT, LONG]
WARM_UP = 0.25  # of the time
EVERY = 600  # samples at most, at least a second apart
REST = 0.5  # seconds between two turns of a load
PATIENCE = 30.0


@dataclass(frozen=True)
class Sample:
    """What the server holds at a moment; memory in MB, ``upstream`` in replies that are open there."""

    memory: float
    threads: int
    files: int
    upstream: int


# By how much the medians may differ: the load is never quite the same, and memory comes from the system in steps.
GROWTH = Sample(memory=12, threads=2, files=15, upstream=8)


class Leak(Exception):
    """The text says what grew."""


def take(target: Target, upstream: Upstream) -> Sample:
    """A sample of a server whose process is known."""
    assert target.server.pid is not None
    used = server.usage(target.server.pid)
    files = len(list(Path(f"/proc/{target.server.pid}/fd").iterdir()))
    return Sample(used.memory, used.threads, files, upstream.stats().open)


def grown(samples: Sequence[Sample]) -> list[str]:
    """What is more in the last third than in the first, in words."""
    third = len(samples) // 3
    found = []
    for name, limit in asdict(GROWTH).items():
        first = statistics.median(getattr(sample, name) for sample in samples[:third])
        last = statistics.median(getattr(sample, name) for sample in samples[-third:])
        if last - first > limit:
            found.append(f"{name} grew from {first:g} to {last:g}")
    return found


def soak(target: Target, upstream: Upstream, seconds: float) -> list[Sample]:
    """Play everything for so long; the samples after the warm-up. Raises ``Leak``, and whatever broke the load."""
    over = threading.Event()
    before = take(target, upstream)
    loads = (_streams, _leavers, _broken, _stored, _reads)

    def keep_on(load: Callable[[Target], None]) -> None:
        while not over.wait(REST):
            load(target)

    with ThreadPoolExecutor(len(loads)) as pool:
        playing = [pool.submit(keep_on, load) for load in loads]
        try:
            samples = _sample(lambda: take(target, upstream), seconds, playing)
        finally:
            over.set()
        for future in playing:
            future.result()
    found = grown(samples)
    if found:
        raise Leak(f"What the server holds keeps growing: {'; '.join(found)}.")
    _check_released(before, target, upstream)
    return samples


def _sample(take_one: Callable[[], Sample], seconds: float, playing: Sequence[Future[None]]) -> list[Sample]:
    """Samples over that time; ends early if a load fails."""
    pause = max(1.0, seconds / EVERY)
    begin = time.monotonic()
    samples = []
    while (passed := time.monotonic() - begin) < seconds:
        sample = take_one()
        if passed > WARM_UP * seconds:
            samples.append(sample)
        print(f"{passed:6.0f} s  {sample}", file=sys.stderr, flush=True)
        if wait(playing, timeout=pause, return_when=FIRST_EXCEPTION).done:
            break
    return samples


def _check_released(before: Sample, target: Target, upstream: Upstream) -> None:
    """Once the load is over, connections must be given back."""
    upstream.wait(lambda seen: seen.open == 0, PATIENCE)
    end = time.monotonic() + PATIENCE
    while (now := take(target, upstream)).files > before.files + GROWTH.files:
        if time.monotonic() > end:
            raise Leak(f"Files stay open after the load: {before.files} before, {now.files} now.")
        time.sleep(runs.POLL)


def _completion(target: Target, model: str) -> Call:
    body = {"model": model, "stream": True, "messages": [{"role": "user", "content": "Hello"}]}
    return target.call("POST", "/api/chat/completions", body)


def _streams(target: Target) -> None:
    """Streams one after the other, of which the last ones are given up."""
    call = Call(_completion(target, SHORT).payload, event=b'"content"', final=b"[DONE]")
    load = client.run(target.url, call, clients=8, seconds=1.7)
    if load.failures:
        raise Leak(f"Streams failed: {dict(load.failures)}.")


def _leavers(target: Target) -> None:
    """Clients that leave: in the middle of a stream, and before there is any."""
    with crowd.held(target.url, _completion(target, LONG), 4):
        time.sleep(0.2)
    crowd.abandon(target.url, _completion(target, HANG), 4)


def _broken(target: Target) -> None:
    for model in BROKEN:
        client.ask(target.url, _completion(target, model))


def _stored(target: Target) -> None:
    """Stored replies: one to its end, one that nobody watches, and one whose viewer leaves. Their chats are deleted."""
    chats = [runs.new_chat(target) for _ in range(3)]
    watched, _, left = (runs.launch(target, SHORT, chat_id) for chat_id in chats)
    crowd.gather(target.url, [target.call("GET", f"/api/tasks/{watched}/events")], PATIENCE)
    crowd.abandon(target.url, target.call("GET", f"/api/tasks/{left}/events"), 1)
    with crowd.held(target.url, target.call("GET", runs.EVENTS), 2):
        time.sleep(0.1)
    for chat_id in chats:
        client.ask(target.url, target.call("DELETE", f"/api/v1/chats/{chat_id}"))


def _reads(target: Target) -> None:
    for path in ("/health", "/api/models", "/api/v1/chats/?page=1", "/api/v1/auths/"):
        load = client.run(target.url, target.call("GET", path), clients=2, seconds=0.2)
        if load.failures:
            raise Leak(f"GET {path} failed: {dict(load.failures)}.")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=120.0, help="how long (default: 120)")
    parser.add_argument("--database-url", metavar="URL", help="an empty database instead of SQLite")
    args = parser.parse_args()
    with running_upstream(MODELS) as upstream, server.started(upstream.openai_url, args.database_url) as under_test:
        target = Target(under_test, sign_in(under_test.url))
        try:
            samples = soak(target, upstream, 60 * args.minutes)
        except Leak as leak:
            raise SystemExit(str(leak)) from leak
    print(f"Nothing grew in {args.minutes:g} minutes: at first {samples[0]}, in the end {samples[-1]}.")


if __name__ == "__main__":
    main()

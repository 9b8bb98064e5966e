"""The benchmark: what the server costs and what it gives, in numbers that can be compared.

Rates depend on the machine and on what else it does; ratios within one run, CPU for an item and ratios to an earlier
run on the same machine are firmer. So streams are measured beside the same load on the upstream itself, and the load
generator is measured too.

    python -m scripts.bench.run --start --json before.json
    python -m scripts.bench.run --start --compare before.json
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from scripts.bench import report, runs, scenarios, server, streams
from scripts.bench.harness import Upstream, running_upstream
from scripts.bench.report import Figure
from scripts.bench.scenarios import FULL, QUICK, Plan, Refused, Target
from scripts.bench.server import Server
from scripts.bench.wire import BadAnswer

# No measure begins after so many seconds.
LIMIT = {FULL: 300.0, QUICK: 50.0}
SETTLE = 1.0
PARTS = ("requests", "streams", "replies", "pages")


def measure(under_test: Server, upstream: Upstream | None, plan: Plan, parts: Sequence[str]) -> Iterator[Figure]:
    """The figures of these parts, one after another."""
    if under_test.start is not None:
        yield Figure("process", report.START, under_test.start, "s")
    if under_test.pid:
        time.sleep(SETTLE)
        yield _memory(under_test, report.IDLE)
    target = Target(under_test, os.environ.get("BENCH_TOKEN") or scenarios.sign_in(under_test.url))
    chat_id = scenarios.fill(target, plan)
    if "pages" in parts:  # first, since memory that others have used is not given back
        yield from runs.pages(target, plan)
    if upstream and "requests" in parts:
        yield from scenarios.generator(upstream, plan)
    if "requests" in parts:
        yield from scenarios.requests(target, plan, chat_id)
    if upstream and "streams" in parts:
        yield from streams.streams(target, upstream, plan)
    if upstream and "replies" in parts:
        yield from runs.replies(target, upstream, plan)
    if under_test.pid:
        yield _memory(under_test, "memory after load")


def _memory(under_test: Server, name: str) -> Figure:
    assert under_test.pid is not None
    used = server.usage(under_test.pid)
    return Figure("process", name, used.memory, "MB", more={"threads": used.threads})


def collect(figures: Iterator[Figure], limit: float) -> tuple[list[Figure], str]:
    """The figures that come before the time is over, and what cut them short, if anything."""
    began = time.monotonic()
    found: list[Figure] = []
    try:
        for figure in figures:
            found.append(figure)
            at = "" if figure.at is None else f" at {figure.at}"
            passed = time.monotonic() - began
            print(
                f"{passed:5.0f} s  {figure.name}{at}: {figure.value:.4g} {figure.unit} {figure.note}", file=sys.stderr
            )
            if passed > limit:
                return found, f"The rest was left out after {limit:g} s."
    except (OSError, BadAnswer) as error:
        return found, f"The server stopped answering: {error}."
    return found, ""


def parse_args() -> argparse.Namespace:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--start", action="store_true", help="start production.ini on a database of its own")
    what.add_argument(
        "--url",
        help="measure a server that runs; it makes an account and chats there. With accounts "
        "already there, put an administrator's token in the variable BENCH_TOKEN",
    )
    parser.add_argument("--database-url", metavar="URL", help="with --start: an empty database instead of SQLite")
    parser.add_argument(
        "--upstream",
        metavar="URL",
        help="with --url: the fake upstream which that server relays; without it streams are not measured",
    )
    parser.add_argument("--pid", type=int, help="with --url: its process, for memory and CPU")
    parser.add_argument("--quick", action="store_true", help="16 clients, fewer streams, at most 1 min instead of 6")
    parser.add_argument("--only", action="append", choices=PARTS, help="leave the other parts out; may repeat")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    parser.add_argument("--compare", type=Path, metavar="FILE", help="show the ratio to the figures of an earlier run")
    args = parser.parse_args()
    if args.start and (args.upstream or args.pid):
        parser.error("--upstream and --pid go with --url.")
    if args.url and args.database_url:
        parser.error("--database-url goes with --start.")
    return args


def main() -> None:
    """Measures, and prints the report."""
    args = parse_args()
    plan = QUICK if args.quick else FULL
    earlier = report.load(args.compare) if args.compare else {}
    # A thousand streams need more files than many shells allow; what is started here inherits the limit.
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with ExitStack() as stack:
        upstream: Upstream | None
        if args.start:
            upstream = stack.enter_context(running_upstream([*streams.MODELS.values(), *runs.MODELS]))
            under_test = stack.enter_context(server.started(upstream.openai_url, args.database_url))
        else:
            upstream = Upstream(args.upstream) if args.upstream else None
            under_test = Server(args.url, args.pid)
        try:
            figures, short = collect(measure(under_test, upstream, plan, args.only or PARTS), LIMIT[plan])
        except Refused as refused:
            raise SystemExit(str(refused)) from refused
    print(report.render(figures, earlier))
    if args.json:
        about = {"when": time.strftime("%Y-%m-%dT%H:%M:%S%z"), "python": platform.python_version(), "quick": args.quick}
        report.save(args.json, figures, about)
    if short:
        raise SystemExit(short)


if __name__ == "__main__":
    main()

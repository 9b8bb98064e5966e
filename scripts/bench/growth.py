"""How speed ages with history: the same requests on a nearly empty database and on one with years of conversations.

For each size a server of its own is filled and asked what a page asks. Each time is told beside the one on the smallest
database, since that ratio holds on other machines too.

    python -m scripts.bench.growth
    python -m scripts.bench.growth --database-url postgresql://postgres@localhost/postgres
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from scripts.bench import client, filling, runs, server
from scripts.bench.client import percentile
from scripts.bench.filling import Writer
from scripts.bench.harness import Upstream, running_upstream
from scripts.bench.report import aligned
from scripts.bench.scenarios import Target, cpu, sign_in
from scripts.bench.wire import Call
from webui.settings.database_url import database_url

SIZES = (1, 1_000, 100_000)  # chats
LONG = 10_000  # messages of the one long chat, beside those with ten
ROUNDS = 100  # calls of each kind
LONG_ROUNDS = 5
TOKENS = 1000
MODEL = f"fake-{TOKENS}x1ms"
LIMIT = 1.5  # times the smallest
SEARCH_LIMIT = 50.0  # ms

Times = dict[str, float]  # ms by what was done; "cpu" of a delta is microseconds


def measure(target: Target, upstream: Upstream, engine: sa.Engine, chats: int) -> Times:
    """The 95th percentile of what a page asks, on a database with so many chats."""
    user_id = _answer(target, target.call("GET", "/api/v1/auths/"))["id"]
    ids = filling.fill(engine, user_id, chats)
    # The long chat is in the smallest database too: what is compared is the number of chats.
    long_id = filling.fill(engine, user_id, 1, messages=LONG)[0]
    _begin(target, upstream, long_id)  # what is loaded at the first reply is none of a reply's cost
    draw, writer = random.Random(0), Writer("questions")
    some = [draw.choice(ids) for _ in range(ROUNDS)]
    found = {
        "list, page 1": _p95(target, [target.call("GET", "/api/v1/chats/?page=1")] * ROUNDS),
        "open a chat of 10 messages": _p95(target, [_open(target, item) for item in some]),
        "search a word": _p95(target, [_search(target, writer.words(1)) for _ in range(ROUNDS)]),
        "search two words": _p95(target, [_search(target, writer.words(2)) for _ in range(ROUNDS)]),
        "search a part of a word": _p95(target, [_search(target, writer.words(1)[1:5]) for _ in range(ROUNDS)]),
        "save one message more in the whole chat": _p95(target, [_save(target, item, writer) for item in some]),
        f"open a chat of {LONG:,} messages": _p95(target, [_open(target, long_id)] * LONG_ROUNDS),
        "begin a reply": _begin(target, upstream, some[0]),
        f"begin a reply in a chat of {LONG:,} messages": _begin(target, upstream, long_id),
        "a delta of a reply, CPU us": _delta(target, upstream, some[0]),
        f"the same in a chat of {LONG:,} messages, CPU us": _delta(target, upstream, long_id),
    }
    return found


def _open(target: Target, chat_id: str) -> Call:
    return target.call("GET", f"/api/v1/chats/{chat_id}")


def _search(target: Target, text: str) -> Call:
    return target.call("GET", f"/api/v1/chats/search?page=1&text={text.replace(' ', '%20')}")


def _save(target: Target, chat_id: str, writer: Writer) -> Call:
    """What a client of the contract sends to save one message: the whole chat. Its id stays, so that no chat grows."""
    chat = _answer(target, _open(target, chat_id))["chat"]
    history, new = chat["history"], "one-more"
    last = history["currentId"]
    history["messages"][new] = {"id": new, "parentId": last, "role": "user", "content": writer.words(25)}
    return target.call("POST", f"/api/v1/chats/{chat_id}", {"chat": chat | {"history": history | {"currentId": new}}})


def _p95(target: Target, calls: Sequence[Call]) -> float:
    times = []
    for call in calls:
        began = time.perf_counter()
        status, body = client.ask(target.url, call)
        times.append(1000 * (time.perf_counter() - began))
        if status != 200:
            raise SystemExit(f"The server answers {status}: {body[:200]!r}")
    return percentile(times, 0.95)


def _begin(target: Target, upstream: Upstream, chat_id: str) -> float:
    """The time until a reply of one token is under way; the median, since each waits for the one before."""
    times = []
    for _ in range(LONG_ROUNDS):
        began = time.perf_counter()
        runs.launch(target, runs.LENGTH_MODELS[1], chat_id)
        times.append(1000 * (time.perf_counter() - began))
        runs.wait_for_all(target, upstream)
    return statistics.median(times)


def _delta(target: Target, upstream: Upstream, chat_id: str) -> float:
    before = cpu(target.server)
    runs.launch(target, MODEL, chat_id)
    runs.wait_for_all(target, upstream)
    return 1e6 * (cpu(target.server) - before) / TOKENS


def _answer(target: Target, call: Call) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(client.ask(target.url, call)[1])
    return found


@contextmanager
def empty_database(url: str | None, size: int) -> Iterator[str]:
    """The address of a database for this size: a file, or a new database on that PostgreSQL server."""
    if url is None:
        with tempfile.TemporaryDirectory(prefix="webui-growth-") as folder:
            yield f"sqlite:///{Path(folder, 'webui.db')}"
        return
    address = database_url().parse(url)
    name = f"webui_growth_{size}"
    admin = sa.create_engine(address, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(sa.text(f"DROP DATABASE IF EXISTS {name}"))
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    try:
        yield address.set(database=name).render_as_string(hide_password=False)
    finally:
        with admin.connect() as connection:
            connection.execute(sa.text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        admin.dispose()


def _one_size(upstream: Upstream, url: str | None, size: int) -> Times:
    with empty_database(url, size) as database, server.started(upstream.openai_url, database) as under_test:
        engine = sa.create_engine(database_url().parse(database))
        try:
            return measure(Target(under_test, sign_in(under_test.url)), upstream, engine, size)
        finally:
            engine.dispose()


def render(found: dict[int, Times]) -> str:
    """A line for each kind: its times, and the largest database's ratio to the smallest."""
    smallest, *_, largest = found
    rows = [["p95 in ms", *(f"{size:,} chats" for size in found), "ratio", ""]]
    for name in found[smallest]:
        ratio = found[largest][name] / found[smallest][name]
        kept = found[largest][name] <= SEARCH_LIMIT if name.startswith("search") else ratio <= LIMIT
        verdict = "kept" if kept else "missed"
        rows.append([name, *(f"{times[name]:.3g}" for times in found.values()), f"{ratio:.2f}", verdict])
    return aligned(rows)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, metavar="CHATS", help="default: %(default)s")
    parser.add_argument("--database-url", metavar="URL", help="a PostgreSQL server where databases may be made")
    args = parser.parse_args()
    found = {}
    with running_upstream(runs.MODELS) as upstream:
        for size in sorted(args.sizes):
            print(f"{size:,} chats", file=sys.stderr)
            found[size] = _one_size(upstream, args.database_url, size)
    print(render(found))


if __name__ == "__main__":
    main()

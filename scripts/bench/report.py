"""Figures, and how they are shown: beside what they are budgeted at, what the peer gives, and an earlier run."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

Key = tuple[str, str, int | None]


@dataclass(frozen=True)
class Figure:
    """One measured thing. ``at``: the number of clients or streams; ``more``: other numbers of the same measure."""

    group: str
    name: str
    value: float
    unit: str
    at: int | None = None
    more: dict[str, float] = field(default_factory=dict)
    note: str = ""

    @property
    def key(self) -> Key:
        """What makes a figure of one run and a figure of another the same."""
        return self.group, self.name, self.at


@dataclass(frozen=True)
class Budget:
    """A limit on ``value`` (``what`` empty) or on a column of a figure."""

    group: str
    name: str
    at: int | None
    what: str
    limit: float
    at_least: bool = False

    def holds(self, measured: float) -> bool:
        """Whether the measured number keeps the budget."""
        return measured >= self.limit if self.at_least else measured <= self.limit


START, IDLE = "start to the first 200 on /health", "memory idle"
ZERO, PACED, FIRST_BYTE = "no delay", "50 a second each", "streams of 1 s"
MANY = {"35 a second each": 256, "10 a second each": 1000}
MANY_LIMITS = {"errors": 0, "threads": 16, "MB": 200, "health p95 ms": 50, "chats p95 ms": 50}
DIRECT, STORED, WATCHED = "passed on", "stored", "stored and watched"
LENGTH = "stored, each further token"
IDLE_PAGES, PAGES = "open and idle", 1000

BUDGETS = [
    Budget("process", START, None, "", 1.5),
    Budget("process", IDLE, None, "", 100),
    Budget("first byte", FIRST_BYTE, 16, "added p99 ms", 5),
    Budget("streams", PACED, 64, "server CPU us", 60),
    Budget("streams", ZERO, 16, "% of direct", 60, at_least=True),
    *(Budget("streams", name, at, what, limit) for name, at in MANY.items() for what, limit in MANY_LIMITS.items()),
    Budget("replies", STORED, 16, "x passed on", 1.5),
    Budget("pages", IDLE_PAGES, PAGES, "", 150),
    Budget("pages", IDLE_PAGES, PAGES, "threads", 16),
]

# Open WebUI 0.6.43 and 0.12.4 slim on a machine of 2 cores: one worker, SQLite, 16 clients.
PEERS = ("0.6.43", "0.12.4")
REFERENCE: dict[Key, tuple[float, float]] = {
    ("process", START, None): (24.6, 17.6),
    ("process", IDLE, None): (754, 322),
    ("requests", "GET /health", 16): (264, 451),
    ("requests", "GET /api/v1/auths/", 16): (83, 60),
    ("requests", "GET /api/models", 16): (54, 32),
    ("requests", "GET /api/v1/chats/?page=1", 16): (50, 46),
    ("requests", "GET /api/v1/chats/{id}, 100 messages", 16): (60, 25),
    ("requests", "POST /api/v1/chats/new", 16): (38, 21),
    ("requests", "POST /api/v1/auths/signin", 16): (3.2, 5.3),
    ("streams", ZERO, 16): (1188, 2576),
}


def render(figures: list[Figure], earlier: dict[Key, float]) -> str:
    """Everything as text: a table a group, then the budgets. ``earlier`` maps keys to the values of another run."""
    groups = dict.fromkeys(figure.group for figure in figures)
    tables = [_table(group, [f for f in figures if f.group == group], earlier) for group in groups]
    return "\n\n".join([*tables, _budgets(figures)])


def _table(group: str, figures: list[Figure], earlier: dict[Key, float]) -> str:
    columns = list(dict.fromkeys(name for figure in figures for name in figure.more))
    peers = [f"Open WebUI {peer}" for peer in PEERS] if any(f.key in REFERENCE for f in figures) else []
    rows = [[group, "at", "", "", *columns, *peers, *(["to earlier"] if earlier else []), ""]]
    for figure in figures:
        row = [figure.name, "" if figure.at is None else str(figure.at), _number(figure.value), figure.unit]
        row += [_number(figure.more.get(name)) for name in columns]
        row += [_number(value) for value in REFERENCE.get(figure.key, [None] * len(PEERS))] if peers else []
        if earlier:
            before = earlier.get(figure.key)
            row.append(f"{figure.value / before:.2f} x" if before else "-")
        rows.append([*row, figure.note])
    return aligned(rows)


def _budgets(figures: Iterable[Figure]) -> str:
    measured = {figure.key: figure for figure in figures}
    rows = [["budget", "at", "", "limit", "measured", ""]]
    for budget in BUDGETS:
        figure = measured.get((budget.group, budget.name, budget.at))
        value = None if figure is None else figure.more.get(budget.what) if budget.what else figure.value
        verdict = "not measured" if value is None else "kept" if budget.holds(value) else "missed"
        limit = f"{'>=' if budget.at_least else '<='} {budget.limit:g}"
        at = "" if budget.at is None else str(budget.at)
        what = budget.what or (figure.unit if figure else "")
        rows.append([f"{budget.group}: {budget.name}", at, what, limit, _number(value), verdict])
    return aligned(rows)


def _number(value: float | None) -> str:
    if value is None or not math.isfinite(value):
        return "-"
    if value == int(value):
        return f"{value:,.0f}"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def aligned(rows: list[list[str]]) -> str:
    """Columns to the right, but for the names in the first and the remarks in the last."""
    *widths, _ = (max(map(len, column)) for column in zip(*rows, strict=True))
    lines = []
    for name, *cells, remark in rows:
        padded = [cell.rjust(width) for cell, width in zip(cells, widths[1:], strict=True)]
        lines.append("  ".join([name.ljust(widths[0]), *padded, remark]).rstrip())
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])


def save(path: Path, figures: list[Figure], about: dict[str, Any]) -> None:
    """Writes a run as JSON."""
    path.write_text(json.dumps({**about, "figures": [asdict(f) for f in figures]}, indent=1) + "\n", encoding="utf-8")


def load(path: Path) -> dict[Key, float]:
    """The values of a saved run."""
    saved = json.loads(path.read_text(encoding="utf-8"))
    return {Figure(**item).key: item["value"] for item in saved["figures"]}

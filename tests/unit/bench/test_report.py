from pathlib import Path

from scripts.bench import report
from scripts.bench.report import Figure


def line(text: str, start: str) -> str:
    return next(line for line in text.splitlines() if line.startswith(start))


def test_a_figure_stands_beside_the_peers_and_an_earlier_run(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    report.save(path, [Figure("requests", "GET /health", 1000.0, "/s", 16, {"p50 ms": 2.0})], {"python": "3"})
    now = Figure("requests", "GET /health", 1500.0, "/s", 16, {"p50 ms": 1.5})
    text = report.render([now], report.load(path))
    assert line(text, "GET /health").split() == [
        "GET",
        "/health",
        "16",
        "1,500",
        "/s",
        "1.5",
        "264",
        "451",
        "1.50",
        "x",
    ]


def test_budgets_are_kept_missed_or_not_measured() -> None:
    figures = [Figure("process", report.START, 0.9, "s"), Figure("process", report.IDLE, 120.0, "MB")]
    text = report.render(figures, {})
    assert line(text, f"process: {report.START}").endswith("kept")
    assert line(text, f"process: {report.IDLE}").endswith("missed")
    assert line(text, f"streams: {report.ZERO}").endswith("not measured")


def test_a_figure_without_answers_shows_its_note() -> None:
    text = report.render([Figure("requests", "GET /api/models", 0.0, "/s", note="answers 404")], {})
    assert line(text, "GET /api/models").endswith("answers 404")

from __future__ import annotations

from typing import Any

import pytest

from webui.services.leaderboard import Standing, play, standings


def judged(model_id: str, rating: Any, *siblings: str) -> tuple[dict[str, Any], set[str]]:
    return {"model_id": model_id, "rating": rating, "sibling_model_ids": list(siblings)}, set()


def points(*judgements: tuple[dict[str, Any], set[str]]) -> dict[str, float]:
    return {standing.model_id: round(standing.points, 3) for standing in standings(judgements)}


def test_equals_win_and_lose_sixteen_points() -> None:
    assert points(judged("a", 1, "b")) == {"a": 1016, "b": 984}
    assert points(judged("a", "-1", "b")) == {"a": 984, "b": 1016}


def test_a_match_moves_more_the_less_it_was_expected() -> None:
    strong, weak = Standing("strong", 1400), Standing("weak", 1000)
    play(strong, weak)
    assert strong.points == pytest.approx(1400 + 32 / 11)
    play(weak, strong)
    assert weak.points > 1000 + 16


def test_points_are_moved_and_never_made() -> None:
    found = points(judged("a", 1, "b", "c"), judged("b", -1, "c"), judged("c", "1", "a"))
    assert sum(found.values()) == pytest.approx(3000, abs=0.01)


def test_who_repeats_a_name_does_not_repeat_a_match() -> None:
    assert points(judged("a", 1, "b", "b", "a", "")) == {"a": 1016, "b": 984}


@pytest.mark.parametrize("rating", [None, 0, 2, "good", "", 10])
def test_a_rating_that_says_nothing_counts_for_nothing(rating: Any) -> None:
    assert points(judged("a", rating, "b")) == {}


def test_equal_standings_stand_by_name() -> None:
    assert list(points(judged("z", 1, "y"), judged("a", 1, "b"))) == ["a", "z", "b", "y"]

"""Which models people prefer: Elo ratings from the feedback that compares a reply with those of other models.

Each rating of 1 or -1 is a match of its model against every model that answered beside it, won or lost. The rules are
those of the contract's page: everybody starts with 1000 points, and a match moves at most 32.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webui.models import Feedback

START = 1000.0
K = 32
SCALE = 400  # a lead of so many points is an expectation of ten to one
OUTCOMES = {"1": True, "-1": False}
TOP_TAGS = 5
BATCH = 1000  # rows in memory at once

# Both directions of the index on ``updated_at`` are its own, so the database streams this without sorting.
_IN_ORDER_OF_TIME = sa.select(Feedback.data, Feedback.meta).order_by(Feedback.updated_at, Feedback.id.desc())


@dataclass
class Standing:
    """How a model stands."""

    model_id: str
    points: float = START
    won: int = 0
    lost: int = 0
    tags: Counter[str] = field(default_factory=Counter)

    @property
    def rating(self) -> int:
        return round(self.points)

    @property
    def count(self) -> int:
        return self.won + self.lost

    @property
    def top_tags(self) -> list[dict[str, Any]]:
        """The tags of most of its feedback."""
        ordered = sorted(self.tags.items(), key=lambda item: (-item[1], item[0]))
        return [{"tag": tag, "count": count} for tag, count in ordered[:TOP_TAGS]]


def leaderboard(db: Session, tag: str | None = None) -> list[Standing]:
    """The models that were compared, the best first; with a tag, by the feedback that has it. One statement."""
    rows = db.execute(_IN_ORDER_OF_TIME, execution_options={"yield_per": BATCH})
    judgements = ((row.data or {}, _tags(row.data, row.meta)) for row in rows)
    return standings((data, tags) for data, tags in judgements if not tag or tag in tags)


def standings(judgements: Iterable[tuple[Mapping[str, Any], set[str]]]) -> list[Standing]:
    """What comes of these judgements, each with its tags, in this order."""
    found: dict[str, Standing] = {}
    for data, tags in judgements:
        model_id, won = data.get("model_id"), OUTCOMES.get(str(data.get("rating")))
        opponents = list(_opponents(data))
        if not model_id or won is None or not opponents:
            continue
        judged = found.setdefault(model_id, Standing(model_id))
        judged.tags.update(tags)
        for opponent in opponents:
            other = found.setdefault(opponent, Standing(opponent))
            play(*((judged, other) if won else (other, judged)))
    return sorted(found.values(), key=lambda standing: (-standing.points, standing.model_id))


def play(winner: Standing, loser: Standing) -> None:
    """One match: the less it was expected, the more points change hands."""
    expected = 1 / (1 + 10 ** ((loser.points - winner.points) / SCALE))
    moved = K * (1 - expected)
    winner.points += moved
    winner.won += 1
    loser.points -= moved
    loser.lost += 1


def _opponents(data: Mapping[str, Any]) -> Iterator[str]:
    """Each once: who repeats a name does not repeat a match."""
    for model_id in dict.fromkeys(data.get("sibling_model_ids") or ()):
        if model_id and model_id != data.get("model_id"):
            yield model_id


def _tags(*sources: Mapping[str, Any] | None) -> set[str]:
    """Clients keep tags in ``data``, some in ``meta``."""
    lists = [tags for source in sources if source and isinstance(tags := source.get("tags"), list)]
    return {tag for tags in lists for tag in tags if isinstance(tag, str)}

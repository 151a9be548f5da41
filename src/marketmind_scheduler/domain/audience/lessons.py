"""What each post of a lane teaches of its hour, and all of it together in a few hundred whole numbers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import NamedTuple

from marketmind_scheduler.domain.audience.observations import Figure, LaneHistory, Outcome, outcomes_of
from marketmind_scheduler.domain.audience.residuals import residuals
from marketmind_scheduler.domain.audience.week import CELLS, MILLION, cell_at
from marketmind_scheduler.domain.wall_clock import wall_time

HALF_LIFE_DAYS = 90
_DAY_SECONDS = 86_400


class Lesson(NamedTuple):
    """One post: its hour of the week, its residual and how much it counts, both in millionths."""

    post: str
    cell: int
    residual: int
    weight: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """All that a fit needs of any number of posts: for each hour of the week their number, their weight and the sum of
    their residuals, and of all together the sum of their residuals' squares, both by weight. Exact, so that no order
    matters."""

    posts: tuple[int, ...] = (0,) * CELLS
    weights: tuple[int, ...] = (0,) * CELLS
    sums: tuple[int, ...] = (0,) * CELLS
    squares: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Lessons:
    """Of one lane, by publish time."""

    figure: Figure
    each: Sequence[Lesson]
    last_published: datetime | None


def lessons_of(history: LaneHistory) -> Lessons:
    """Counts lose half their weight every 90 days before the history's date."""
    figure, outcomes = outcomes_of(history)
    left = residuals(outcome.value for outcome in outcomes)
    today = int(datetime.combine(history.as_of, time(), UTC).timestamp())
    return Lessons(
        figure=figure,
        each=[
            Lesson(outcome.post, cell_at(wall_time(_instant(outcome), history.zone)), residual, _weight(outcome, today))
            for outcome, residual in zip(outcomes, left, strict=True)
        ],
        last_published=_instant(outcomes[-1]) if outcomes else None,
    )


def statistics_of(lessons: Iterable[Lesson]) -> Statistics:
    posts, weights, sums, squares = [0] * CELLS, [0] * CELLS, [0] * CELLS, 0
    for _, cell, residual, weight in lessons:
        posts[cell] += 1
        weights[cell] += weight
        sums[cell] += weight * residual
        squares += weight * residual * residual
    return Statistics(posts=tuple(posts), weights=tuple(weights), sums=tuple(sums), squares=squares)


def _instant(outcome: Outcome) -> datetime:
    return datetime.fromtimestamp(outcome.published, UTC)


def _weight(outcome: Outcome, today: int) -> int:
    days = max(0, today - outcome.published) // _DAY_SECONDS
    return max(1, round(MILLION * 0.5 ** (days / HALF_LIFE_DAYS)))

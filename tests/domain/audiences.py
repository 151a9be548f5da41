"""Lanes that were observed, for tests of what is learned of them."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from math import cos, exp, pi
from random import Random

from marketmind_scheduler.domain.audience.observations import LEARNING_AGE, Figure, LaneHistory, Measurement
from marketmind_scheduler.domain.audience.week import HOURS, cell_at
from marketmind_scheduler.domain.post import Platform

TODAY = datetime(2027, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def measured(
    nth: int,
    *,
    published: datetime = TODAY - timedelta(days=30),
    after: timedelta | None = None,
    value: int = 100,
    figure: Figure = Figure.ENGAGEMENTS,
    platform: Platform = Platform.REDDIT,
) -> Measurement:
    """The figure of the nth post, at its learning age where nothing else is said."""
    at = published + (LEARNING_AGE[platform] if after is None else after)
    return Measurement(f"{nth:07}", figure, int(published.timestamp()), int(at.timestamp()), value)


def history(measurements: Sequence[Measurement], *, platform: Platform = Platform.REDDIT) -> LaneHistory:
    return LaneHistory(platform=platform, zone="UTC", as_of=TODAY.date(), measurements=measurements)


def morning(cell: int) -> float:
    """The effect of an hour where people are there at nine and asleep at 21."""
    return 0.5 * cos(2 * pi * (cell % HOURS - 9) / HOURS)


def observed(
    posts: int,
    effect: Callable[[int, int], float] = lambda cell, _: morning(cell),
    *,
    noise: float = 0.6,
    usual: float = 5.0,
) -> LaneHistory:
    """A lane that posts every seven hours, where the logarithm of what comes of its nth post is what is usual, the
    effect of its hour, and chance, always the same."""
    chance = Random(1)  # noqa: S311
    first = TODAY - (posts + 1) * 7 * HOUR
    at = [first + nth * 7 * HOUR for nth in range(posts)]
    logs = [usual + effect(cell_at(each), nth) + chance.gauss(0, noise) for nth, each in enumerate(at)]
    return history([measured(nth, published=at[nth], value=round(exp(log))) for nth, log in enumerate(logs)])

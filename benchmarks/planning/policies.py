"""Who plans: told the open days and what was measured, each says when so many posts go out."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from benchmarks.planning.engaging import chosen, hour_of_week, learned, planned
from benchmarks.planning.rules import A_DAY, slots_between
from benchmarks.planning.worlds import WEEK, Floats, Ints

from marketmind_scheduler.domain.audience.week import CELLS, MILLION

NAIVE_HOUR = 19
POSTS_A_WEEK = 7


@dataclass(frozen=True, slots=True)
class Season:
    """How many weeks are planned while learning, and how many by one plan after it."""

    learning: int = 8
    after: int = 4

    @property
    def weeks(self) -> int:
        return self.learning + self.after


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The weeks from ``first`` until before ``last`` are to be planned, as the first begins. ``posts`` went out before
    and made ``figures``. ``lot`` is the seed of whoever draws."""

    first: int
    last: int
    is_learning: bool
    posts: Floats
    figures: Ints
    lot: tuple[int, ...]

    @property
    def slots(self) -> Floats:
        return slots_between(7 * self.first, 7 * self.last)

    @property
    def to_place(self) -> int:
        return POSTS_A_WEEK * (self.last - self.first)

    @property
    def taken(self) -> list[float]:
        return self.posts[-A_DAY:].tolist()


Planner: TypeAlias = Callable[[Told], Floats]


def naive(told: Told) -> Floats:
    return _daily(told, NAIVE_HOUR)


def engagement(told: Told) -> Floats:
    """The service's own, from nothing on."""
    profile = learned(told.posts, told.figures, float(told.first * WEEK))
    return planned(profile, (7 * told.first, 7 * told.last), told.to_place, told.taken)


def peak_hour(told: Told) -> Floats:
    """Every day at the hour whose posts did best on average."""
    sums, posts = np.zeros(24), np.zeros(24)
    hours = hour_of_week(told.posts) % 24
    np.add.at(sums, hours, np.log1p(told.figures))
    np.add.at(posts, hours, 1)
    return _daily(told, int(np.where(posts > 0, sums / np.maximum(posts, 1), -np.inf).argmax()))


def raw_means(told: Told) -> Floats:
    """The best slots where each hour of the week is worth what its posts did on average, and all of them where it had
    none."""
    sums, posts = np.zeros(CELLS), np.zeros(CELLS)
    figures = np.log1p(told.figures)
    np.add.at(sums, hour_of_week(told.posts), figures - figures.mean())
    np.add.at(posts, hour_of_week(told.posts), 1)
    worth = np.rint(np.exp(sums / np.maximum(posts, 1)) * MILLION).astype(np.int64)
    return chosen(told.slots, worth[hour_of_week(told.slots)].tolist(), told.to_place, told.taken)


def after_a_lot(planner: Planner) -> Planner:
    """Learn from hours that were drawn by lot, one a day: nothing is better to learn from."""

    def lot_first(told: Told) -> Floats:
        return _by_lot(told) if told.is_learning else planner(told)

    return lot_first


def true_rates(worth: Floats) -> Planner:
    """The service's solver, told what each hour of the week is worth."""

    def plan(told: Told) -> Floats:
        values = np.rint(worth / worth.mean() * MILLION).astype(np.int64)
        return chosen(told.slots, values[hour_of_week(told.slots)].tolist(), told.to_place, told.taken)

    return plan


def _daily(told: Told, hour: int) -> Floats:
    return np.arange(7 * told.first, 7 * told.last, dtype=np.float64) * 24 + hour


def _by_lot(told: Told) -> Floats:
    random = np.random.default_rng([*told.lot, told.first])
    by_day = told.slots.reshape(7 * (told.last - told.first), -1)
    return np.array([random.choice(day) for day in by_day], np.float64)

"""A lane's usable slots as columns, and the rules of the lane as limits on stretches of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from marketmind_scheduler.adapters.numeric.packing import PackedProblem
from marketmind_scheduler.domain.planning.problem import AtMost, LaneProblem

Ints: TypeAlias = npt.NDArray[np.int64]
Truths: TypeAlias = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Limits:
    """At most ``most`` posts in the slots from ``first`` until before ``behind``, row by row; ``first`` ascends."""

    first: Ints
    behind: Ints
    most: Ints

    def where(self, rows: Truths) -> "Limits":
        return Limits(self.first[rows], self.behind[rows], self.most[rows])

    def full(self, placed: Ints) -> "Limits":
        """Those that hold all they may, where ``placed`` counts the posts before each slot and behind the last."""
        return self.where(placed[self.behind] - placed[self.first] >= self.most)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """What is open beside what is taken, ascending by instant.

    ``number`` is a slot's in the problem, ``day`` counts from 0, ``room`` says how many posts each day still holds.
    ``since_taken`` are the seconds since what is taken before a slot, ``FAR`` where nothing is. All rules are in
    ``gaps``, ``days`` and ``rolling``, each without the rows that bind nothing.
    """

    number: Ints
    at: Ints
    day: Ints
    value: Ints
    since_taken: Ints
    room: Ints
    gap: int
    gaps: Limits
    days: Limits
    rolling: Limits

    def closed_beside(self, chosen: Ints) -> Truths:
        """The slots that no further post may take beside those chosen."""
        placed = before(chosen, len(self.at))
        steps = np.zeros(len(self.at) + 1, np.int64)
        for kind in (self.gaps, self.days, self.rolling):
            full = kind.full(placed)
            np.add.at(steps, full.first, 1)
            np.subtract.at(steps, full.behind, 1)
        closed = np.cumsum(steps[:-1]) > 0
        closed[chosen] = True
        return closed

    def keeps(self, chosen: Ints) -> bool:
        """Whether these slots may be taken together."""
        placed = before(chosen, len(self.at))
        return len(np.unique(chosen)) == len(chosen) and all(
            bool(np.all(placed[kind.behind] - placed[kind.first] <= kind.most))
            for kind in (self.gaps, self.days, self.rolling)
        )


FAR = np.iinfo(np.int64).max // 4


def before(chosen: Ints, slots: int) -> Ints:
    """How many are chosen before each slot, and behind the last."""
    return np.concatenate(([0], np.cumsum(np.bincount(chosen, minlength=slots)))).astype(np.int64)


def lane_of(packed: PackedProblem) -> Lane:
    """The slots that no rule closes beside what is taken already."""
    problem = packed.rest
    columns = _Columns(*(np.frombuffer(each, np.int64) for each in (packed.instants, packed.days, packed.values)))
    taken = np.array(sorted(problem.taken), np.int64)
    usable = _within_a_window(problem, columns.at) & ~_beside(columns.at, taken, problem.min_gap)
    for cap in problem.at_most:
        usable &= ~_closed_by(_windows(columns.at, taken, cap), len(columns.at))
    days = np.unique(columns.day)
    room = _room(problem, days, len(columns.at))
    usable &= room[np.searchsorted(days, columns.day)] > 0
    return _lane(problem, columns, taken, np.flatnonzero(usable))


@dataclass(frozen=True, slots=True)
class _Columns:
    at: Ints
    day: Ints
    value: Ints


def _lane(problem: LaneProblem, columns: _Columns, taken: Ints, number: Ints) -> Lane:
    at = columns.at[number]
    days, day = np.unique(columns.day[number], return_inverse=True)
    room = _room(problem, days, len(at))
    gaps = _gaps(at, problem.min_gap)
    last_taken = np.concatenate(([-FAR], taken))[np.searchsorted(taken, at, "right")]
    return Lane(
        number=number,
        at=at,
        day=day.astype(np.int64),
        value=columns.value[number],
        since_taken=np.minimum(at - last_taken, FAR),
        room=room,
        gap=problem.min_gap,
        gaps=gaps,
        days=_binding(_by_day(day, room), at, problem.min_gap),
        rolling=joined(_binding(_windows(at, taken, cap), at, problem.min_gap) for cap in problem.at_most),
    )


def _within_a_window(problem: LaneProblem, at: Ints) -> Truths:
    """The slots between the earliest and the latest instant of any post."""
    earliest = min((post.earliest for post in problem.posts), default=0)
    latest = max((post.latest for post in problem.posts), default=-1)
    return (at >= earliest) & (at <= latest)


def _beside(at: Ints, taken: Ints, gap: int) -> Truths:
    """The slots that are less than ``gap`` from what is taken."""
    nearest = np.concatenate(([-FAR], taken, [FAR]))
    behind = np.searchsorted(taken, at, "right")
    return (at - nearest[behind] < gap) | (nearest[behind + 1] - at < gap)


def _room(problem: LaneProblem, days: Ints, slots: int) -> Ints:
    if problem.per_day is None:
        return np.full(len(days), slots, np.int64)
    most, taken_on = problem.per_day, dict(problem.taken_on)
    return np.array([max(0, most - taken_on.get(day, 0)) for day in days.tolist()], np.int64)


def _gaps(at: Ints, gap: int) -> Limits:
    behind = np.searchsorted(at, at + gap, "left").astype(np.int64)
    first = np.arange(len(at), dtype=np.int64)
    grows = np.diff(behind, prepend=0) > 0  # another row with the same end holds less
    rows = grows & (behind - first > 1)
    return Limits(first[rows], behind[rows], np.ones(int(rows.sum()), np.int64))


def _by_day(day: Ints, room: Ints) -> Limits:
    numbers = np.arange(len(room))
    return Limits(
        np.searchsorted(day, numbers, "left").astype(np.int64),
        np.searchsorted(day, numbers, "right").astype(np.int64),
        room,
    )


def _windows(at: Ints, taken: Ints, cap: AtMost) -> Limits:
    """What the stretches that begin with a slot, or with something taken, still hold: no other holds more."""
    begin = np.unique(np.concatenate((at, taken)))
    end = begin + cap.seconds
    inside = np.searchsorted(taken, end, "left") - np.searchsorted(taken, begin, "left")
    return Limits(
        np.searchsorted(at, begin, "left").astype(np.int64),
        np.searchsorted(at, end, "left").astype(np.int64),
        np.maximum(cap.posts - inside, 0).astype(np.int64),
    )


def _closed_by(limits: Limits, slots: int) -> Truths:
    """The slots of the rows that hold nothing."""
    none = limits.where(limits.most <= 0)
    steps = np.zeros(slots + 1, np.int64)
    np.add.at(steps, none.first, 1)
    np.subtract.at(steps, none.behind, 1)
    return np.cumsum(steps[:-1]) > 0


def _binding(limits: Limits, at: Ints, gap: int) -> Limits:
    """Without the rows that the gap alone keeps, and those that lie within another with as much room."""
    limits = limits.where(limits.behind > limits.first)
    by_gap = (at[limits.behind - 1] - at[limits.first]) // gap + 1
    limits = limits.where(np.minimum(by_gap, limits.behind - limits.first) > limits.most)
    within = (np.diff(limits.behind, prepend=-1) == 0) & (np.diff(limits.most, prepend=-1) >= 0)
    return limits.where(~within)


def nothing_limited() -> Limits:
    none = np.zeros(0, np.int64)
    return Limits(none, none, none)


def joined(kinds: Iterable[Limits]) -> Limits:
    parts: Sequence[Limits] = list(kinds)
    none = np.zeros(0, np.int64)
    first = np.concatenate([none, *(part.first for part in parts)])
    behind = np.concatenate([none, *(part.behind for part in parts)])
    most = np.concatenate([none, *(part.most for part in parts)])
    order = np.argsort(first, kind="stable")
    return Limits(first[order], behind[order], most[order])

"""The best slots for posts that are all alike: a linear model that is whole by its nature.

Every rule says "at most so many in a stretch of slots", so each column of the matrix has its ones side by side, and so
each corner of the model is whole, its prices too. Rounded to the whole numbers that they are, they prove the bound.
"""

import numpy as np

from marketmind_scheduler.adapters.numeric.case import Case, Found, NotThisWay
from marketmind_scheduler.adapters.numeric.lane import Ints, Lane, Limits, Truths, joined
from marketmind_scheduler.adapters.numeric.linear import Model, proven, solved, stretches
from marketmind_scheduler.domain.planning.problem import Method

_HOUR = 3_600


def by_intervals(case: Case) -> Found:
    """For posts that are alike, without decay."""
    if case.decay.part or not case.posts.alike:
        raise NotThisWay
    lane = case.lane
    chosen, bound = _best_by(joined((lane.gaps, lane.days)), lane, case.count)
    if not lane.keeps(chosen):  # long windows make many entries, and seldom bind
        chosen, bound = _best_by(joined((lane.gaps, lane.days, lane.rolling)), lane, case.count)
    if len(chosen) != case.count or not lane.keeps(chosen):
        raise NotThisWay
    slots = case.posts.in_their_order(chosen)
    return Found(slots=slots, bound=case.weight * bound, method=Method.INTERVALS, most_fit=True)


def _best_by(limits: Limits, lane: Lane, count: int) -> tuple[Ints, int]:
    """Of those slots alone that differ from the one before; of all, where the prices found do not prove it for all."""
    whole = _model(limits, lane, count)
    some = _differing(lane)
    rows = _distinct(limits, some)
    answer = solved(_model(limits.where(rows), lane, count, some))
    if answer.x is not None:
        chosen = np.flatnonzero(some)[answer.x > 1 / 2]
        dual = np.zeros(len(rows) + 1, np.int64)
        dual[np.append(np.flatnonzero(rows), len(rows))] = answer.dual
        bound = proven(whole, _with_what_is_gained(limits, lane, dual, chosen))
        if bound == lane.value[chosen].sum():
            return chosen, bound
    answer = solved(whole)
    chosen = np.zeros(0, np.int64) if answer.x is None else np.flatnonzero(answer.x > 1 / 2)
    return chosen, proven(whole, answer.dual)


def _with_what_is_gained(limits: Limits, lane: Lane, dual: Ints, chosen: Ints) -> Ints:
    """The prices, with what slots chosen are worth above them on limits that hold these and those like them."""
    price = np.maximum(dual[:-1], 0)
    steps = np.zeros(len(lane.at) + 1, np.int64)
    np.add.at(steps, limits.first, price)
    np.subtract.at(steps, limits.behind, price)
    gained = np.maximum(lane.value - np.cumsum(steps[:-1]) - dual[-1], 0)[chosen]
    of_one = np.flatnonzero(limits.most == 1)
    if not len(of_one):
        return dual
    row = of_one[np.maximum(np.searchsorted(limits.first[of_one], chosen, "right") - 1, 0)]
    holds = (limits.first[row] <= chosen) & (limits.behind[row] > chosen)
    dual = dual.copy()
    np.add.at(dual, row[holds], gained[holds])
    return dual


def _differing(lane: Lane) -> Truths:
    """Of the slots of one day and hour that are worth the same, one behind the other, the first."""
    columns = (lane.value, lane.day, lane.at // _HOUR)
    return np.logical_or.reduce([np.diff(column, prepend=column[:1] - 1) != 0 for column in columns])


def _distinct(limits: Limits, some: Truths) -> Truths:
    """Which limits hold more of these slots than they may, each time the last of those that hold the same."""
    place = np.concatenate(([0], np.cumsum(some)))
    first, behind = place[limits.first], place[limits.behind]
    changes = (np.diff(first, append=-1) != 0) | (np.diff(behind, append=-1) != 0)
    return (behind - first > limits.most) & (changes | (np.diff(limits.most, append=-1) != 0))


def _model(limits: Limits, lane: Lane, count: int, some: Truths | None = None) -> Model:
    """Of all slots, or of these."""
    place = np.arange(len(lane.at) + 1) if some is None else np.concatenate(([0], np.cumsum(some)))
    first, behind = place[limits.first], place[limits.behind]
    begin, columns = stretches(np.append(first, 0), np.append(behind, place[-1]))
    return Model(
        cost=lane.value if some is None else lane.value[some],
        begin=begin,
        columns=columns,
        least=np.append(np.full(len(limits.most), -np.inf), count),
        most=np.append(limits.most, count).astype(np.float64),
    )

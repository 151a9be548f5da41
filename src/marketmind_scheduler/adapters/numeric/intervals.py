"""The best slots for posts that are all alike: a linear model that is whole by its nature.

Every rule says "at most so many in a stretch of slots", so each column of the matrix has its ones side by side, and so
each corner of the model is whole, its prices too. Rounded to the whole numbers that they are, they prove the bound.
"""

import numpy as np

from marketmind_scheduler.adapters.numeric.case import Case, Found, NotThisWay
from marketmind_scheduler.adapters.numeric.lane import Ints, Lane, Limits, joined
from marketmind_scheduler.adapters.numeric.linear import Model, proven, solved, stretches
from marketmind_scheduler.domain.planning.problem import Method


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
    begin, columns = stretches(np.append(limits.first, 0), np.append(limits.behind, len(lane.at)))
    model = Model(
        cost=lane.value,
        begin=begin,
        columns=columns,
        least=np.append(np.full(len(limits.most), -np.inf), count),
        most=np.append(limits.most, count).astype(np.float64),
    )
    answer = solved(model)
    chosen = np.zeros(0, np.int64) if answer.x is None else np.flatnonzero(answer.x > 1 / 2)
    return chosen, proven(model, answer.dual)

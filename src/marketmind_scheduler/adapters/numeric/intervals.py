"""The best slots for posts that are all alike: a linear model that is whole by its nature.

Every rule says "at most so many in a stretch of slots", so each column of the matrix has its ones side by side, and
so each corner of the model is whole, its prices too. The prices, rounded to the whole numbers that they are, prove the
bound in exact arithmetic, whatever the solver's floats were.
"""

import numpy as np

from marketmind_scheduler.adapters.numeric.lane import Ints, Lane, Limits, joined
from marketmind_scheduler.adapters.numeric.linear import Model, solved, stretches, taken_whole


def best_slots(lane: Lane, count: int) -> tuple[Ints, int]:
    """``count`` slots, ascending, that are together worth the most, and a bound above every such choice; as many must
    fit. Raises ArithmeticError where the solver's answer breaks a rule."""
    chosen, bound = _best_by(joined((lane.gaps, lane.days)), lane, count)
    if not lane.keeps(chosen):  # long windows make many entries, and seldom bind
        chosen, bound = _best_by(joined((lane.gaps, lane.days, lane.rolling)), lane, count)
    if len(chosen) != count or not lane.keeps(chosen):
        raise ArithmeticError(f"{count} of {len(lane.at)} slots were to be chosen, and the answer breaks a rule")
    return chosen, bound


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
    chosen = np.flatnonzero(taken_whole(answer.x)) if answer.x is not None else np.zeros(0, np.int64)
    return chosen, _proven(lane, limits, count, answer.dual)


def _proven(lane: Lane, limits: Limits, count: int, dual: Ints) -> int:
    """What weak duality says of these prices; true of any that are not negative."""
    prices, for_all = np.maximum(dual[:-1], 0), int(dual[-1])
    steps = np.zeros(len(lane.at) + 1, np.int64)
    np.add.at(steps, limits.first, prices)
    np.subtract.at(steps, limits.behind, prices)
    gained = lane.value - np.cumsum(steps[:-1]) - for_all
    return for_all * count + int(prices @ limits.most) + int(np.maximum(gained, 0).sum())

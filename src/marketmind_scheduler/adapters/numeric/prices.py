"""The best slots for posts that are alike, by a path through the slots on which each post has a price.

Whatever the price, what the best path is worth with so many posts paid back bounds every choice of so many. The price
at which that bound is lowest is looked for among many at once, and first on a part of the slots.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from marketmind_scheduler.adapters.numeric.case import Case, Found, NotThisWay
from marketmind_scheduler.adapters.numeric.decay import Decay, worths
from marketmind_scheduler.adapters.numeric.exchange import improved
from marketmind_scheduler.adapters.numeric.lane import FAR, Ints, Lane
from marketmind_scheduler.adapters.numeric.paths import PRICES, Paths
from marketmind_scheduler.adapters.numeric.posts import NOWHERE
from marketmind_scheduler.domain.planning.problem import Method

_CLOSE = 10_000  # so small a part of the bound is not looked for
_BESIDE = 2  # of these prices among fewer slots those of all slots are looked for
_IN_A_GAP = (1, 2)  # so many slots are looked at first, where there are more
_SPACINGS, _LONGEST = 4, 10  # times the decay's seconds: a post that is farther back takes nothing away


def by_prices(case: Case) -> Found:
    """For posts that are alike, without rolling caps."""
    found = _by_prices(case, _IN_A_GAP, _CLOSE)
    if NOWHERE in found.slots or (found.bound - case.value(found.slots)) * _CLOSE > found.bound:
        found = replace(found, slots=improved(case, found.slots))
    return replace(found, slots=improved(case, case.start)) if NOWHERE in found.slots else found


def by_few_prices(case: Case) -> Found:
    """The same, from one look at all slots."""
    found = replace(_by_prices(case, _IN_A_GAP[:1], 0), method=Method.QUICK)
    return replace(found, slots=case.start) if NOWHERE in found.slots else found


def _by_prices(case: Case, in_a_gap: Sequence[int], close: int) -> Found:
    if len(case.lane.rolling.first) or not case.posts.alike:
        raise NotThisWay
    chosen, bound = _best(case, _shortened(case), in_a_gap, close)
    slots = case.posts.in_their_order(_without_the_least(case.lane, case.decay, chosen, case.count))
    return Found(slots=slots, bound=case.weight * bound, method=Method.PRICES, most_fit=True)


def _shortened(case: Case) -> Decay:
    """The decay without the tail that matters only where posts are much farther apart than so many can be. What is
    forgotten makes choices worth more, so that bounds hold."""
    at, seconds = case.lane.at, case.decay.seconds
    spacing = int(at[-1] - at[0]) // max(1, case.count) if len(at) else 0
    return replace(case.decay, forgotten=min(seconds + _SPACINGS * spacing, _LONGEST * seconds))


def _best(case: Case, decay: Decay, in_a_gap: Sequence[int], close: int) -> tuple[Ints, int]:
    """As many slots as there are posts, or about so many, and a bound above all choices of so many."""
    top = int(case.lane.value.max(initial=0)) + 1
    search = _Search(case.count, -top, top)  # below 0 for posts that are worth nothing where they would go
    for few in in_a_gap:
        some = _some_of(case.lane, few)
        if len(some.at) < len(case.lane.at):
            search.look(Paths(some, decay), _BESIDE)
    return search.found(case.lane, Paths(case.lane, decay), close)


def _some_of(lane: Lane, in_a_gap: int) -> Lane:
    """Every second, or third…, slot, so that about so many stand within a gap."""
    all_in_a_gap = np.searchsorted(lane.at, lane.at + lane.gap, "left") - np.arange(len(lane.at))
    every = slice(None, None, max(1, int(np.median(all_in_a_gap)) // in_a_gap) if len(lane.at) else 1)
    return replace(
        lane,
        number=lane.number[every],
        at=lane.at[every],
        day=lane.day[every],
        value=lane.value[every],
        since_taken=lane.since_taken[every],
    )


class _Search:
    """For the price of a post at which the bound is lowest, from ``least`` to ``most``: look by look among fewer. The
    bound is convex in the price, so that its neighbours among those looked at enclose it."""

    def __init__(self, count: int, least: int, most: int) -> None:
        self._count = count
        self._ends = self._least, self._most = least, most

    def look(self, paths: Paths, beside: int = 1) -> tuple[Ints, Ints, int]:
        """The prices looked at, their bounds, and which is the lowest. Next it is looked for among so many prices
        ``beside`` that."""
        while True:
            prices = np.unique(np.linspace(self._least, self._most, PRICES).astype(np.int64))
            bounds = paths.walked(prices) + prices * self._count
            nth = int(np.argmin(bounds))
            at_an_end = nth in (0, len(prices) - 1) and int(prices[nth]) not in self._ends
            reach = self._most - self._least if at_an_end else beside * int(np.diff(prices).max(initial=0))
            self._least = max(self._ends[0], int(prices[nth]) - reach)
            self._most = min(self._ends[1], int(prices[nth]) + reach)
            if not at_an_end:
                return prices, bounds, nth

    def found(self, lane: Lane, paths: Paths, close: int) -> tuple[Ints, int]:
        while True:
            prices, bounds, nth = self.look(paths)
            around = bounds[max(0, nth - 1) : nth + 2]
            bound = int(bounds[nth])
            left = int(around.max()) - bound  # to be saved by prices between these
            if int(np.diff(prices).max(initial=0)) <= 1 or left * close <= bound:
                break
        chosen = paths.traced(prices, nth)
        beside = nth - 1 if len(chosen) < self._count else nth + 1
        if len(chosen) == self._count or not 0 <= beside < len(prices):
            return chosen, bound
        return _crossed(lane, chosen, paths.traced(prices, beside), self._count), bound


def _crossed(lane: Lane, one: Ints, other: Ints, count: int) -> Ints:
    """Two paths that meet, joined where that makes so many slots; else the longer."""
    for slot in np.intersect1d(one, other).tolist():
        for begun, ended in ((one, other), (other, one)):
            joined = np.concatenate((begun[begun <= slot], ended[ended > slot]))
            if len(joined) == count and lane.keeps(joined):
                return joined
    return max(one, other, key=len)


def _without_the_least(lane: Lane, decay: Decay, chosen: Ints, count: int) -> Ints:
    """Without those that are worth the least, one by one, until so many are left."""
    while len(chosen) > count:
        worth, at = worths(lane, decay, chosen), lane.at[chosen]
        before_next = np.concatenate(([-FAR], at[:-2]))
        since = np.minimum(at[1:] - before_next, lane.since_taken[chosen[1:]])
        worth[:-1] -= decay.worth(lane.value[chosen[1:]], since) - worth[1:]  # the next one gains by its absence
        chosen = np.delete(chosen, int(np.argmin(worth)))
    return chosen

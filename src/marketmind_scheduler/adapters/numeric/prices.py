"""The best slots for posts that are alike, by a path through the slots on which each post has a price.

Whatever the price, what the best path is worth with so many posts paid back bounds every choice of so many. The price
at which that bound is lowest is looked for among many at once.
"""

import numpy as np

from marketmind_scheduler.adapters.numeric.case import Case, Found, NotThisWay
from marketmind_scheduler.adapters.numeric.decay import WHOLE, Decay, worths
from marketmind_scheduler.adapters.numeric.exchange import improved
from marketmind_scheduler.adapters.numeric.lane import FAR, Ints, Lane
from marketmind_scheduler.adapters.numeric.order import reach_of
from marketmind_scheduler.adapters.numeric.posts import NOWHERE
from marketmind_scheduler.domain.planning.problem import Method

_NONE = -(1 << 60)
_LEAST_PRICES, _MOST_PRICES = 8, 128
_NUMBERS_A_STEP = 16_000
_MOST_NUMBERS = 2_000_000_000
_LONGEST_TABLE = 100_000
_CLOSE = 10_000  # so small a part of the bound is not looked for


def by_prices(case: Case) -> Found:
    """For posts that are alike, without rolling caps."""
    if len(case.lane.rolling.first) or not case.posts.alike:
        raise NotThisWay
    chosen, bound = _best(case.lane, case.decay, case.count)
    slots = improved(case, case.posts.in_their_order(_without_the_least(case.lane, case.decay, chosen, case.count)))
    if NOWHERE in slots:
        slots = improved(case, case.start)
    return Found(slots=slots, bound=case.weight * bound, method=Method.PRICES, most_fit=True)


def _best(lane: Lane, decay: Decay, count: int) -> tuple[Ints, int]:
    """``count`` slots, or about so many where no price brings just these, and a bound above all choices of it."""
    paths = _Paths(lane, decay)
    most = int(lane.value.max(initial=0)) + 1
    least = -most  # for posts that are worth nothing where they would go
    while True:
        prices = np.unique(np.linspace(least, most, paths.prices_at_once).astype(np.int64))
        bounds = paths.walked(prices) + prices * count
        nth = int(np.argmin(bounds))
        chosen = paths.traced(prices, nth)
        step = int(np.diff(prices).max(initial=0))
        left = step * abs(len(chosen) - count)  # to be saved by prices between these
        if step <= 1 or left * _CLOSE <= bounds[nth]:
            break
        least, most = int(prices[max(0, nth - 1)]), int(prices[min(len(prices) - 1, nth + 1)])
    if len(chosen) < count and nth:
        chosen = paths.traced(prices, nth - 1)
    return chosen, int(bounds[nth])


class _Paths:
    """``sums[nth, slot, price]`` is what the path that ends with this slot, the nth of its day counted from 0, is worth
    at most beside what its posts cost. Without a cap a day, each slot is a day of its own."""

    def __init__(self, lane: Lane, decay: Decay) -> None:
        self._lane, self._decay = lane, decay
        slots, has_days = len(lane.at), len(lane.days.first) > 0
        self._room = lane.room[lane.day] if has_days else np.ones(slots, np.int64)
        self._nths = int(self._room.max(initial=1))
        self._reach = reach_of(lane, decay, lane.day if has_days else np.arange(slots))
        nearest, farthest = self._reach.widest()
        lags = max(1, farthest - nearest + 1)
        self.prices_at_once = max(_LEAST_PRICES, min(_MOST_PRICES, _NUMBERS_A_STEP // lags))
        if slots * (lags + 4) * self._nths * self.prices_at_once > _MOST_NUMBERS:
            raise NotThisWay
        self._step = int(np.gcd.reduce(np.diff(lane.at))) or max(1, decay.reach)  # slots stand on a grid
        if decay.reach // self._step > _LONGEST_TABLE:
            raise NotThisWay
        self._lost = decay.lost(np.arange(0, decay.reach + self._step, self._step))

    def walked(self, prices: Ints) -> Ints:
        """For each price what the best path is worth beside it."""
        slots, reach = len(self._lane.at), self._reach
        self._sums = np.full((self._nths, slots, len(prices)), _NONE, np.int64)
        self._until = np.zeros((slots + 1, len(prices)), np.int64)  # the best that ends before a slot, or nowhere yet
        columns = (reach.near, reach.behind, reach.today, reach.alone, self._lane.value)
        rows = zip(*(column.tolist() for column in columns), strict=True)
        for slot, (near, behind, today, alone, value) in enumerate(rows):
            steps = (self._lane.at[slot] - self._lane.at[near:behind]) // self._step
            worth = (value - value * self._lost[steps] // WHOLE)[:, None]
            begins = _better(self._until[min(near, today)] + alone, self._sums[:, near : min(behind, today)], worth)
            self._sums[0, slot] = begins - prices
            for nth in range(1, int(self._room[slot])):
                before = self._sums[nth - 1]
                far = before[today:near].max(axis=0, initial=_NONE) + alone
                same_day = worth[max(today - near, 0) :]
                self._sums[nth, slot] = _better(far, before[None, max(near, today) : behind], same_day) - prices
            self._until[slot + 1] = np.maximum(self._until[slot], self._sums[:, slot].max(axis=0))
        return self._until[slots]

    def traced(self, prices: Ints, column: int) -> Ints:
        """The path at one of the prices walked, from its end back."""
        sums, price = self._sums[:, :, column], int(prices[column])
        if not sums.size or int(sums.max()) <= 0:
            return np.zeros(0, np.int64)
        from_any = sums.max(axis=0)
        chosen = [int(np.argmax(from_any))]
        nth = int(np.argmax(sums[:, chosen[0]]))
        while True:
            slot, reach = chosen[-1], self._reach
            first, behind = (int(reach.today[slot]) if nth else 0), int(reach.behind[slot])
            before = sums[nth - 1, first:behind] if nth else from_any[: min(behind, int(reach.today[slot]))]
            worth = self._worth_after(slot, first, first + len(before))
            reached = np.flatnonzero(before + worth == int(sums[nth, slot]) + price)
            if not len(reached):
                return np.array(chosen[::-1], np.int64)
            chosen.append(first + int(reached[0]))
            nth = nth - 1 if nth else int(np.argmax(sums[:, chosen[-1]]))

    def _worth_after(self, slot: int, first: int, behind: int) -> Ints:
        """Of a post in this slot, by where the post before it is."""
        since = np.minimum(self._lane.at[slot] - self._lane.at[first:behind], self._lane.since_taken[slot])
        return self._decay.worth(np.full(len(since), self._lane.value[slot]), since)


def _better(best: Ints, sums: Ints, worth: Ints) -> Ints:
    """For each price the best, or what a post is worth with one before it that is near."""
    near = sums.max(axis=0)
    return np.maximum(best, (near + worth[: len(near)]).max(axis=0)) if len(near) else best


def _without_the_least(lane: Lane, decay: Decay, chosen: Ints, count: int) -> Ints:
    """Without those that are worth the least, one by one, until so many are left."""
    while len(chosen) > count:
        worth, at = worths(lane, decay, chosen), lane.at[chosen]
        before_next = np.concatenate(([-FAR], at[:-2]))
        since = np.minimum(at[1:] - before_next, lane.since_taken[chosen[1:]])
        worth[:-1] -= decay.worth(lane.value[chosen[1:]], since) - worth[1:]  # the next one gains by its absence
        chosen = np.delete(chosen, int(np.argmin(worth)))
    return chosen

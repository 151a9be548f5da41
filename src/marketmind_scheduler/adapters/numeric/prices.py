"""The best slots for posts that are alike, by a path through the slots on which each post has a price.

Whatever the price, what the best path is worth with so many posts paid back bounds every choice of so many. The price
at which that bound is lowest is looked for among many at once, and first on a part of the slots.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from marketmind_scheduler.adapters.numeric.case import Case, Found, NotThisWay
from marketmind_scheduler.adapters.numeric.decay import WHOLE, Decay, worths
from marketmind_scheduler.adapters.numeric.exchange import improved
from marketmind_scheduler.adapters.numeric.lane import FAR, Ints, Lane
from marketmind_scheduler.adapters.numeric.order import reach_of
from marketmind_scheduler.adapters.numeric.posts import NOWHERE
from marketmind_scheduler.domain.planning.problem import Method

_NONE = -(1 << 60)
_PRICES = 32  # at once: what a look costs depends little on how many
_MOST_NUMBERS = 3_000_000_000
_LONGEST_TABLE = 100_000
_CLOSE = 10_000  # so small a part of the bound is not looked for
_BESIDE = 2  # of these prices among fewer slots those of all slots are looked for
_IN_A_GAP = (1, 2)  # so many slots are looked at first, where there are more
_STRETCHES_AT_ONCE = 32  # whose numbers stay small enough to be quick
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
            search.look(_Paths(some, decay), _BESIDE)
    return search.found(case.lane, _Paths(case.lane, decay), close)


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

    def look(self, paths: "_Paths", beside: int = 1) -> tuple[Ints, Ints, int]:
        """The prices looked at, their bounds, and which is the lowest. Next it is looked for among so many prices
        ``beside`` that."""
        while True:
            prices = np.unique(np.linspace(self._least, self._most, _PRICES).astype(np.int64))
            bounds = paths.walked(prices) + prices * self._count
            nth = int(np.argmin(bounds))
            at_an_end = nth in (0, len(prices) - 1) and int(prices[nth]) not in self._ends
            reach = self._most - self._least if at_an_end else beside * int(np.diff(prices).max(initial=0))
            self._least = max(self._ends[0], int(prices[nth]) - reach)
            self._most = min(self._ends[1], int(prices[nth]) + reach)
            if not at_an_end:
                return prices, bounds, nth

    def found(self, lane: Lane, paths: "_Paths", close: int) -> tuple[Ints, int]:
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


class _Paths:
    """``sums[nth, slot, price]`` is what the path that ends with this slot, the nth of its day counted from 0, is worth
    at most beside what its posts cost. Without a cap a day, each slot is a day of its own."""

    def __init__(self, lane: Lane, decay: Decay) -> None:
        self._lane, self._decay = lane, decay
        slots, has_days = len(lane.at), len(lane.days.first) > 0
        day = lane.day if has_days else np.arange(slots)
        self._room = lane.room[day] if has_days else np.ones(slots, np.int64)
        self._nths = int(self._room.max(initial=1))
        self._reach = reach_of(lane, decay, day)
        nearest, farthest = self._reach.widest()
        if slots * (max(0, farthest - nearest + 1) + 4) * self._nths * _PRICES > _MOST_NUMBERS:
            raise NotThisWay
        taken_at = lane.at - lane.since_taken
        since_first = np.concatenate((lane.at, taken_at[lane.since_taken < decay.reach])) - lane.at[:1]
        self._step = int(np.gcd.reduce(since_first)) or max(1, decay.reach)  # all stand on a grid
        if decay.reach // self._step > _LONGEST_TABLE:
            raise NotThisWay
        self._lost = decay.lost(np.arange(0, decay.reach + self._step, self._step))

    def walked(self, prices: Ints) -> Ints:
        """For each price what the best path is worth beside it."""
        slots, reach = len(self._lane.at), self._reach
        self._sums = np.full((self._nths, slots, len(prices)), _NONE, np.int64)
        self._from_any = np.full((slots, len(prices)), _NONE, np.int64)
        until = np.zeros((slots + 1, len(prices)), np.int64)  # the best that ends before a slot, or nowhere yet
        for first, end, near, worth in self._side_by_side():
            here, today, behind = slice(first, end), int(reach.today[first]), near + worth.shape[1]
            begins = until[near] + reach.alone[here, None]
            if near < min(today, behind):
                others = self._from_any[None, near : min(today, behind)] + worth[:, : today - near, None]
                begins = np.maximum(begins, others.max(axis=1))
            self._sums[0, here] = begins - prices
            room = int(self._room[first])
            if room > 1 and today < behind:
                earlier = self._sums[: room - 1, None, today:behind] + worth[None, :, today - near :, None]
                self._sums[1:room, here] = np.maximum(earlier.max(axis=2) - prices, _NONE)
            self._from_any[here] = self._sums[:room, here].max(axis=0)
            until[first + 1 : end + 1] = np.maximum.accumulate(self._from_any[here], axis=0)
            np.maximum(until[first + 1 : end + 1], until[first], out=until[first + 1 : end + 1])
        return until[slots]

    def traced(self, prices: Ints, column: int) -> Ints:
        """The path at one of the prices walked, from its end back."""
        sums, price = self._sums[:, :, column].copy(), int(prices[column])  # side by side, as they are read
        if not sums.size or int(sums.max()) <= 0:
            return np.zeros(0, np.int64)
        from_any = self._from_any[:, column].copy()
        chosen = [int(np.argmax(from_any))]
        nth = int(np.argmax(sums[:, chosen[0]]))
        while True:
            slot = chosen[-1]
            first, behind = self._before(slot, nth)
            before = sums[nth - 1, first:behind] if nth else from_any[:behind]
            reached = self._reached(slot, first, before, int(sums[nth, slot]) + price)
            if reached is None:
                return np.array(chosen[::-1], np.int64)
            chosen.append(reached)
            nth = nth - 1 if nth else int(np.argmax(sums[:, reached]))

    def _before(self, slot: int, nth: int) -> tuple[int, int]:
        """From which slot until before which the post before may be, if this is the nth of its day."""
        today, behind = int(self._reach.today[slot]), int(self._reach.behind[slot])
        return (today, behind) if nth else (0, min(today, behind))

    def _reached(self, slot: int, first: int, before: Ints, together: int) -> int | None:
        """The first of the slots from ``first`` on, worth so much ``before``, that with a post in this one is worth so
        much ``together``."""
        near = min(max(0, int(self._reach.near[slot]) - first), len(before))
        found = np.flatnonzero(before[:near] + self._reach.alone[slot] == together)
        if not len(found):
            worth = self._worth(np.array([slot]), first + np.arange(near, len(before))[None, :])[0]
            found = near + np.flatnonzero(before[near:] + worth == together)
        return first + int(found[0]) if len(found) else None

    def _side_by_side(self) -> Iterator[tuple[int, int, int, Ints]]:
        """The slots in stretches of one day that hold one post: the first, the one behind, and from which slot on a
        post before matters, with what a post in each is worth after one in each of those."""
        lane, reach, slots = self._lane, self._reach, len(self._lane.at)
        ends = np.minimum(
            np.searchsorted(lane.at, lane.at + lane.gap, "left"), np.searchsorted(lane.day, lane.day, "right")
        )
        firsts = [0] if slots else []
        while firsts and ends[firsts[-1]] < slots:
            firsts.append(int(ends[firsts[-1]]))
        nears = np.minimum(reach.near, reach.today)
        for begin in range(0, len(firsts), _STRETCHES_AT_ONCE):
            part = np.array(firsts[begin : begin + _STRETCHES_AT_ONCE], np.int64)
            yield from self._with_worth(part, ends[part], nears[part])

    def _with_worth(self, firsts: Ints, ends: Ints, nears: Ints) -> Iterator[tuple[int, int, int, Ints]]:
        slots: Ints = np.arange(firsts[0], ends[-1], dtype=np.int64)
        lengths = self._reach.behind[ends - 1] - nears
        before = np.repeat(nears, ends - firsts)[:, None] + np.arange(int(lengths.max(initial=0)))
        worth = self._worth(slots, before)
        offset = int(firsts[0])
        rows = zip(firsts.tolist(), ends.tolist(), nears.tolist(), lengths.tolist(), strict=True)
        for first, end, near, length in rows:
            yield first, end, near, worth[first - offset : end - offset, : max(0, length)]

    def _worth(self, slots: Ints, before: Ints) -> Ints:
        """Of a post in each of these slots, a row, by where the post before it is; none where that is too near."""
        lane = self._lane
        since = lane.at[slots, None] - lane.at[np.minimum(before, len(lane.at) - 1)]
        since_any = np.clip(since, 0, np.minimum(lane.since_taken[slots, None], self._decay.reach))
        value = lane.value[slots, None]
        worth = value - value * self._lost[since_any // self._step] // WHOLE
        return np.where(since < lane.gap, _NONE, worth)


def _without_the_least(lane: Lane, decay: Decay, chosen: Ints, count: int) -> Ints:
    """Without those that are worth the least, one by one, until so many are left."""
    while len(chosen) > count:
        worth, at = worths(lane, decay, chosen), lane.at[chosen]
        before_next = np.concatenate(([-FAR], at[:-2]))
        since = np.minimum(at[1:] - before_next, lane.since_taken[chosen[1:]])
        worth[:-1] -= decay.worth(lane.value[chosen[1:]], since) - worth[1:]  # the next one gains by its absence
        chosen = np.delete(chosen, int(np.argmin(worth)))
    return chosen

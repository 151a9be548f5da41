"""Paths through the slots of a lane, at many prices of a post at once."""

from collections.abc import Iterator

import numpy as np

from marketmind_scheduler.adapters.numeric.case import NotThisWay
from marketmind_scheduler.adapters.numeric.decay import WHOLE, Decay
from marketmind_scheduler.adapters.numeric.lane import Ints, Lane
from marketmind_scheduler.adapters.numeric.order import reach_of

PRICES = 32  # at once: what a look costs depends little on how many
_NONE = -(1 << 60)
_MOST_NUMBERS = 3_000_000_000
_LONGEST_TABLE = 100_000
_STRETCHES_AT_ONCE = 32  # whose numbers stay small enough to be quick


class Paths:
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
        if slots * (max(0, farthest - nearest + 1) + 4) * self._nths * PRICES > _MOST_NUMBERS:
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

"""One walk over the slots in time order: each that is open is taken at once."""

import heapq
from collections import deque
from collections.abc import Iterator, Sequence

import numpy as np

from marketmind_scheduler.adapters.numeric.lane import Ints, Lane, Limits
from marketmind_scheduler.adapters.numeric.posts import NOWHERE, Posts


def first_that_fit(lane: Lane, posts: Posts) -> Ints:
    """For each post its slot: each open slot goes to the post of those that may take it whose time is up first; in
    order, to the next.

    Of posts that may all take the same slots, no choice places more: its first slot can be exchanged for the earliest,
    for each stretch that holds the earliest and not the other has room, and so on.
    """
    waiting = _InOrder(posts) if posts.in_order and not posts.share_slots else _ByTheirEnd(posts)
    slots, chosen = np.full(len(posts), NOWHERE, np.int64), 0
    kinds = [_Room(kind) for kind in (lane.gaps, lane.days, lane.rolling) if len(kind.first)]
    for slot in range(len(lane.at)):
        post = waiting.at(slot)
        room = min([kind.at(slot, chosen) for kind in kinds], default=chosen + 1)  # each hears of each slot
        if room > chosen and post is not None:
            slots[post] = slot
            chosen += 1
            waiting.take()
    return slots


class _ByTheirEnd:
    """The posts that may take a slot, by when their time is up, and then in campaign order."""

    def __init__(self, posts: Posts) -> None:
        ends = posts.behind.tolist()
        self._coming = sorted(zip(posts.first.tolist(), ends, range(len(posts)), strict=True), reverse=True)
        self._open: list[tuple[int, int]] = []

    def at(self, slot: int) -> int | None:
        while self._coming and self._coming[-1][0] <= slot:
            _, end, post = self._coming.pop()
            heapq.heappush(self._open, (end, post))
        while self._open and self._open[0][0] <= slot:
            heapq.heappop(self._open)
        return self._open[0][1] if self._open else None

    def take(self) -> None:
        heapq.heappop(self._open)


class _InOrder:
    """The first post behind the last that was placed whose time is not up, if it may take the slot."""

    def __init__(self, posts: Posts) -> None:
        self._windows: Sequence[tuple[int, int]] = list(zip(posts.first.tolist(), posts.behind.tolist(), strict=True))
        self._next = 0

    def at(self, slot: int) -> int | None:
        while self._next < len(self._windows) and self._is_over(*self._windows[self._next], slot):
            self._next += 1
        return self._next if self._next < len(self._windows) and self._windows[self._next][0] <= slot else None

    @staticmethod
    def _is_over(first: int, behind: int, slot: int) -> bool:
        return behind <= max(slot, first)

    def take(self) -> None:
        self._next += 1


class _Room:
    """Up to how many posts may stand before the end of a slot, by the limits of one kind that hold it."""

    def __init__(self, limits: Limits) -> None:
        self._rows: Iterator[tuple[int, int, int]] = zip(
            limits.first.tolist(), limits.behind.tolist(), limits.most.tolist(), strict=True
        )
        self._next = next(self._rows, None)
        self._open: deque[tuple[int, int]] = deque()  # (behind, up to how many), by how many, the fewest first

    def at(self, slot: int, chosen: int) -> float:
        while self._next and self._next[0] <= slot:
            _, behind, most = self._next
            self._next = next(self._rows, None)
            while self._open and self._open[-1][1] >= chosen + most and self._open[-1][0] <= behind:
                self._open.pop()
            self._open.append((behind, chosen + most))
        self._open = deque(row for row in self._open if row[0] > slot)
        return min((most for _, most in self._open), default=float("inf"))

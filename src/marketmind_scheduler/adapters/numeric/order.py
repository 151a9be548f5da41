"""The best slots for posts in their order, whatever their weights and windows: post by post, every choice kept."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from marketmind_scheduler.adapters.numeric.case import Case, Found, NotThisWay
from marketmind_scheduler.adapters.numeric.decay import Decay
from marketmind_scheduler.adapters.numeric.lane import Ints, Lane, nothing_limited
from marketmind_scheduler.adapters.numeric.posts import NOWHERE, Posts
from marketmind_scheduler.domain.planning.problem import Method

Sums: TypeAlias = npt.NDArray[np.int32 | np.int64]

_Kept: TypeAlias = tuple[slice, Sums]  # where a post changed the sums, and what they were before

_MOST_KEPT = 160_000_000  # bytes
_MOST_STEPS = 600_000_000
_FEW_STEPS = 300_000_000  # with more, prices are quicker for posts that are alike


@dataclass(frozen=True, slots=True)
class Reach:
    """Of each slot: the post before it may be in any slot before ``behind``; in which one matters from ``near`` on.
    ``today`` is the first slot of its day, ``alone`` what a post is worth where no own post is near."""

    near: Ints
    behind: Ints
    today: Ints
    alone: Ints

    def widest(self) -> tuple[int, int]:
        """From how many slots back to how many slots back a post that matters may be."""
        slot = np.arange(len(self.near))
        some = self.near < self.behind
        if not some.any():
            return 1, 0
        return int((slot - self.behind)[some].min()) + 1, int((slot - self.near)[some].max())


def reach_of(lane: Lane, decay: Decay, day: Ints) -> Reach:
    behind = np.searchsorted(lane.at, lane.at - lane.gap, "right")
    nothing_before = lane.at - np.minimum(decay.reach, lane.since_taken)
    return Reach(
        near=np.minimum(behind, np.searchsorted(lane.at, nothing_before, "right")),
        behind=behind,
        today=np.searchsorted(day, day, "left"),
        alone=decay.worth(lane.value, lane.since_taken),
    )


def by_order(case: Case, most_steps: int = _MOST_STEPS) -> Found:
    """For posts in order, or alike, without rolling caps. Where caps a day make it too much, it goes without them, if
    the best keeps them all the same."""
    if len(case.lane.rolling.first) or not (case.posts.in_order or case.posts.alike):
        raise NotThisWay
    try:
        return _best(case, case.lane, most_steps)
    except NotThisWay:
        found = _best(case, replace(case.lane, days=nothing_limited()), most_steps)
        if case.keeps(found.slots):
            return found
        raise


def by_short_order(case: Case) -> Found:
    """The same, where it takes less than a second; posts that are not alike have no quicker way."""
    return by_order(case, _FEW_STEPS if case.posts.alike else _MOST_STEPS)


def _best(case: Case, lane: Lane, most_steps: int) -> Found:
    posts = case.posts.alike_by_one() if case.posts.alike else case.posts
    posts = posts.between_their_neighbours() if case.all_fit else posts
    slots = _Walk(lane, posts, case.decay, all_fit=case.all_fit, most_steps=most_steps).best()
    return Found(slots=slots, bound=replace(case, lane=lane).value(slots), method=Method.ORDER, most_fit=True)


class _Walk:
    """``best[nth, slot]`` is what the posts so far are worth at most, where the last of them has this slot as the nth
    of its day, counted from 0. Without a cap a day, each slot is a day of its own."""

    def __init__(self, lane: Lane, posts: Posts, decay: Decay, *, all_fit: bool, most_steps: int) -> None:
        self._lane, self._posts, self._decay, self._all_fit = lane, posts, decay, all_fit
        slots, has_days = len(lane.at), len(lane.days.first) > 0
        day = lane.day if has_days else np.arange(slots)
        self._room = lane.room[day] if has_days else np.ones(slots, np.int64)
        self._nths = int(min(self._room.max(initial=1), max(1, len(posts))))
        self._reach = reach_of(lane, decay, day)
        self._lags = self._reach.widest()
        most = int(posts.weight.max(initial=1)) * max(1, int(lane.value.max(initial=0))) * len(posts) + 1
        self._for_each = 0 if all_fit else most  # more than all the others are worth together
        self._kind, self._none = _kind_for(most * (1 if all_fit else len(posts) + 1))
        self._guard(most_steps)
        self._other_day, self._same_day = self._worth_near()

    def best(self) -> Ints:
        best = np.full((self._nths, len(self._lane.at)), self._none, self._kind)
        kept: list[_Kept] = []
        last = slice(0, 0)
        for post in range(len(self._posts)):
            window = slice(int(self._posts.first[post]), int(self._posts.behind[post]))
            found = self._with(best, post, slice(last.start if self._all_fit else 0, window.stop), window)
            if self._all_fit:
                kept.append((last, best[:, last].copy()))
                best[:, last] = self._none
            else:
                kept.append((window, best[:, window].copy()))
            best[:, window] = np.maximum(best[:, window], found)
            last = window
        return self._traced(best, kept)

    def _guard(self, most_steps: int) -> None:
        states = int((self._posts.behind - self._posts.first).sum()) * self._nths
        lags = max(0, self._lags[1] - self._lags[0] + 1)
        if states * self._kind().itemsize > _MOST_KEPT or states * (lags + 4) > most_steps:
            raise NotThisWay

    def _worth_near(self) -> tuple[Sums, Sums]:
        """What a post is worth in each slot, by how many slots back the one before it is, the farthest first: where
        that is on another day, and on the same."""
        slot, (nearest, farthest) = np.arange(len(self._lane.at)), self._lags
        back = slot[None, :] - np.arange(farthest, nearest - 1, -1)[:, None]
        matters = (back >= self._reach.near) & (back < self._reach.behind)
        since = np.minimum(self._lane.at - self._lane.at[np.maximum(back, 0)], self._lane.since_taken)
        worth = np.where(matters, self._decay.worth(np.broadcast_to(self._lane.value, since.shape), since), self._none)
        is_today = back >= self._reach.today
        return (
            np.where(is_today, self._none, worth).astype(self._kind),
            np.where(is_today, worth, self._none).astype(self._kind),
        )

    def _with(self, best: Sums, post: int, before: slice, window: slice) -> Sums:
        """What it is worth to place this post last, for each slot of its window, with the other posts in ``before``."""
        reach, weight = self._reach, int(self._posts.weight[post])
        alone = (weight * reach.alone[window]).astype(self._kind)
        from_any = best[:, before].max(axis=0)
        nothing_yet = self._none if self._all_fit and post else 0
        until = np.maximum(np.concatenate(([nothing_yet], np.maximum.accumulate(from_any))), nothing_yet)
        ends = np.minimum(reach.near, reach.today)[window] - before.start
        found = np.full((self._nths, window.stop - window.start), self._none, self._kind)
        found[0] = until[np.maximum(ends, 0)] + alone
        found[0] = np.maximum(found[0], self._after(from_any, before, self._other_day, weight, window))
        for nth in range(1, self._nths):
            sums = best[nth - 1, before]
            found[nth] = self._within_day(sums, before, window) + alone
            found[nth] = np.maximum(found[nth], self._after(sums, before, self._same_day, weight, window))
        found += self._for_each
        found[np.arange(self._nths)[:, None] >= self._room[window]] = self._none
        return np.maximum(found, self._none)

    def _after(self, sums: Sums, before: slice, worth: Sums, weight: int, window: slice) -> Sums:
        """The best of each slot with a post before it that matters."""
        if not len(worth):
            return np.full_like(sums, self._none, shape=window.stop - window.start)
        padded = np.concatenate((np.full_like(sums, self._none, shape=self._lags[1]), sums))
        here = slice(window.start - before.start, window.stop - before.start)
        gained = worth[:, window]
        if weight != 1:
            gained = np.where(gained == self._none, self._none, gained * weight)
        sums_so_far: Sums = sliding_window_view(padded, len(sums))[: len(worth), here] + gained
        return sums_so_far.max(axis=0)

    def _within_day(self, sums: Sums, before: slice, window: slice) -> Sums:
        """The best of each slot's own day before what is near it."""
        today = np.maximum(self._reach.today[before] - before.start, 0)
        place = np.arange(len(sums)) - today
        days, day = np.unique(today, return_inverse=True)
        table = np.full((len(days), int(place.max(initial=0)) + 1), self._none, self._kind)
        table[day, place] = sums
        table = np.maximum.accumulate(table, axis=1)
        here: Ints = np.arange(window.start, window.stop, dtype=np.int64) - before.start
        until = self._reach.near[window] - before.start - today[here]
        return np.where(until > 0, table[day[here], np.maximum(until - 1, 0)], self._none).astype(self._kind)

    def _traced(self, best: Sums, kept: Sequence[_Kept]) -> Ints:
        """The slots that lead to the best sum, found from the last post back."""
        slots = np.full(len(self._posts), NOWHERE, np.int64)
        state = self._best_state(best)
        for post in range(len(slots) - 1, -1, -1):
            if state is None:
                break
            value, (window, before) = int(best[state]), kept[post]
            if self._all_fit:
                best[...] = self._none
            best[:, window] = before
            if self._all_fit or int(best[state]) != value:
                slots[post] = state[1]
                state = self._state_before(best, post, state, value)
        return slots

    def _best_state(self, best: Sums) -> tuple[int, int] | None:
        if not best.size or int(best.max()) < 0:  # what none adds up to is less than that
            return None
        by_slot = best.max(axis=0)
        slot = int(np.argmax(by_slot))
        return int(np.argmax(best[:, slot])), slot

    def _state_before(self, best: Sums, post: int, state: tuple[int, int], value: int) -> tuple[int, int] | None:
        nth, slot = state
        reach, lane, weight = self._reach, self._lane, int(self._posts.weight[post])
        first, behind = (0, min(int(reach.behind[slot]), int(reach.today[slot])))
        if nth:
            first, behind = int(reach.today[slot]), int(reach.behind[slot])
        since = np.minimum(lane.at[slot] - lane.at[first:behind], lane.since_taken[slot])
        worth = weight * self._decay.worth(np.full(len(since), lane.value[slot]), since)
        sums = (best[nth - 1] if nth else best.max(axis=0))[first:behind].astype(np.int64)
        reached = np.flatnonzero(sums + worth + self._for_each == value)
        if not len(reached):
            return None
        before = first + int(reached[0])
        return (nth - 1 if nth else int(np.argmax(best[:, before]))), before


def _kind_for(most: int) -> tuple[type[np.int32] | type[np.int64], int]:
    """The numbers that hold sums up to ``most`` in absolute terms, and the one that stands for none."""
    if most < 1 << 30:
        return np.int32, -(1 << 30)
    if most < 1 << 61:
        return np.int64, -(1 << 61)
    raise NotThisWay

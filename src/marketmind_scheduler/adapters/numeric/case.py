"""One lane to solve, and what is found."""

from dataclasses import dataclass, replace

import numpy as np

from marketmind_scheduler.adapters.numeric.decay import Decay, worths
from marketmind_scheduler.adapters.numeric.lane import Ints, Lane, nothing_limited
from marketmind_scheduler.adapters.numeric.posts import NOWHERE, Posts
from marketmind_scheduler.adapters.numeric.sweep import first_that_fit
from marketmind_scheduler.domain.planning.problem import Method

UNDECAYED = Decay(0, 1)


class NotThisWay(Exception):  # noqa: N818  # named after what happened
    """The case is not one of those that this way solves, or it would take too long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """For each post its slot. No choice of as many posts is worth more than ``bound``, in weight times worth;
    ``most_fit`` says whether certainly none has more posts."""

    slots: Ints
    bound: int
    method: Method
    most_fit: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """``start`` is a choice that keeps every rule; of posts that may all take the same slots, none has more."""

    lane: Lane
    posts: Posts
    decay: Decay
    start: Ints

    @property
    def count(self) -> int:
        return int((self.start != NOWHERE).sum())

    @property
    def all_fit(self) -> bool:
        return self.count == len(self.posts)

    @property
    def weight(self) -> int:
        """Of posts that are alike."""
        return int(self.posts.weight.max(initial=0))

    def value(self, slots: Ints) -> int:
        who = placed_in_time_order(slots)
        return int(self.posts.weight[who] @ worths(self.lane, self.decay, slots[who]))

    def keeps(self, slots: Ints) -> bool:
        """Whether these slots keep every rule."""
        who = np.flatnonzero(slots != NOWHERE)
        taken = slots[who]
        fits = (taken >= self.posts.first[who]) & (taken < self.posts.behind[who])
        ordered = not self.posts.in_order or self.posts.alike or bool(np.all(np.diff(taken) > 0))
        return ordered and bool(fits.all()) and self.lane.keeps(np.sort(taken))

    def easier(self) -> list["Case"]:
        """The same with one thing less to keep, where there is one: no rolling caps, no decay, or no order. The best of
        each is at least as good."""
        less: list[Case] = []
        if len(self.lane.rolling.first):
            less.append(replace(self, lane=replace(self.lane, rolling=nothing_limited())))
        if self.decay.part:
            less.append(replace(self, decay=UNDECAYED))
        if not less and self.posts.in_order and not self.posts.alike:
            less.append(replace(self, posts=replace(self.posts, in_order=False)))
        return [replace(each, start=first_that_fit(each.lane, each.posts)) for each in less]


def simple_bound(case: Case) -> int:
    """The heaviest posts in the best slots, whatever the rules say."""
    values = np.sort(case.lane.value)[::-1][: len(case.posts)]
    return int(np.sort(case.posts.weight)[::-1][: len(values)] @ values)


def windows_bound(case: Case) -> int:
    """Each post in the best slot of its own window, whatever the others take."""
    posts = case.posts
    windows = zip(posts.weight.tolist(), posts.first.tolist(), posts.behind.tolist(), strict=True)
    return sum(weight * int(case.lane.value[first:behind].max(initial=0)) for weight, first, behind in windows)


def placed_in_time_order(slots: Ints) -> Ints:
    """The posts that have a slot, the earliest first."""
    placed = np.flatnonzero(slots != NOWHERE)
    return placed[np.argsort(slots[placed], kind="stable")]

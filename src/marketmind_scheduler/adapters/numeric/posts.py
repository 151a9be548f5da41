"""The posts of a lane as columns."""

from dataclasses import dataclass, replace

import numpy as np

from marketmind_scheduler.adapters.numeric.lane import Ints, Lane
from marketmind_scheduler.domain.planning.problem import LaneProblem

NOWHERE = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Posts:
    """In campaign order. Each may take the slots from ``first`` until before ``behind``; with ``in_order``, none that
    comes before the slot of an earlier post."""

    weight: Ints
    first: Ints
    behind: Ints
    in_order: bool

    def __len__(self) -> int:
        return len(self.weight)

    @property
    def share_slots(self) -> bool:
        """Whether they may all take the same slots."""
        return bool(np.all(self.first == self.first[:1]) and np.all(self.behind == self.behind[:1]))

    @property
    def alike(self) -> bool:
        return self.share_slots and bool(np.all(self.weight == self.weight[:1]))

    def first_ones(self, count: int) -> "Posts":
        kept = slice(count)
        return replace(self, weight=self.weight[kept], first=self.first[kept], behind=self.behind[kept])

    def alike_by_one(self) -> "Posts":
        """Posts that are alike, as of a weight of 1."""
        return replace(self, weight=np.ones(len(self), np.int64))

    def between_their_neighbours(self) -> "Posts":
        """In order, where none is left out, no post begins before an earlier one may or ends after a later one may."""
        first, behind = np.maximum.accumulate(self.first), np.minimum.accumulate(self.behind[::-1])[::-1]
        return replace(self, first=first, behind=behind)

    def in_their_order(self, chosen: Ints) -> Ints:
        """For each post its slot, where they are alike: as many as there are slots, the first ones first."""
        slots = np.full(len(self), NOWHERE, np.int64)
        slots[: len(chosen)] = chosen
        return slots

    def by_weight(self, chosen: Ints, worth: Ints) -> Ints:
        """For each post its slot, where all may take any: the heaviest has the one worth the most. Posts of one weight
        have theirs in campaign order."""
        best_first = chosen[np.argsort(-worth, kind="stable")]
        heaviest_first = np.argsort(-self.weight, kind="stable")[: len(chosen)]
        slots = np.full(len(self), NOWHERE, np.int64)
        slots[heaviest_first] = best_first
        for weight in np.unique(self.weight).tolist():
            same = heaviest_first[self.weight[heaviest_first] == weight]
            slots[np.sort(same)] = np.sort(slots[same])
        return slots


def posts_of(problem: LaneProblem, lane: Lane) -> Posts:
    return Posts(
        weight=np.array([post.weight for post in problem.posts], np.int64),
        first=np.searchsorted(lane.at, np.array([post.earliest for post in problem.posts], np.int64), "left"),
        behind=np.searchsorted(lane.at, np.array([post.latest for post in problem.posts], np.int64), "right"),
        in_order=problem.in_order,
    )

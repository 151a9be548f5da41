"""The posts of a lane as columns."""

from dataclasses import dataclass

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

    def in_their_order(self, chosen: Ints) -> Ints:
        """For each post its slot, where they are alike: as many as there are slots, the first ones first."""
        slots = np.full(len(self), NOWHERE, np.int64)
        slots[: len(chosen)] = chosen
        return slots


def posts_of(problem: LaneProblem, lane: Lane) -> Posts:
    return Posts(
        weight=np.array([post.weight for post in problem.posts], np.int64),
        first=np.searchsorted(lane.at, np.array([post.earliest for post in problem.posts], np.int64), "left"),
        behind=np.searchsorted(lane.at, np.array([post.latest for post in problem.posts], np.int64), "right"),
        in_order=problem.in_order,
    )

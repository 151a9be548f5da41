"""Whoever chooses the best slots."""

from collections.abc import Sequence
from typing import Protocol

from marketmind_scheduler.domain.audience.profile import Profile
from marketmind_scheduler.domain.planning.problem import Alternative, LaneChoice, LaneProblem, OpenSlot, WhyUnplaced


class PlanSolver(Protocol):
    """Chooses, off the event loop; the same for the same problem, on any machine.

    Every method raises SchedulerUnavailable where nothing can be solved now, or in this installation, and where the
    solver ``broke``. It gives the work up when it is cancelled.
    """

    async def solve(self, problems: Sequence[LaneProblem], *, seconds: float) -> Sequence[LaneChoice]:
        """The choice for each problem, in their order; they are solved side by side. What is not done after so many
        seconds is chosen by a cheaper way, which takes about half a second, and its certificate says so by its
        method."""
        ...

    async def fixed(self, problem: LaneProblem, *, post: int, slot: int, seconds: float) -> LaneChoice | None:
        """The best choice that has this post, by its number, in this slot; None where it takes longer. Where that
        leaves less room, others are left out; the post itself is, where the slot is not open to it. Where posts
        take from each other it may not be the best: as many posts are worth between the ``value`` of its certificate
        and the ``bound``, which is true."""
        ...

    async def alternatives(
        self, problem: LaneProblem, chosen: Sequence[int | None], *, most: int, seconds: float
    ) -> Sequence[Sequence[Alternative]]:
        """For each post the best other slots that it could have with all others in theirs, up to so many, the best
        first and of those alike the earliest. None for one that is left out or whose slot is not open to it; such a one
        takes no room. Empty where it takes longer."""
        ...

    async def why_unplaced(
        self, problem: LaneProblem, choice: LaneChoice, *, later: Sequence[OpenSlot] = (), seconds: float
    ) -> WhyUnplaced:
        """Why the choice leaves posts out, and up to three changes, each of one rule alone, with which it would not.
        ``later`` are the slots of the days behind the problem's, ascending; none where it cannot be lengthened. Posts
        that may take the last day may take them too, and what is ``taken`` then counts as well. No
        change is named where it takes longer."""
        ...

    async def narrowed(self, profile: Profile, posts: Sequence[int]) -> Profile:
        """As ``ProfileFitter.narrowed``."""
        ...

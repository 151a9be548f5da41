"""A solver that asks no other process, and one that breaks."""

from collections.abc import Sequence
from dataclasses import replace

from marketmind_scheduler.adapters.numeric import choosing, explaining, fitting
from marketmind_scheduler.adapters.numeric.alternatives import alternatives
from marketmind_scheduler.adapters.numeric.packing import packed
from marketmind_scheduler.domain.audience.profile import Profile
from marketmind_scheduler.domain.errors import SchedulerUnavailable
from marketmind_scheduler.domain.planning.problem import (
    Alternative,
    Certificate,
    LaneChoice,
    LaneProblem,
    Method,
    OpenSlot,
    WhyUnplaced,
)


class DirectPlanSolver:
    """It is never in a hurry."""

    async def solve(self, problems: Sequence[LaneProblem], *, seconds: float) -> Sequence[LaneChoice]:
        del seconds
        return [choosing.solve_lane(problem) for problem in problems]

    async def fixed(self, problem: LaneProblem, *, post: int, slot: int, seconds: float) -> LaneChoice | None:
        del seconds
        return explaining.fixed(packed(problem), post, slot)

    async def alternatives(
        self, problem: LaneProblem, chosen: Sequence[int | None], *, most: int, seconds: float
    ) -> Sequence[Sequence[Alternative]]:
        del seconds
        return alternatives(packed(problem), chosen, most).of_posts

    async def why_unplaced(
        self, problem: LaneProblem, choice: LaneChoice, *, later: Sequence[OpenSlot] = (), seconds: float
    ) -> WhyUnplaced:
        del seconds
        longer = replace(problem, slots=(*problem.slots, *later))
        return explaining.why_unplaced(packed(longer), choice.chosen)

    async def narrowed(self, profile: Profile, posts: Sequence[int]) -> Profile:
        return fitting.narrowed(profile, posts)


class BrokenPlanSolver(DirectPlanSolver):
    """``broke`` says whether it fails at what it is asked; else it is never asked, as without the extra."""

    def __init__(self, *, broke: bool = True) -> None:
        self._broke = broke

    async def solve(self, problems: Sequence[LaneProblem], *, seconds: float) -> Sequence[LaneChoice]:
        del seconds
        raise SchedulerUnavailable(f"none of {len(problems)} is solved", broke=self._broke)


class ClumsyPlanSolver(DirectPlanSolver):
    """Puts the posts into the first slots that the rules allow, and knows no bound but twice that."""

    async def solve(self, problems: Sequence[LaneProblem], *, seconds: float) -> Sequence[LaneChoice]:
        del seconds
        return [_first_that_fit(problem) for problem in problems]


def _first_that_fit(problem: LaneProblem) -> LaneChoice:
    begun = replace(problem, slots=[replace(slot, value=0) for slot in problem.slots], decay=(0, 1))
    chosen = choosing.solve_lane(begun).chosen
    value = sum(problem.slots[slot].value for slot in chosen if slot is not None)
    return LaneChoice(chosen=chosen, certificate=Certificate(method=Method.EXCHANGE, value=value // 2, bound=2 * value))

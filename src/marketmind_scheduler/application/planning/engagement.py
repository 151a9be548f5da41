"""One plan of chosen slots, made within its budget."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from marketmind_scheduler.application.planning.alternatives import with_alternatives
from marketmind_scheduler.application.planning.budget import Budget
from marketmind_scheduler.application.planning.making_room import left_out
from marketmind_scheduler.domain.planning.choosing import LaneBrief, lane_brief, relaxed
from marketmind_scheduler.domain.planning.controlling import drawn
from marketmind_scheduler.domain.planning.emphasis import Emphasis
from marketmind_scheduler.domain.planning.engaging import exploratory_share, placements_of, posts_at
from marketmind_scheduler.domain.planning.floor import never_below_naive
from marketmind_scheduler.domain.planning.plan import (
    MOST_EXPLORING,
    MOST_EXPLORING_TIMES,
    Brief,
    Plan,
    PostToPlace,
    Unplaced,
    Untried,
)
from marketmind_scheduler.domain.planning.problem import LaneChoice, LaneProblem, Method
from marketmind_scheduler.domain.planning.room import Stand, counts_lanes_together, stands
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.schedulers import SchedulerKind
from marketmind_scheduler.ports.plan_solver import PlanSolver

_BOLDNESS = (1.0, 0.5, 0.25, 0.125, 0.0625, 0.03125)
"""How many standard deviations above what is expected an hour is taken for: the first that stays in the budget."""
_MOST_EXPLORATORY = 0.15


@dataclass(frozen=True, slots=True)
class _Solved:
    lane: LaneBrief
    choice: LaneChoice
    expected: LaneChoice


@dataclass(frozen=True, slots=True)
class Making:
    """The best open slots of each lane, by what is believed of its hours; lanes that are counted together one after
    another, each with an equal part of the time that is left. Raises SchedulerUnavailable."""

    solver: PlanSolver
    budget: Budget

    async def planned(self, brief: Brief) -> Plan:
        """Beside what the lot leaves at the naive rule's time; no post is left out for the sake of a comparison."""
        lot = await asyncio.to_thread(drawn, brief)
        plan = lot.completed(await self._chosen(lot.around(brief)))
        if lot.controls and plan.unplaced:
            plan = await self._chosen(brief)
        if _puts_weight_elsewhere(brief):
            return plan
        return await with_alternatives(plan, brief, self.solver, budget=self.budget)

    async def _chosen(self, brief: Brief) -> Plan:
        solved, believed, untried = await self._solved(brief, 0), brief, None
        if brief.explores and not _puts_weight_elsewhere(brief) and len(brief.posts) <= MOST_EXPLORING:
            untried = _too_much(solved)
            explored = None if untried else await self._explored(brief, solved)
            if explored:
                believed, solved = explored
            else:
                untried = untried or Untried.TIME_WAS_UP
        solved = await self._bounded(believed, solved)
        placements = [each for lane in solved for each in placements_of(lane.lane, lane.choice, brief, lane.expected)]
        placements.sort(key=lambda each: (each.slot.publish_time, each.post.platform))
        plan = Plan(
            scheduler=SchedulerKind.ENGAGEMENT,
            placements=tuple(placements),
            unplaced=tuple(await self._left_out(solved, brief)),
            certificates={each.lane.platform: each.choice.certificate for each in solved},
            untried=untried,
        )
        if _puts_weight_elsewhere(brief):  # the naive times do not
            return plan
        return await asyncio.to_thread(never_below_naive, plan, [each.lane for each in solved], brief)

    async def _explored(self, brief: Brief, expected: Sequence[_Solved]) -> tuple[Brief, Sequence[_Solved]] | None:
        """As bold as the budget allows, with the brief as it was believed then. The bolder, the more is tried, so half
        of what is left is ruled out at a time. None where the time was up on the way: no clock decides how bold."""
        found: tuple[Brief, Sequence[_Solved]] = brief, expected
        first, last = 0, len(_BOLDNESS)
        while first < last:
            middle = (first + last) // 2
            tried = await self._bold(brief, expected, _BOLDNESS[middle])
            if tried is None:
                return None
            believed, bold = tried
            if exploratory_share([(each.lane, each.choice, each.expected) for each in bold], brief) > _MOST_EXPLORATORY:
                first = middle + 1
            else:
                found, last = (believed, bold), middle
        return found

    async def _bold(
        self, brief: Brief, expected: Sequence[_Solved], boldness: float
    ) -> tuple[Brief, Sequence[_Solved]] | None:
        """Chosen twice: the first choice counts as learned when the second is made, or all would try one hour. None
        where the time was up."""
        first = await self._solved(brief, boldness)
        if _is_hurried(first):
            return None
        surer = await self._surer(brief, first)
        solved = await self._solved(surer, boldness)
        if _is_hurried(solved):
            return None
        return surer, [replace(each, expected=known.choice) for each, known in zip(solved, expected, strict=True)]

    async def _surer(self, brief: Brief, solved: Sequence[_Solved]) -> Brief:
        """The brief as if the posts that were placed had been learned."""
        profiles = dict(brief.profiles)
        for each in solved:
            platform = each.lane.platform
            profiles[platform] = await self.solver.narrowed(
                brief.profile_of(platform), posts_at(each.lane, each.choice)
            )
        return replace(brief, profiles=profiles)

    async def _solved(self, brief: Brief, boldness: float) -> Sequence[_Solved]:
        """Every lane; a bold choice is given up where one was hurried, for it is not taken then."""
        standing = list(stands(brief))
        solved: list[_Solved] = []
        groups = _lanes(brief)
        for nth, group in enumerate(groups):
            lanes = await asyncio.to_thread(_briefs, group, brief, standing, boldness)
            seconds = self.budget.to_choose(groups=len(groups) - nth)
            choices = await self.solver.solve([each.problem for each in lanes], seconds=seconds)
            for lane, choice in zip(lanes, choices, strict=True):
                solved.append(_Solved(lane, choice, choice))
                standing += _taken(lane, choice)
            if boldness and _is_hurried(solved):
                break
        return solved

    async def _bounded(self, brief: Brief, solved: Sequence[_Solved]) -> Sequence[_Solved]:
        """A lane that gives way to those before it, or is asked for more than the rules want, is proven the best only
        where it would be no better without."""
        easier = await asyncio.to_thread(_easier, [each.lane for each in solved], brief)
        if not easier:
            return solved
        bounds = await self.solver.solve(list(easier.values()), seconds=self.budget.to_choose())
        choices = dict(zip(easier, bounds, strict=True))
        return [
            replace(each, choice=each.choice.within(choices.get(each.lane.platform, each.choice))) for each in solved
        ]

    async def _left_out(self, solved: Sequence[_Solved], brief: Brief) -> Sequence[Unplaced]:
        found: list[Unplaced] = []
        for each in solved:
            elsewhere = [stand for other in solved if other is not each for stand in _taken(other.lane, other.choice)]
            standing = [*stands(brief), *elsewhere]
            found += await left_out(self.solver, each.lane, each.choice, brief, standing, budget=self.budget)
        return found


def _puts_weight_elsewhere(brief: Brief) -> bool:
    """Whether its slots are chosen by more than they are worth; then none is tried, and none is explained."""
    return brief.emphasis[0] is not Emphasis.BEST


def _is_hurried(solved: Sequence[_Solved]) -> bool:
    return any(each.choice.certificate.method is Method.QUICK for each in solved)


def _too_much(expected: Sequence[_Solved]) -> Untried | None:
    """Why no hour is to be tried beside what is expected to be best."""
    if sum(len(each.lane.slots) for each in expected) > MOST_EXPLORING_TIMES:
        return Untried.MANY_TIMES
    return Untried.TIME_WAS_UP if _is_hurried(expected) else None


def _lanes(brief: Brief) -> Sequence[Sequence[tuple[Platform, Sequence[PostToPlace]]]]:
    """The lanes that are solved side by side, group by group: all of them, unless a rule counts several together."""
    in_lanes = sorted(brief.posts, key=lambda post: post.platform)  # a stable sort: their order stays
    lanes = [(platform, list(posts)) for platform, posts in groupby(in_lanes, key=lambda post: post.platform)]
    return [[lane] for lane in lanes] if counts_lanes_together(brief.binding) else [lanes]


def _briefs(
    lanes: Sequence[tuple[Platform, Sequence[PostToPlace]]], brief: Brief, standing: Sequence[Stand], boldness: float
) -> Sequence[LaneBrief]:
    return [lane_brief(platform, posts, brief, standing, boldness=boldness) for platform, posts in lanes]


def _easier(lanes: Sequence[LaneBrief], brief: Brief) -> Mapping[Platform, LaneProblem]:
    """The relaxed problem of each lane that has been asked for more."""
    if not counts_lanes_together(brief.binding) and all(lane.is_exact for lane in lanes):
        return {}
    problems = {lane.platform: relaxed(lane, brief) for lane in lanes}
    return {lane.platform: problems[lane.platform] for lane in lanes if problems[lane.platform] != lane.problem}


def _taken(lane: LaneBrief, choice: LaneChoice) -> Sequence[Stand]:
    return [(lane.platform, lane.slots[each].instant) for each in choice.chosen if each is not None]

"""Why posts are left out of a plan, and which one change would place them, each tried."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace

from marketmind_scheduler.application.planning.budget import Budget
from marketmind_scheduler.domain.planning.choosing import LaneBrief, lane_brief
from marketmind_scheduler.domain.planning.engaging import unplaced_of
from marketmind_scheduler.domain.planning.forecast import REACH
from marketmind_scheduler.domain.planning.plan import Brief, Unplaced
from marketmind_scheduler.domain.planning.problem import LaneChoice, Relaxable, Relaxation
from marketmind_scheduler.domain.planning.room import Stand
from marketmind_scheduler.domain.planning.size import MOST_DAYS
from marketmind_scheduler.domain.rules.openness import ONE_DAY
from marketmind_scheduler.domain.rules.policy import (
    Blackout,
    DailyCap,
    MinGap,
    PostingHours,
    QuietHours,
    RollingCap,
    Rule,
)
from marketmind_scheduler.ports.plan_solver import PlanSolver

_LATER_DAYS = REACH // ONE_DAY  # so far behind the campaign it is known what stands
_MOST_NAMED = 3


async def left_out(
    solver: PlanSolver,
    lane: LaneBrief,
    choice: LaneChoice,
    brief: Brief,
    standing: Sequence[Stand],
    *,
    budget: Budget,
) -> Sequence[Unplaced]:
    """The posts of a lane that its choice leaves out, beside all that stands and is placed on other lanes. Up to three
    changes are named, as far as there is time to look for them: the campaign lengthened by as few days as do, a rule
    loosened as little as does, hours or days opened. Raises SchedulerUnavailable."""
    if choice.placed == len(lane.posts):
        return ()
    longer = await asyncio.to_thread(_lengthened, lane, brief, standing)
    last = brief.last_day.toordinal()
    own = [slot for slot in longer.problem.slots if slot.day <= last]
    end = own[-1].instant if own else longer.problem.slots[0].instant - 1 if longer.problem.slots else 0
    posts = [replace(post, latest=min(post.latest, end)) for post in longer.problem.posts]
    later = longer.problem.slots[len(own) :]
    problem = replace(longer.problem, slots=own, posts=posts)
    why = await solver.why_unplaced(problem, choice, later=later, seconds=budget.left())
    named = [each for each in why.relaxations if _is_of_policy(each, lane, brief)]
    opened = await _opened(solver, lane, brief, standing, budget=budget, most=_MOST_NAMED - len(named))
    told = unplaced_of(lane, replace(why, relaxations=named), brief)
    return [replace(each, relaxations=(*each.relaxations, *opened)) for each in told]


async def _opened(
    solver: PlanSolver, lane: LaneBrief, brief: Brief, standing: Sequence[Stand], *, budget: Budget, most: int
) -> Sequence[str]:
    """Which hours or days, opened alone, place every post."""
    said: list[str] = []
    for what, rules in _without_one(brief.binding.policy.rules, lane):
        if len(said) >= most or not budget.left():
            break
        opened = replace(brief, rules=replace(brief.binding, policy=replace(brief.binding.policy, rules=rules)))
        easier = await asyncio.to_thread(lane_brief, lane.platform, lane.posts, opened, standing)
        if len(easier.slots) > len(lane.slots):
            [choice] = await solver.solve([easier.problem], seconds=budget.left())
            if choice.placed == len(lane.posts):
                said.append(f"leave {what} out")
    return said


def _without_one(rules: Sequence[Rule], lane: LaneBrief) -> Iterator[tuple[str, tuple[Rule, ...]]]:
    own = [rule for rule in rules if lane.platform in rule.platforms]
    for kind in (QuietHours, PostingHours):
        if any(isinstance(rule, kind) for rule in own):
            yield kind.kind.value, tuple(rule for rule in rules if not isinstance(rule, kind))
    for blackout in own:
        if isinstance(blackout, Blackout):
            name = f" ({blackout.name})" if blackout.name else ""
            said = f"the blackout {blackout.first_date} to {blackout.last_date}{name}"
            yield said, tuple(rule for rule in rules if rule is not blackout)


def _lengthened(lane: LaneBrief, brief: Brief, standing: Sequence[Stand]) -> LaneBrief:
    """The lane as if the campaign had a few more days; one post by itself has none."""
    days = 0 if brief.is_of_one else min(_LATER_DAYS, MOST_DAYS - (brief.last_day - brief.first_day).days - 1)
    longer = replace(brief, last_day=brief.last_day + max(0, days) * ONE_DAY)
    return lane_brief(lane.platform, lane.posts, longer, standing)


def _is_of_policy(relaxation: Relaxation, lane: LaneBrief, brief: Brief) -> bool:
    """Whether it loosens a rule of the brand's own; what a platform allows cannot be loosened so."""
    own = brief.binding.policy.of(lane.platform)
    match relaxation.rule:
        case Relaxable.MORE_DAYS:
            return True
        case Relaxable.MIN_GAP:
            return any(isinstance(rule, MinGap) for rule in own)
        case Relaxable.DAILY_CAP:
            return any(isinstance(rule, DailyCap) for rule in own)
        case Relaxable.ROLLING_CAP:
            hours = (rule.hours for rule in own if isinstance(rule, RollingCap))
            return relaxation.seconds in {each * 3_600 for each in hours}

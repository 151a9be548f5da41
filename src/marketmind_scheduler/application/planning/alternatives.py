"""What else each post of a plan could have had."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from marketmind_scheduler.application.planning.budget import Budget
from marketmind_scheduler.domain.errors import SchedulerUnavailable
from marketmind_scheduler.domain.planning.better import bindings
from marketmind_scheduler.domain.planning.choosing import LaneBrief, lane_brief
from marketmind_scheduler.domain.planning.plan import MOST_EXPLAINED, Brief, Placement, Plan
from marketmind_scheduler.domain.planning.reasons import Binding, RunnerUp
from marketmind_scheduler.domain.planning.room import Stand, stands
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.ports.plan_solver import PlanSolver

_RUNNERS_UP = 2


async def with_alternatives(plan: Plan, brief: Brief, solver: PlanSolver, *, budget: Budget) -> Plan:
    """The plan whose reasons say which better times rules close, and which came next by what is expected of the hours;
    as it is where it has more than MOST_EXPLAINED posts. What came next is left out where there is no time for it, or
    the solver has none."""
    if len(brief.posts) > MOST_EXPLAINED:
        return plan
    binding = await asyncio.to_thread(bindings, plan.placements, brief)
    try:
        next_ = [await _runner_ups(each, plan, brief, solver, budget=budget) for each in sorted(_platforms(plan))]
    except SchedulerUnavailable:
        next_ = []
    runner_ups = {post_id: found for lane in next_ for post_id, found in lane.items()}
    return replace(plan, placements=tuple(_explained(each, binding, runner_ups) for each in plan.placements))


def _platforms(plan: Plan) -> set[Platform]:
    return {each.post.platform for each in plan.placements}


def _explained(
    placement: Placement, binding: Mapping[UUID, Sequence[Binding]], runner_ups: Mapping[UUID, Sequence[RunnerUp]]
) -> Placement:
    if placement.reason is None:
        return placement
    post_id = placement.post.post_id
    found = {"binding": tuple(binding.get(post_id, ())), "runner_ups": tuple(runner_ups.get(post_id, ()))}
    return replace(placement, reason=replace(placement.reason, **found))


async def _runner_ups(
    platform: Platform, plan: Plan, brief: Brief, solver: PlanSolver, *, budget: Budget
) -> Mapping[UUID, Sequence[RunnerUp]]:
    lane = await asyncio.to_thread(_lane, platform, plan, brief)
    number = {slot.instant: nth for nth, slot in enumerate(lane.slots)}
    times = {each.post.post_id: each.slot.publish_time for each in plan.placements}
    chosen = [number.get(times[each.post_id]) for each in lane.posts]
    if None in chosen:  # one stands beside the grid, and would not be counted
        return {}
    found = await solver.alternatives(lane.problem, chosen, most=_RUNNERS_UP, seconds=budget.left())
    if not found:  # there was no time for it
        return {}
    return {
        post.post_id: [
            RunnerUp(
                publish_time=lane.slots[each.slot].instant,
                local_time=lane.slots[each.slot].local_time,
                change=each.change,
            )
            for each in others
        ]
        for post, others in zip(lane.posts, found, strict=True)
    }


def _lane(platform: Platform, plan: Plan, brief: Brief) -> LaneBrief:
    """Of the posts that are placed, beside all that stands and what is placed on other platforms."""
    placed = [each.post for each in plan.placements if each.post.platform is platform]
    elsewhere: list[Stand] = [
        (each.post.platform, each.slot.publish_time) for each in plan.placements if each.post.platform is not platform
    ]
    return lane_brief(platform, placed, brief, [*stands(brief), *elsewhere])

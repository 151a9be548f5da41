"""Choosing a lane's slots again with one of its posts where somebody wants it."""

import asyncio
from bisect import bisect_left
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from marketmind_scheduler.application.planning.budget import WHY_SECONDS, Budget
from marketmind_scheduler.domain.audience.week import cell_at
from marketmind_scheduler.domain.planning.choosing import LaneBrief, lane_brief, whole_seconds
from marketmind_scheduler.domain.planning.instead import (
    Instants,
    Instead,
    Wish,
    fewest_moves,
    instants,
    moved,
    worth_of,
)
from marketmind_scheduler.domain.planning.plan import Brief, Placement, Plan
from marketmind_scheduler.domain.planning.problem import OpenSlot
from marketmind_scheduler.domain.planning.room import Stand, stands
from marketmind_scheduler.domain.rules.judging import breaking
from marketmind_scheduler.domain.rules.open_slots import GridSlot
from marketmind_scheduler.domain.rules.violations import Occupied, Wanted
from marketmind_scheduler.domain.wall_clock import local_day, wall_time
from marketmind_scheduler.ports.plan_solver import PlanSolver

_TOO_LARGE = (
    f"the platform is too large to choose its slots again within {WHY_SECONDS:g} seconds, so what else would move is "
    "not known"
)


async def chosen_again(solver: PlanSolver, brief: Brief, plan: Plan, wish: Wish, *, budget: Budget) -> Instead:
    """The best that is found for the post's platform with the post there, by what is expected of the hours. The posts
    of other platforms stay, and so do those that stand where they are to learn or to compare, unless they are in the
    way. Raises SchedulerUnavailable."""
    before = instants(plan.placements)
    found = await _again(solver, brief, plan, wish, _held(plan, wish), budget=budget)
    if found is not None and wish.post.post_id not in found.times:
        found = await _again(solver, brief, plan, wish, (), budget=budget)
    alone = {**before, wish.post.post_id: wish.slot.publish_time}
    stands_alone = await asyncio.to_thread(_keeps, brief, plan, wish)
    if found is None or wish.post.post_id not in found.times:
        trouble = _TOO_LARGE if found is None else "no room was found for it there, whatever else moves"
        return _told(brief, wish, before, alone, trouble=trouble) if stands_alone else Instead(trouble=trouble)
    times = {**{post_id: at for post_id, at in before.items() if post_id not in found.asked}, **found.times}
    told = _told(brief, wish, before, times, proven=found.is_proven)
    by_itself = _told(brief, wish, before, alone)
    if stands_alone and len(alone) >= len(times) and (by_itself.change or 0) >= (told.change or 0):
        return replace(by_itself, proven=found.is_proven)
    return told


@dataclass(frozen=True, slots=True)
class _Found:
    asked: frozenset[object]
    times: Instants
    is_proven: bool


def _held(plan: Plan, wish: Wish) -> Sequence[Placement]:
    return [
        each
        for each in plan.placements
        if each.post.platform is wish.post.platform
        and each.post != wish.post
        and each.reason
        and (each.reason.is_exploratory or each.reason.is_control)
    ]


async def _again(
    solver: PlanSolver, brief: Brief, plan: Plan, wish: Wish, held: Sequence[Placement], *, budget: Budget
) -> _Found | None:
    lane = await asyncio.to_thread(_lane, brief, plan, wish, held)
    nth = bisect_left(lane.problem.slots, whole_seconds(wish.slot.publish_time), key=lambda slot: slot.instant)
    post = next(nth for nth, each in enumerate(lane.posts) if each.post_id == wish.post.post_id)
    choice = await solver.fixed(lane.problem, post=post, slot=nth, seconds=budget.left())
    if choice is None:
        return None
    after = {
        each.post_id: lane.slots[chosen].instant
        for each, chosen in zip(lane.posts, choice.chosen, strict=True)
        if chosen is not None
    }
    others = [each for each in lane.posts if each.post_id != wish.post.post_id]
    times = dict(fewest_moves(others, instants(plan.placements), after))
    if wish.post.post_id in after:
        times[wish.post.post_id] = after[wish.post.post_id]
    return _Found(frozenset(each.post_id for each in lane.posts), times, choice.certificate.proven)


def _lane(brief: Brief, plan: Plan, wish: Wish, held: Sequence[Placement]) -> LaneBrief:
    """The platform's problem beside all that stays, with the time in mind among its slots."""
    platform = wish.post.platform
    stay = {each.post.post_id for each in held}
    posts = [each for each in brief.posts if each.platform is platform and each.post_id not in stay]
    standing: list[Stand] = [
        *stands(brief),
        *(
            (each.post.platform, each.slot.publish_time)
            for each in plan.placements
            if each.post.platform is not platform or each.post.post_id in stay
        ),
    ]
    asked = set(posts)
    return _preferring(
        [each.slot.publish_time for each in plan.placements if each.post in asked],
        _with_slot(lane_brief(platform, posts, brief, standing), wish, brief),
    )


def _preferring(times: Collection[datetime], lane: LaneBrief) -> LaneBrief:
    """With a millionth more in the slots at these times, so that nothing moves for nothing."""
    kept = {whole_seconds(at) for at in times}
    slots = [replace(each, value=each.value + 1) if each.instant in kept else each for each in lane.problem.slots]
    return replace(lane, problem=replace(lane.problem, slots=slots))


def _with_slot(lane: LaneBrief, wish: Wish, brief: Brief) -> LaneBrief:
    at = wish.slot.publish_time
    instant = whole_seconds(at)
    nth = bisect_left(lane.problem.slots, instant, key=lambda slot: slot.instant)
    if nth < len(lane.problem.slots) and lane.problem.slots[nth].instant == instant:
        return lane
    local, day = wall_time(at, brief.zone), local_day(at, brief.zone)
    value = brief.profile_of(lane.platform).value(cell_at(local))
    added = OpenSlot(instant=instant, day=day.toordinal(), value=value)
    slots, of_problem = lane.slots, lane.problem.slots
    return replace(
        lane,
        slots=[*slots[:nth], GridSlot(at, local, day), *slots[nth:]],
        problem=replace(lane.problem, slots=[*of_problem[:nth], added, *of_problem[nth:]]),
    )


def _keeps(brief: Brief, plan: Plan, wish: Wish) -> bool:
    """Whether the post may stand there with all else where it is."""
    wanted = Wanted(post_id=wish.post.post_id, platform=wish.post.platform, publish_time=wish.slot.publish_time)
    others = [
        Occupied(holder_id=each.post.post_id, platform=each.post.platform, publish_time=each.slot.publish_time)
        for each in (*plan.placements, *brief.kept)
        if each.post.post_id != wish.post.post_id
    ]
    places = {(each.platform, each.publish_time) for each in (*others, *brief.occupied)}
    is_taken = (wanted.platform, wanted.publish_time) in places
    return not is_taken and not breaking([wanted], [*brief.occupied, *others], brief.binding, now=brief.now)


def _told(
    brief: Brief,
    wish: Wish,
    before: Instants,
    after: Instants,
    *,
    proven: bool = False,
    trouble: str | None = None,
) -> Instead:
    others = [each for each in brief.posts if each.post_id != wish.post.post_id]
    value = worth_of(brief, brief.posts, before)
    return Instead(
        change=worth_of(brief, brief.posts, after) - value,
        value=value,
        proven=proven,
        moved=moved(others, before, after),
        trouble=trouble,
    )

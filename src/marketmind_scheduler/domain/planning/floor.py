"""The naive rule's times as what a plan of chosen ones is never worth less than."""

from collections.abc import Sequence
from dataclasses import replace

from marketmind_scheduler.domain.errors import Rejected
from marketmind_scheduler.domain.planning.alternatives import is_broken
from marketmind_scheduler.domain.planning.choosing import LaneBrief, whole_seconds
from marketmind_scheduler.domain.planning.engaging import reason_at
from marketmind_scheduler.domain.planning.naive import plan_naively
from marketmind_scheduler.domain.planning.plan import Brief, Fallback, Placement, Plan
from marketmind_scheduler.domain.planning.problem import Certificate, Method
from marketmind_scheduler.domain.planning.worth import Stood, worth
from marketmind_scheduler.domain.rules.open_slots import GridSlot
from marketmind_scheduler.domain.schedulers import SchedulerKind
from marketmind_scheduler.domain.wall_clock import local_day, wall_time


def never_below_naive(plan: Plan, lanes: Sequence[LaneBrief], brief: Brief) -> Plan:
    """The plan, or the naive rule's times where they break no rule and place more, or as much that is worth more."""
    if not lanes:
        return plan
    try:
        naive = plan_naively(brief)
    except Rejected:
        return plan
    certificates = {lane.platform: _certificate(naive, lane, plan, brief.zone) for lane in lanes}
    found = [each for each in certificates.values() if each is not None]
    has_more = bool(plan.unplaced) or sum(each.value for each in found) > (plan.certificate or found[0]).value
    if len(found) < len(lanes) or not has_more or _cannot_stand(naive, brief):
        return plan
    return replace(
        plan,
        placements=tuple(_with_reason(each, brief) for each in naive.placements),
        unplaced=(),
        certificates={lane.platform: each for lane, each in zip(lanes, found, strict=True)},
    )


def naive_instead(brief: Brief, asked: SchedulerKind) -> Plan:
    """The naive rule's times, where nothing could be chosen. Raises what the rule raises."""
    return replace(plan_naively(brief), scheduler=asked, fallback=Fallback.SOLVER_FAILED)


def _certificate(naive: Plan, lane: LaneBrief, plan: Plan, zone: str) -> Certificate | None:
    """Of the naive times of a lane; None where one of them is in no hour that is open to it."""
    values = {
        slot.local_time.replace(minute=0): open_.value
        for slot, open_ in zip(lane.slots, lane.problem.slots, strict=True)
    }
    stood: list[Stood] = []
    for each in naive.placements:
        if each.post.platform is lane.platform:
            value = values.get(_slot(each, zone).local_time.replace(minute=0, second=0))
            if value is None:
                return None
            stood.append(Stood(whole_seconds(each.slot.publish_time), value, each.post.weight))
    value = worth(lane.problem, stood)
    bound = max((plan.certificates or {})[lane.platform].bound, value)
    return Certificate(method=Method.NAIVE, value=value, bound=bound)


def _cannot_stand(naive: Plan, brief: Brief) -> bool:
    return is_broken(naive, brief) or any(map(_is_outside_its_window, naive.placements))


def _is_outside_its_window(placement: Placement) -> bool:
    post, at = placement.post, placement.slot.publish_time
    return (post.not_before is not None and at < post.not_before) or (
        post.not_after is not None and at > post.not_after
    )


def _with_reason(placement: Placement, brief: Brief) -> Placement:
    profile = brief.profile_of(placement.post.platform)
    return replace(placement, reason=reason_at(_slot(placement, brief.zone), profile))


def _slot(placement: Placement, zone: str) -> GridSlot:
    at = placement.slot.publish_time
    return GridSlot(at, wall_time(at, zone), local_day(at, zone))

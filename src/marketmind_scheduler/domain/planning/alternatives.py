"""Plans beside the best one, and what of a plan still stands when others have moved."""

from collections.abc import Sequence
from dataclasses import replace

from marketmind_scheduler.domain.planning.instead import instants, worth_of
from marketmind_scheduler.domain.planning.plan import Brief, Placement, Plan
from marketmind_scheduler.domain.planning.problem import Certificate, Method
from marketmind_scheduler.domain.planning.promises import violations
from marketmind_scheduler.domain.rules.judging import breaking
from marketmind_scheduler.domain.rules.violations import Occupied, Wanted


def value_of(plan: Plan, brief: Brief) -> int:
    """By the brief's own objective, in millionths of a usual post."""
    return worth_of(brief, brief.posts, instants(plan.placements))


def is_broken(plan: Plan, brief: Brief) -> bool:
    """Whether it breaks a promise or a rule beside all that stands."""
    wanted = [_wanted(each) for each in plan.placements]
    standing = [*brief.occupied, *map(_standing, brief.kept)]
    return bool(breaking(wanted, standing, brief.binding, now=brief.now) or violations(plan, brief))


def still_standing(plan: Plan, brief: Brief) -> Sequence[Placement]:
    """Those placements, in the order of the brief's posts, that break nothing beside what stands and those before."""
    placed = {each.post: each for each in plan.placements}
    kept: list[Placement] = []
    for post in brief.posts:
        if post in placed:
            alone = Plan(scheduler=plan.scheduler, placements=(placed[post],))
            beside = replace(brief, posts=(post,), kept=(*brief.kept, *kept))
            if not is_broken(alone, beside):
                kept.append(placed[post])
    return kept


def certified(plan: Plan, exact: Plan, brief: Brief) -> Plan:
    """The plan with what it is worth by platform, beside the bounds of the exact one."""
    times = instants(plan.placements)
    values = {
        platform: worth_of(brief, [post for post in brief.posts if post.platform is platform], times)
        for platform in exact.certificates or {}
    }
    return replace(
        plan,
        certificates={
            platform: Certificate(method=Method.AGENT, value=values[platform], bound=max(values[platform], each.bound))
            for platform, each in (exact.certificates or {}).items()
        },
    )


def _wanted(placement: Placement) -> Wanted:
    post, slot = placement.post, placement.slot
    return Wanted(post_id=post.post_id, platform=post.platform, publish_time=slot.publish_time)


def _standing(placement: Placement) -> Occupied:
    post, slot = placement.post, placement.slot
    return Occupied(holder_id=post.post_id, platform=post.platform, publish_time=slot.publish_time)

"""What Scheduler promises: a plan that places each post once, or a reason why there is none."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time

import pytest

from marketmind_scheduler.adapters.numeric.solver import NumericPlanSolver
from marketmind_scheduler.adapters.numeric.workers import working
from marketmind_scheduler.domain.errors import Rejected
from marketmind_scheduler.domain.planning.plan import Brief, PostToPlace
from marketmind_scheduler.domain.planning.problem import Certificate
from marketmind_scheduler.domain.planning.promises import violations
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.rules.policy import DailyCap, Policy, Slots, Weekday
from marketmind_scheduler.domain.rules.violations import BrandRules
from marketmind_scheduler.domain.schedulers import SchedulerKind
from marketmind_scheduler.entrypoints.settings import Settings
from marketmind_scheduler.entrypoints.wiring.schedulers import schedulers_of
from marketmind_scheduler.ports.scheduler import Scheduler
from tests.builders import BRAND_ID, a_brief, new_id


def posts(*platforms: Platform) -> tuple[PostToPlace, ...]:
    return tuple(PostToPlace(post_id=new_id(), platform=platform) for platform in platforms)


BRIEFS = {
    "one post": a_brief(),
    "one post a day": a_brief(posts=posts(*[Platform.TWITTER] * 10)),
    "few posts in many days": a_brief(last_day=date(2029, 12, 31), posts=posts(*[Platform.TWITTER] * 7)),
    "every platform": a_brief(posts=posts(*Platform, *Platform)),
    "one day": a_brief(first_day=date(2027, 3, 14), last_day=date(2027, 3, 14), posts=posts(*Platform)),
    "already under way": a_brief(now=datetime(2027, 3, 13, 12, tzinfo=UTC), posts=posts(*[Platform.REDDIT] * 7)),
    "far from UTC": a_brief(zone="Pacific/Kiritimati", posts=posts(*[Platform.TWITTER] * 3)),
}
IMPOSSIBLE = {
    "more posts than days": a_brief(posts=posts(*[Platform.TWITTER] * 11)),
    "no day left": a_brief(now=datetime(2027, 4, 1, tzinfo=UTC)),
}


DAILY = Policy(
    brand_id=BRAND_ID, version=1, rules=(Slots(times=tuple((weekday, time(18, 15)) for weekday in Weekday)),)
)


ONE_A_DAY = replace(DAILY, rules=(*DAILY.rules, DailyCap(posts=1)))


@pytest.fixture(params=SchedulerKind)
async def scheduler(request: pytest.FixtureRequest) -> AsyncGenerator[Scheduler]:
    async with working() as workers:
        yield schedulers_of(Settings(), NumericPlanSolver(workers))[request.param]


def with_slots(brief: Brief) -> Brief:
    """The brief of a brand that has a weekly slot on every day, for the scheduler that fills them."""
    return replace(brief, rules=BrandRules(policy=DAILY, caps={}, zone=brief.zone))


@pytest.mark.parametrize("brief", BRIEFS.values(), ids=BRIEFS.keys())
async def test_a_plan_places_each_post_once(scheduler: Scheduler, brief: Brief) -> None:
    plan = await scheduler.propose(with_slots(brief))

    placed = sorted(placement.post.post_id for placement in plan.placements)
    assert placed == sorted(post.post_id for post in brief.posts)


@pytest.mark.parametrize("brief", BRIEFS.values(), ids=BRIEFS.keys())
async def test_a_plan_breaks_no_rule_and_comes_in_time_order(scheduler: Scheduler, brief: Brief) -> None:
    plan = await scheduler.propose(with_slots(brief))

    times = [placement.slot.publish_time for placement in plan.placements]
    assert violations(plan, brief) == ()
    assert times == sorted(times)


@pytest.mark.parametrize("brief", BRIEFS.values(), ids=BRIEFS.keys())
async def test_the_same_brief_gives_the_same_plan(scheduler: Scheduler, brief: Brief) -> None:
    first = await scheduler.propose(with_slots(brief))
    await scheduler.propose(a_brief())
    second = await scheduler.propose(with_slots(brief))

    assert first == second


@pytest.mark.parametrize("brief", IMPOSSIBLE.values(), ids=IMPOSSIBLE.keys())
async def test_posts_that_cannot_be_placed_are_rejected_or_left_out_with_a_reason(
    scheduler: Scheduler, brief: Brief
) -> None:
    crowded = replace(with_slots(brief), rules=BrandRules(policy=ONE_A_DAY, caps={}, zone=brief.zone))
    try:
        plan = await scheduler.propose(crowded)
    except Rejected:
        return

    assert plan.unplaced
    assert all(each.sentence for each in plan.unplaced)
    assert len(plan.placements) + len(plan.unplaced) == len(brief.posts)


async def test_lanes_that_give_way_to_each_other_are_proven_only_where_they_lose_nothing_by_it() -> None:
    light, heavy, other = (
        PostToPlace(post_id=new_id(), platform=platform, weight=weight)
        for platform, weight in ((Platform.LINKEDIN, 1_000), (Platform.TWITTER, 9_000), (Platform.TWITTER, 1_000))
    )
    async with working() as workers:
        scheduler = schedulers_of(Settings(), NumericPlanSolver(workers))[SchedulerKind.ENGAGEMENT]
        alone = [await certificate(scheduler, [post], in_a_day=1) for post in (light, heavy)]
        giving_way = await certificate(scheduler, [light, heavy], in_a_day=1)
        with_room = await certificate(scheduler, [light, heavy], in_a_day=2)
        left_out = await certificate(scheduler, [light, heavy, other], in_a_day=1)

    best_alone = sum(each.value for each in alone)
    assert all(each.proven for each in alone)
    assert (with_room.value, with_room.bound) == (best_alone, best_alone)
    assert giving_way.value < giving_way.bound == best_alone
    assert not left_out.proven


async def certificate(scheduler: Scheduler, posts: Sequence[PostToPlace], *, in_a_day: int) -> Certificate:
    """Of a plan for a Sunday and the Monday behind it, on which so many posts of all platforms may go out."""
    policy = Policy(brand_id=BRAND_ID, version=1, rules=(DailyCap(posts=in_a_day, across_platforms=True),))
    brief = a_brief(first_day=date(2027, 3, 14), last_day=date(2027, 3, 15), posts=tuple(posts))
    rules = BrandRules(policy=policy, caps={}, zone=brief.zone)
    plan = await scheduler.propose(replace(brief, rules=rules, explores=False))
    assert plan.certificate is not None
    return plan.certificate

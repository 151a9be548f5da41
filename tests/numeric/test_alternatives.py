"""What else a post could have had: each better time breaks the rule that is named, each runner-up changes the plan by
what is said, and none is better."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time

from hypothesis import given, settings
from hypothesis import strategies as st

from marketmind_scheduler.adapters.numeric.alternatives import alternatives
from marketmind_scheduler.adapters.numeric.choosing import solve_lane
from marketmind_scheduler.adapters.numeric.packing import packed
from marketmind_scheduler.application.schedulers import EngagementScheduler
from marketmind_scheduler.domain.audience.profile import Profile
from marketmind_scheduler.domain.audience.week import cell_at
from marketmind_scheduler.domain.planning.instead import instants, worth_of
from marketmind_scheduler.domain.planning.plan import Brief, Placement, Plan, PostToPlace
from marketmind_scheduler.domain.planning.problem import LaneProblem, Objective
from marketmind_scheduler.domain.planning.room import slots_of
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.rules.judging import breaking
from marketmind_scheduler.domain.rules.policy import (
    Blackout,
    DailyCap,
    MinGap,
    Policy,
    PostingHours,
    QuietHours,
    RollingCap,
    RuleKind,
)
from marketmind_scheduler.domain.rules.violations import BrandRules, Occupied, Wanted
from tests.builders import BRAND_ID, a_brief, new_id
from tests.fakes.plan_solver import DirectPlanSolver
from tests.numeric.test_best_slots import lanes, thousands
from tests.numeric.trying_all import broken, value_of

LANES = (Platform.LINKEDIN, Platform.REDDIT)
RULES = st.one_of(
    st.builds(QuietHours, begin=st.just(time(20)), end=st.sampled_from([time(6), time(11)])),
    st.builds(PostingHours, begin=st.just(time(8)), end=st.just(time(22))),
    st.builds(Blackout, first_date=st.just(date(2027, 3, 12)), last_date=st.just(date(2027, 3, 12))),
    st.builds(MinGap, minutes=st.sampled_from([90, 300]), across_platforms=st.booleans()),
    st.builds(DailyCap, posts=st.integers(1, 3), across_platforms=st.booleans()),
    st.builds(RollingCap, posts=st.integers(1, 3), hours=st.sampled_from([5, 24]), across_platforms=st.booleans()),
)


@given(lanes())
@thousands
def test_the_slots_that_came_next_change_the_value_by_what_is_said_and_no_other_is_better(
    problem: LaneProblem,
) -> None:
    chosen = solve_lane(problem).chosen
    value = value_of(problem, chosen)

    for post, found in enumerate(alternatives(packed(problem), chosen, 2).of_posts):
        others = {
            slot: value_of(problem, moved) - value
            for slot in range(len(problem.slots))
            if slot not in chosen and chosen[post] is not None
            if not broken(problem, moved := [*chosen[:post], slot, *chosen[post + 1 :]])
        }
        best = sorted(others.values(), reverse=True)[:2]
        assert [each.change for each in found] == [each // 1_000 for each in best]
        assert [others[each.slot] // 1_000 for each in found] == [each.change for each in found]


@st.composite
def briefs(draw: st.DrawFn) -> Brief:
    """A few posts of two lanes over four days."""
    tenths = draw(st.lists(st.integers(-5, 5), min_size=168, max_size=168))
    profile = replace(Profile.cold(LANES[0]), effects=tuple(100_000 * each for each in tenths))
    policy = Policy(brand_id=BRAND_ID, version=1, rules=tuple(draw(st.lists(RULES, max_size=4))))
    brief = a_brief(
        last_day=date(2027, 3, 13),
        posts=tuple(PostToPlace(post_id=new_id(), platform=each) for each in (*LANES, LANES[0], LANES[0])),
    )
    stood = [slot.instant for slot in slots_of(brief, LANES[0])][draw(st.integers(0, 150)) :][:1]
    return replace(
        brief,
        occupied=tuple(Occupied(holder_id=new_id(), platform=LANES[0], publish_time=each) for each in stood),
        rules=BrandRules(policy=policy, caps={}, zone=brief.zone),
        profiles={LANES[0]: profile},
        objective=draw(st.sampled_from(Objective)),
        explores=draw(st.booleans()),
    )


@given(briefs())
@settings(thousands, max_examples=40)
def test_opening_a_better_time_alone_breaks_the_rule_that_is_named(brief: Brief) -> None:
    plan = asyncio.run(EngagementScheduler(DirectPlanSolver()).propose(brief))
    for placement in plan.placements:
        assert placement.reason is not None
        assert len(placement.reason.binding) <= 3
        for each in placement.reason.binding:
            assert each.multiplier > placement.reason.expected_multiplier
            assert each.multiplier == brief.profile_of(placement.post.platform).value(cell_at(each.local_time))
            assert each.rule in broken_by_moving(placement, each.publish_time, plan, brief)


@given(briefs())
@settings(thousands, max_examples=40)
def test_a_runner_up_keeps_every_rule_and_changes_the_plan_by_what_is_said(brief: Brief) -> None:
    plan = asyncio.run(EngagementScheduler(DirectPlanSolver()).propose(brief))
    times = instants(plan.placements)
    value = worth_of(brief, brief.posts, times)
    for placement in plan.placements:
        assert placement.reason is not None
        for each in placement.reason.runner_ups:
            elsewhere = {**times, placement.post.post_id: each.publish_time}
            assert worth_of(brief, brief.posts, elsewhere) - value == each.change
            assert not broken_by_moving(placement, each.publish_time, plan, brief)


def broken_by_moving(placement: Placement, at: datetime, plan: Plan, brief: Brief) -> Sequence[RuleKind]:
    post = placement.post
    wanted = Wanted(post_id=post.post_id, platform=post.platform, publish_time=at)
    others = [
        Occupied(holder_id=each.post.post_id, platform=each.post.platform, publish_time=each.slot.publish_time)
        for each in plan.placements
        if each.post != post
    ]
    found = breaking([wanted], [*brief.occupied, *others], brief.binding, now=brief.now)
    return list(found.get(post.post_id, ()))

"""What a plan would lose with a post where somebody wants it, beside every arrangement that can be tried."""

import asyncio
from dataclasses import replace
from datetime import date, datetime, time
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from marketmind_scheduler.application.schedulers import EngagementScheduler
from marketmind_scheduler.domain.audience.profile import Profile
from marketmind_scheduler.domain.planning.instead import Instants, Instead, Wish, instants, worth_of
from marketmind_scheduler.domain.planning.plan import Brief, Plan, PostToPlace
from marketmind_scheduler.domain.planning.problem import Objective
from marketmind_scheduler.domain.planning.room import slots_of
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.rules.judging import breaking
from marketmind_scheduler.domain.rules.policy import DailyCap, MinGap, Policy, PostingHours
from marketmind_scheduler.domain.rules.violations import BrandRules, Wanted
from marketmind_scheduler.domain.wall_clock import Disambiguation, resolve
from tests.builders import BRAND_ID, TZ_RELEASE, a_brief, new_id
from tests.fakes.plan_solver import DirectPlanSolver
from tests.numeric.test_best_slots import thousands

LANE = Platform.LINKEDIN
MORNINGS = PostingHours(begin=time(8), end=time(11))
SCHEDULER = EngagementScheduler(DirectPlanSolver())


@st.composite
def briefs(draw: st.DrawFn) -> Brief:
    """Up to three posts that are alike, on two mornings of four slots each."""
    tenths = draw(st.lists(st.integers(-5, 5), min_size=168, max_size=168))
    profile = replace(Profile.cold(LANE), effects=tuple(100_000 * each for each in tenths))
    gap = MinGap(minutes=draw(st.sampled_from([60, 90, 150])))
    policy = Policy(brand_id=BRAND_ID, version=1, rules=(MORNINGS, gap, DailyCap(posts=draw(st.integers(1, 3)))))
    brief = a_brief(
        first_day=date(2027, 3, 13),
        last_day=date(2027, 3, 14),
        posts=tuple(PostToPlace(post_id=new_id(), platform=LANE) for _ in range(draw(st.integers(1, 3)))),
    )
    return replace(
        brief,
        rules=BrandRules(policy=policy, caps={}, zone=brief.zone),
        profiles={LANE: profile},
        grid_minutes=60,
        objective=draw(st.sampled_from(Objective)),
        explores=draw(st.booleans()),
    )


def may_stand(brief: Brief, times: Instants) -> bool:
    wanted = [Wanted(post_id=post_id, platform=LANE, publish_time=at) for post_id, at in times.items()]
    return not breaking(wanted, (), brief.binding, now=brief.now)


def best_with(brief: Brief, post: PostToPlace, at: datetime, count: int) -> int:
    """What so many posts are worth at most, one of them there."""
    others = [each for each in brief.posts if each != post]
    free = [slot.instant for slot in slots_of(brief, LANE) if slot.instant != at]
    arranged = (
        {post.post_id: at, **{each.post_id: slot for each, slot in zip(others, chosen, strict=False)}}
        for chosen in combinations(free, count - 1)
    )
    return max(worth_of(brief, brief.posts, times) for times in arranged if may_stand(brief, times))


def told(brief: Brief, plan: Plan, post: PostToPlace, at: datetime) -> tuple[Instead, Instants]:
    slot = resolve(at.replace(tzinfo=None), zone="UTC", disambiguation=Disambiguation.REJECT, tz_release=TZ_RELEASE)
    instead = asyncio.run(SCHEDULER.instead(brief, plan, Wish(post=post, slot=slot)))
    moves = {each.post_id: each.to for each in instead.moved}
    after = {**instants(plan.placements), **moves, post.post_id: at}
    return instead, {post_id: at for post_id, at in after.items() if at is not None}


@given(briefs())
@settings(thousands, max_examples=30)
def test_what_is_told_can_be_done_and_is_worth_what_is_said_and_nothing_better_is_possible(brief: Brief) -> None:
    plan = asyncio.run(SCHEDULER.propose(brief))
    value = worth_of(brief, brief.posts, instants(plan.placements))
    is_held = any(each.reason and each.reason.is_exploratory for each in plan.placements)
    for post in brief.posts:
        for slot in slots_of(brief, LANE):
            instead, after = told(brief, plan, post, slot.instant)

            assert instead.trouble is None
            assert instead.change is not None
            assert instead.value == value
            assert instead.change == worth_of(brief, brief.posts, after) - value
            assert may_stand(brief, after)
            best = best_with(brief, post, slot.instant, len(after)) - value
            assert instead.change <= best
            if instead.proven and not is_held:
                assert instead.change >= best - len(brief.posts)


@given(briefs())
@settings(thousands, max_examples=30)
def test_where_a_post_is_planned_nothing_changes(brief: Brief) -> None:
    plan = asyncio.run(SCHEDULER.propose(replace(brief, explores=False)))
    for each in plan.placements:
        instead, _ = told(brief, plan, each.post, each.slot.publish_time)

        assert (instead.change, list(instead.moved)) == (0, [])

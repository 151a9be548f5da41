"""The engagement scheduler whatever its solver does: never worth less than the naive rule, and its times where none are
chosen."""

from dataclasses import replace
from datetime import date, datetime, time

import pytest

from marketmind_scheduler.application.schedulers import EngagementScheduler
from marketmind_scheduler.domain.audience.profile import Profile
from marketmind_scheduler.domain.audience.week import cell_of
from marketmind_scheduler.domain.errors import SchedulerUnavailable
from marketmind_scheduler.domain.planning.naive import plan_naively
from marketmind_scheduler.domain.planning.plan import Brief, Fallback, Plan, PostToPlace
from marketmind_scheduler.domain.planning.problem import Method, Objective
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.rules.policy import Blackout, DailyCap, MinGap, Policy, PostingHours, QuietHours, Rule
from marketmind_scheduler.domain.rules.violations import BrandRules, Occupied
from marketmind_scheduler.domain.schedulers import SchedulerKind
from marketmind_scheduler.domain.wall_clock import wall_time
from tests.builders import BRAND_ID, a_brief, new_id
from tests.fakes.plan_solver import BrokenPlanSolver, ClumsyPlanSolver, DirectPlanSolver

BRIEF = a_brief(
    last_day=date(2027, 3, 14),
    posts=tuple(PostToPlace(post_id=new_id(), platform=each) for each in [*[Platform.LINKEDIN] * 3, Platform.REDDIT]),
)


def times(plan: Plan) -> list[tuple[object, datetime]]:
    return sorted((each.post.post_id, each.slot.publish_time) for each in plan.placements)


def keeping(brief: Brief, *rules: Rule) -> Brief:
    policy = Policy(brand_id=BRAND_ID, version=1, rules=rules)
    return replace(brief, rules=BrandRules(policy=policy, caps={}, zone=brief.zone))


async def test_where_the_solver_breaks_the_plan_has_the_naive_times_and_says_so() -> None:
    plan = await EngagementScheduler(BrokenPlanSolver()).propose(BRIEF)

    assert (plan.scheduler, plan.fallback) == (SchedulerKind.ENGAGEMENT, Fallback.SOLVER_FAILED)
    assert times(plan) == times(plan_naively(BRIEF))
    assert plan.certificate is None


async def test_where_nothing_can_be_solved_or_the_naive_rule_places_nothing_either_it_is_unavailable() -> None:
    with pytest.raises(SchedulerUnavailable):
        await EngagementScheduler(BrokenPlanSolver(broke=False)).propose(BRIEF)
    crowded = replace(BRIEF, posts=tuple(replace(BRIEF.posts[0], post_id=new_id()) for _ in range(6)))
    with pytest.raises(SchedulerUnavailable, match="none of 1 is solved"):
        await EngagementScheduler(BrokenPlanSolver()).propose(crowded)


async def test_a_plan_is_never_worth_less_than_the_naive_times_where_these_break_no_rule() -> None:
    plan = await EngagementScheduler(ClumsyPlanSolver()).propose(BRIEF)

    assert times(plan) == times(plan_naively(BRIEF))
    assert plan.certificate is not None
    assert plan.certificate.method is Method.NAIVE
    assert plan.certificate.value <= plan.certificate.bound
    assert all(each.reason and each.reason.expected_multiplier > 1_000_000 for each in plan.placements)


async def test_naive_times_that_a_rule_closes_or_others_have_taken_are_no_alternative() -> None:
    closed = keeping(BRIEF, QuietHours(begin=time(18), end=time(20)))
    first = plan_naively(BRIEF).placements[0]
    window = replace(first.post, not_after=first.slot.publish_time.replace(hour=1))
    for brief in (closed, replace(BRIEF, posts=(window, *BRIEF.posts[1:]))):
        plan = await EngagementScheduler(ClumsyPlanSolver()).propose(brief)

        assert plan.certificate is not None
        assert plan.certificate.method is Method.EXCHANGE


async def test_the_naive_times_beside_what_stands_at_them_are_weighed_as_they_would_be() -> None:
    naive = plan_naively(BRIEF)
    stood = tuple(
        Occupied(holder_id=new_id(), platform=each.post.platform, publish_time=each.slot.publish_time)
        for each in naive.placements
    )
    beside = replace(BRIEF, occupied=stood, explores=False)

    clumsy = await EngagementScheduler(ClumsyPlanSolver()).propose(beside)
    best = await EngagementScheduler(DirectPlanSolver()).propose(beside)

    assert clumsy.certificate is not None
    assert best.certificate is not None
    assert {wall_time(each.slot.publish_time, BRIEF.zone).second for each in clumsy.placements} <= {0, 30}
    assert best.certificate.value >= clumsy.certificate.value


async def test_under_its_own_objective_a_plan_is_worth_the_naive_plan_or_more() -> None:
    """With nothing worth more than 19:00, and with everything worth more."""
    for level in (-500_000, 0, 500_000):
        effects = [level] * 168
        for day in range(7):
            effects[cell_of(day, 19)] = 0
        profile = replace(Profile.cold(Platform.LINKEDIN), effects=tuple(effects))
        for objective in Objective:
            brief = replace(BRIEF, profiles={Platform.LINKEDIN: profile}, objective=objective, explores=False)
            plan = await EngagementScheduler(DirectPlanSolver()).propose(brief)
            by_rule = await EngagementScheduler(ClumsyPlanSolver()).propose(brief)

            assert plan.certificate is not None
            assert by_rule.certificate is not None
            assert plan.certificate.value >= by_rule.certificate.value


async def test_what_would_place_posts_that_are_left_out_is_named_up_to_three_changes_and_each_does() -> None:
    one_day = a_brief(
        first_day=date(2027, 3, 10),
        last_day=date(2027, 3, 10),
        posts=tuple(PostToPlace(post_id=new_id(), platform=Platform.LINKEDIN) for _ in range(3)),
    )
    gap = MinGap(minutes=120)
    holidays = Blackout(first_date=date(2027, 3, 10), last_date=date(2027, 3, 10), name="Holidays")
    quiet = QuietHours(begin=time(10), end=time(9))
    cases = {
        (DailyCap(posts=2),): {"lengthen the campaign by 1 day", "raise daily_cap to 3 posts"},
        (DailyCap(posts=1),): {"lengthen the campaign by 2 days", "raise daily_cap to 3 posts"},
        (holidays, quiet, gap): set[str](),
        (holidays, gap): {
            "lengthen the campaign by 1 day",
            "leave the blackout 2027-03-10 to 2027-03-10 (Holidays) out",
        },
        (quiet, gap): {"leave quiet_hours out"},
        (PostingHours(begin=time(9), end=time(10)), gap): {"leave posting_hours out"},
    }
    for rules, named in cases.items():
        plan = await EngagementScheduler(DirectPlanSolver()).propose(keeping(one_day, *rules))

        assert plan.unplaced
        assert all(named <= set(each.relaxations) for each in plan.unplaced)
        assert all(len(each.relaxations) <= 3 for each in plan.unplaced)

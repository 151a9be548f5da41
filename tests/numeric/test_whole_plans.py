"""Whole plans against every plan there is, and beside the same campaign in other weeks or of heavier posts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from marketmind_scheduler.application.schedulers import EngagementScheduler
from marketmind_scheduler.domain.audience.profile import Profile
from marketmind_scheduler.domain.errors import Rejected
from marketmind_scheduler.domain.planning.naive import plan_naively
from marketmind_scheduler.domain.planning.plan import Brief, Plan, PostToPlace
from marketmind_scheduler.domain.planning.problem import Candidate, LaneChoice, LaneProblem, Objective
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.rules.policy import (
    DailyCap,
    MinGap,
    Policy,
    PostingHours,
    QuietHours,
    RollingCap,
    Rule,
)
from marketmind_scheduler.domain.rules.violations import BrandRules, Occupied
from tests.builders import BRAND_ID, a_brief
from tests.fakes.plan_solver import DirectPlanSolver
from tests.numeric.whole_plans import Times, all_times, best, times_of, value, wrongs

LANES = (Platform.LINKEDIN, Platform.TWITTER)
some = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    derandomize=True,
)
SUNDAY = date(2027, 3, 14)  # on which the clocks of Los Angeles go forward

rules = st.one_of(
    st.builds(MinGap, minutes=st.sampled_from([45, 60, 150]), across_platforms=st.booleans()),
    st.builds(DailyCap, posts=st.integers(1, 2), across_platforms=st.booleans()),
    st.builds(RollingCap, posts=st.integers(1, 2), hours=st.sampled_from([2, 24]), across_platforms=st.booleans()),
    st.builds(QuietHours, begin=st.builds(time, st.integers(9, 12)), end=st.builds(time, st.integers(9, 12))),
)


@st.composite
def briefs(draw: st.DrawFn) -> Brief:
    """Up to three posts on two platforms, in a few hours of two days."""
    days = draw(st.integers(0, 1))
    begin = draw(st.sampled_from([8, 9, 17, 18]))
    hours = PostingHours(begin=time(begin), end=time(begin + draw(st.integers(2, 4))))
    brief = a_brief(first_day=SUNDAY, last_day=SUNDAY + timedelta(days=days))
    policy = Policy(brand_id=BRAND_ID, version=1, rules=(hours, *draw(st.lists(rules, max_size=2))))
    brief = replace(brief, grid_minutes=60, rules=BrandRules(policy=policy, caps={}, zone=brief.zone), explores=False)
    times = all_times(brief)
    taken = draw(st.lists(st.tuples(st.sampled_from(LANES), st.sampled_from(times)), max_size=2, unique=True))
    return replace(
        brief,
        posts=tuple(draw(st.lists(posts(times), min_size=1, max_size=3, unique_by=lambda post: post.post_id))),
        occupied=tuple(
            Occupied(holder_id=UUID(int=100 + nth), platform=platform, publish_time=at)
            for nth, (platform, at) in enumerate(taken)
        ),
        objective=draw(st.sampled_from(Objective)),
        profiles={lane: draw(profiles(lane)) for lane in LANES},
    )


def posts(times: Sequence[datetime]) -> st.SearchStrategy[PostToPlace]:
    return st.builds(
        PostToPlace,
        post_id=st.integers(1, 9).map(lambda nth: UUID(int=nth)),
        platform=st.sampled_from(LANES),
        weight=st.sampled_from([500, 1_000, 7_000]),
        not_after=st.none() | st.sampled_from(times),
    )


def profiles(lane: Platform) -> st.SearchStrategy[Profile]:
    effects = st.lists(st.sampled_from([-400_000, 0, 100_000, 600_000]), min_size=24, max_size=24)
    return effects.map(lambda day: replace(Profile.cold(lane), effects=tuple(day * 7)))


async def planned(brief: Brief) -> Plan:
    return await EngagementScheduler(DirectPlanSolver()).propose(brief)


def checked(brief: Brief, plan: Plan) -> None:
    """Fails where a plan is not what it says of itself."""
    times = times_of(plan)
    assert wrongs(brief, times) == []
    assert {*times} | {each.post_id for each in plan.unplaced} == {post.post_id for post in brief.posts}
    most, best_value = best(brief)
    assert len(times) <= most
    assert plan.certificate is not None
    assert plan.certificate.value == value(brief, times)
    if len(times) == most:
        assert best_value <= plan.certificate.bound
    if plan.certificate.proven:
        assert (len(times), value(brief, times)) == (most, best_value)


@given(briefs())
@some
async def test_a_plan_breaks_nothing_and_is_what_its_certificate_says_beside_every_plan_there_is(brief: Brief) -> None:
    plan = await planned(brief)

    checked(brief, plan)
    if not any(getattr(rule, "across_platforms", False) for rule in brief.binding.policy.rules):
        assert plan.certificate
        assert (len(times_of(plan)), plan.certificate.value) == best(brief) or not plan.certificate.proven


@given(briefs())
@some
async def test_a_plan_is_worth_the_naive_plan_or_more_where_that_breaks_nothing(brief: Brief) -> None:
    naive = by_the_naive_rule(brief)
    assume(len(naive) == len(brief.posts) and not wrongs(replace(brief, grid_minutes=15), naive))

    plan = await planned(brief)

    assert len(times_of(plan)) == len(brief.posts)
    assert value(brief, times_of(plan)) >= value(brief, naive)


def by_the_naive_rule(brief: Brief) -> Times:
    try:
        return times_of(plan_naively(brief))
    except Rejected:
        return {}


@given(briefs(), st.data())
@some
async def test_without_one_of_its_rules_a_campaign_is_never_worth_less(brief: Brief, data: st.DataObject) -> None:
    all_rules = brief.binding.policy.rules
    left_out = data.draw(st.sampled_from(all_rules[1:] or [None]))
    assume(left_out is not None)
    easier = with_rules(brief, *(rule for rule in all_rules if rule is not left_out))

    before, after = await planned(brief), await planned(easier)

    assert before.certificate
    assert after.certificate
    assert len(after.placements) >= len(before.placements) or not after.certificate.proven
    if len(after.placements) == len(before.placements):
        assert after.certificate.bound >= before.certificate.value


def with_rules(brief: Brief, *kept: Rule) -> Brief:
    policy = replace(brief.binding.policy, rules=kept)
    return replace(brief, rules=replace(brief.binding, policy=policy))


def a_fortnight(weeks: int = 0, times: int = 1) -> Brief:
    """So many weeks after the fifth of April, before the clocks change again, and with posts of so many times their
    weight."""
    later = timedelta(weeks=weeks)
    platforms = (*[Platform.LINKEDIN] * 3, *[Platform.TWITTER] * 5, Platform.REDDIT)
    quiet = (QuietHours(begin=time(22), end=time(7)), MinGap(minutes=90), DailyCap(posts=2, across_platforms=True))
    brief = a_brief(
        first_day=date(2027, 4, 5) + later,
        last_day=date(2027, 4, 18) + later,
        now=datetime(2027, 4, 1, 12, tzinfo=UTC) + later,
        posts=tuple(
            PostToPlace(post_id=UUID(int=nth), platform=each, weight=times * (500 + 250 * (nth % 4)))
            for nth, each in enumerate(platforms, start=1)
        ),
    )
    stands = datetime(2027, 4, 7, 16, tzinfo=UTC) + later
    occupied = (Occupied(holder_id=UUID(int=100), platform=Platform.TWITTER, publish_time=stands),)
    policy = Policy(brand_id=BRAND_ID, version=1, rules=quiet)
    return replace(brief, occupied=occupied, rules=BrandRules(policy=policy, caps={}, zone=brief.zone))


async def test_whole_weeks_later_a_campaign_has_the_same_plan_so_many_weeks_later() -> None:
    for objective in Objective:
        here = await planned(replace(a_fortnight(), objective=objective))
        for weeks in (1, 20):
            later = await planned(replace(a_fortnight(weeks), objective=objective))

            shift = timedelta(weeks=weeks)
            assert times_of(later) == {post_id: at + shift for post_id, at in times_of(here).items()}
            assert (later.certificates, later.untried) == (here.certificates, here.untried)
            assert [each.reason and each.reason.is_exploratory for each in later.placements] == [
                each.reason and each.reason.is_exploratory for each in here.placements
            ]


async def test_posts_of_so_many_times_the_weight_have_the_same_plan_worth_so_many_times_as_much() -> None:
    for objective in Objective:
        here = replace(a_fortnight(), objective=objective, explores=False)
        plan = await planned(here)
        for times in (2, 3, 10):
            heavier = await planned(replace(a_fortnight(times=times), objective=objective, explores=False))

            assert times_of(heavier) == times_of(plan)
            assert value(a_fortnight(times=times), times_of(heavier)) == value(a_fortnight(times=times), times_of(plan))
            assert plan.certificate
            assert heavier.certificate
            assert abs(heavier.certificate.value - times * plan.certificate.value) < times * len(LANES) * 2


class FaultySolver(DirectPlanSolver):
    """Solves another problem than it was asked, or says something else of what it found."""

    def __init__(
        self,
        asked: Callable[[LaneProblem], LaneProblem] = lambda problem: problem,
        said: Callable[[LaneChoice], LaneChoice] = lambda choice: choice,
    ) -> None:
        self._asked, self._said = asked, said

    async def solve(self, problems: Sequence[LaneProblem], *, seconds: float) -> Sequence[LaneChoice]:
        return [self._said(each) for each in await super().solve([*map(self._asked, problems)], seconds=seconds)]


def _certified(choice: LaneChoice, *, value: int = 0, bound: int = 0) -> LaneChoice:
    own = choice.certificate
    return replace(choice, certificate=replace(own, value=own.value + value, bound=own.bound + bound))


def _heedless(posts: Sequence[Candidate]) -> Sequence[Candidate]:
    return [replace(post, latest=2**40) for post in posts]


FAULTS: Mapping[str, FaultySolver] = {
    "a gap that is too short": FaultySolver(lambda problem: replace(problem, min_gap=1)),
    "one a day too many": FaultySolver(
        lambda problem: replace(problem, per_day=problem.per_day and problem.per_day + 1)
    ),
    "no rolling caps": FaultySolver(lambda problem: replace(problem, at_most=())),
    "what stands is not seen": FaultySolver(lambda problem: replace(problem, taken=(), taken_on=())),
    "windows are not seen": FaultySolver(lambda problem: replace(problem, posts=_heedless(problem.posts))),
    "the worst for the best": FaultySolver(
        lambda problem: replace(problem, slots=[replace(slot, value=3_000_000 - slot.value) for slot in problem.slots])
    ),
    "a value that is too high": FaultySolver(said=lambda choice: _certified(choice, value=1, bound=1)),
    "a bound that is too low": FaultySolver(said=lambda choice: _certified(choice, bound=-1)),
    "a post that is left out": FaultySolver(lambda problem: replace(problem, slots=problem.slots[:1])),
}


async def test_each_fault_that_is_planted_in_a_solver_is_found_out() -> None:
    """By the checks that the plans above pass."""
    for brief in TIGHT:
        checked(brief, await planned(brief))
    for fault, solver in FAULTS.items():
        assert any([await _is_found_out(brief, solver) for brief in TIGHT]), fault


def tight(*rules: Rule, taken: int | None = None, last: int | None = None) -> Brief:
    """Three posts in the mornings of two days, whose hours are worth the more the nearer they are to the middle."""
    brief = a_brief(first_day=SUNDAY, last_day=SUNDAY + timedelta(days=1))
    morning = PostingHours(begin=time(8), end=time(13))
    policy = Policy(brand_id=BRAND_ID, version=1, rules=(morning, *rules))
    brief = replace(brief, grid_minutes=60, rules=BrandRules(policy=policy, caps={}, zone=brief.zone), explores=False)
    morning_times = [at for at in all_times(brief) if 15 <= at.hour < 20]
    not_after = None if last is None else morning_times[last]
    day = tuple(-100_000 * abs(hour - 10) for hour in range(24))
    return replace(
        brief,
        posts=tuple(
            PostToPlace(post_id=UUID(int=nth), platform=Platform.TWITTER, not_after=not_after) for nth in range(1, 4)
        ),
        occupied=()
        if taken is None
        else (Occupied(holder_id=UUID(int=100), platform=Platform.TWITTER, publish_time=morning_times[taken]),),
        profiles={Platform.TWITTER: replace(Profile.cold(Platform.TWITTER), effects=day * 7)},
        objective=Objective.SLOT_VALUE,
    )


TIGHT = (
    tight(),
    tight(MinGap(minutes=150)),
    tight(DailyCap(posts=1)),
    tight(RollingCap(posts=2, hours=48)),
    tight(MinGap(minutes=90), taken=2),
    tight(DailyCap(posts=2), taken=2),
    tight(last=1),
)


async def _is_found_out(brief: Brief, solver: FaultySolver) -> bool:
    try:
        checked(brief, await EngagementScheduler(solver).propose(brief))
    except AssertionError:
        return True
    return False

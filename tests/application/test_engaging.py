"""What the engagement scheduler leaves to the lot, and what it tries to learn."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from statistics import fmean
from uuid import UUID

from marketmind_scheduler.adapters.numeric.fitting import fitted
from marketmind_scheduler.application.planning.budget import PLAN_SECONDS
from marketmind_scheduler.application.schedulers import EngagementScheduler
from marketmind_scheduler.domain.audience.observations import Arm
from marketmind_scheduler.domain.audience.profile import Profile
from marketmind_scheduler.domain.planning.controlling import Lot, drawn
from marketmind_scheduler.domain.planning.naive import plan_naively
from marketmind_scheduler.domain.planning.plan import Brief, Placement, Plan, PostToPlace, Untried
from marketmind_scheduler.domain.planning.problem import (
    Alternative,
    LaneChoice,
    LaneProblem,
    Method,
    Objective,
    OpenSlot,
    WhyUnplaced,
)
from marketmind_scheduler.domain.planning.promises import violations
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.rules.judging import breaking
from marketmind_scheduler.domain.rules.policy import (
    Blackout,
    ControlShare,
    DailyCap,
    MinGap,
    Policy,
    PostingHours,
    QuietHours,
    Rule,
)
from marketmind_scheduler.domain.rules.violations import BrandRules, Occupied, Wanted
from tests.builders import BRAND_ID, a_brief, new_id
from tests.domain.audiences import observed
from tests.fakes.plan_solver import DirectPlanSolver
from tests.loops import on_each

SHARE = ControlShare(thousandths=200)
NIGHT = QuietHours(begin=time(22), end=time(7))
LANE = Platform.LINKEDIN
FIRST, LAST = date(2027, 3, 10), date(2027, 4, 18)  # the clocks change between


def brief(
    *rules: Rule,
    posts: int = 30,
    last_day: date = LAST,
    occupied: Collection[datetime] = (),
    not_before: datetime | None = None,
    not_after: datetime | None = None,
    ticket: int = 0,
) -> Brief:
    """The lot is drawn by the ids of the posts; each ``ticket`` has its own."""
    of_lane = tuple(
        PostToPlace(post_id=UUID(int=1_000 * ticket + nth), platform=LANE, not_before=not_before, not_after=not_after)
        for nth in range(posts)
    )
    made = a_brief(first_day=FIRST, last_day=last_day, posts=of_lane)
    policy = Policy(brand_id=BRAND_ID, version=1, rules=rules)
    return replace(
        made,
        rules=BrandRules(policy=policy, caps={}, zone=made.zone),
        occupied=tuple(Occupied(holder_id=new_id(), platform=LANE, publish_time=at) for at in occupied),
    )


async def planned(asked: Brief) -> Plan:
    return await EngagementScheduler(DirectPlanSolver()).propose(asked)


def controls(plan: Plan) -> Sequence[Placement]:
    return [each for each in plan.placements if each.reason and each.reason.is_control]


def broken(plan: Plan, asked: Brief) -> int:
    assert violations(plan, asked) == ()
    wanted = [
        Wanted(post_id=each.post.post_id, platform=each.post.platform, publish_time=each.slot.publish_time)
        for each in plan.placements
    ]
    return len(breaking(wanted, asked.occupied, asked.binding, now=asked.now))


def test_the_lot_falls_on_the_share_and_on_the_same_posts_for_the_same_brief() -> None:
    lots = {thousandths: _drawn(thousandths) for thousandths in (0, 50, 200)}

    assert lots[0] == (0, 0)
    for thousandths in (50, 200):
        fallen, posts = lots[thousandths]
        expected = posts * thousandths / 1000
        assert posts == 1_800
        assert abs(fallen - expected) < 4 * (expected * (1 - thousandths / 1000)) ** 0.5, thousandths
    asked = brief(SHARE)
    other = replace(asked, posts=asked.posts[:-1])
    assert drawn(asked) == drawn(replace(asked, profiles={}))
    assert drawn(asked) != drawn(other)


def _drawn(thousandths: int) -> tuple[int, int]:
    lots = [drawn(brief(ControlShare(thousandths=thousandths), ticket=ticket)) for ticket in range(60)]
    fallen = sum(len(lot.controls) for lot in lots)
    return fallen, fallen + sum(len(lot.chosen) for lot in lots)


def test_a_control_stands_where_the_naive_rule_would_have_its_post() -> None:
    asked = brief(SHARE)
    naive = {each.post: each.slot for each in plan_naively(asked).placements}

    lot = drawn(asked)

    assert lot.controls
    assert all(each.slot == naive[each.post] for each in lot.controls)
    assert lot.chosen.isdisjoint(each.post.post_id for each in lot.controls)


EVERY_SEVEN_PM = [datetime(2027, 3, 10, tzinfo=UTC) + nth * timedelta(minutes=30) for nth in range(48 * 41)]


@on_each(
    "asked",
    [
        brief(SHARE, PostingHours(begin=time(8), end=time(18))),
        brief(SHARE, QuietHours(begin=time(19), end=time(20))),
        brief(SHARE, Blackout(first_date=FIRST, last_date=LAST)),
        brief(SHARE, DailyCap(posts=0)),
        brief(SHARE, occupied=EVERY_SEVEN_PM),
        brief(SHARE, MinGap(minutes=60), occupied=[at + timedelta(minutes=15) for at in EVERY_SEVEN_PM]),
        brief(SHARE, posts=50),
        replace(brief(ControlShare(thousandths=1_000), posts=1), is_of_one=True),
        brief(SHARE, not_after=datetime(2027, 3, 10, 12, tzinfo=UTC)),
        brief(SHARE, not_before=datetime(2027, 4, 20, tzinfo=UTC)),
        brief(replace(SHARE, platforms=frozenset({Platform.REDDIT}))),
        brief(),
    ],
)
def test_a_post_that_could_not_stand_at_the_naive_rules_time_is_not_compared(asked: Brief) -> None:
    assert drawn(asked) == Lot()


async def test_a_plan_is_made_round_its_controls_and_marks_what_it_is_compared_with() -> None:
    asked = brief(SHARE, NIGHT, MinGap(minutes=90), DailyCap(posts=1))
    lot = drawn(asked)

    plan = await planned(asked)

    assert broken(plan, asked) == 0
    assert not plan.unplaced
    assert {each.post: each.slot for each in controls(plan)} == {each.post: each.slot for each in lot.controls}
    arms = {each.post.post_id: each.reason and each.reason.arm for each in plan.placements}
    assert {post for post, arm in arms.items() if arm is Arm.CHOSEN} == lot.chosen
    assert plan == await planned(asked)


async def test_a_plan_may_have_nothing_but_controls() -> None:
    lots = (brief(SHARE, posts=1, ticket=ticket) for ticket in range(100))
    alone = next(asked for asked in lots if drawn(asked).controls)

    plan = await planned(alone)

    assert list(plan.placements) == list(drawn(alone).controls)


async def test_without_a_share_nothing_is_marked() -> None:
    plan = await planned(brief(NIGHT))

    assert all(each.reason and each.reason.arm is None for each in plan.placements)


async def test_no_post_is_left_out_for_the_sake_of_a_comparison() -> None:
    """Two a day with 13 hours between them fit only where neither stands at 19:00."""
    narrow = [PostingHours(begin=time(6), end=time(20)), MinGap(minutes=13 * 60)]
    crowded = brief(SHARE, *narrow, posts=8, last_day=FIRST + timedelta(days=7))
    fitting = replace(crowded, last_day=FIRST + timedelta(days=3), posts=crowded.posts[:4])
    full = replace(fitting, posts=crowded.posts, explores=False)
    assert drawn(full) == Lot(), "the naive rule has no plan for it"
    assert drawn(crowded).controls

    plan = await planned(replace(crowded, explores=False))

    assert not plan.unplaced
    assert broken(plan, crowded) == 0


PROFILES = [
    replace(fitted(observed(posts, noise=noise)), platform=LANE) for posts in (0, 15, 60) for noise in (0.2, 0.8)
]


@on_each("profile", PROFILES)
async def test_a_plan_tries_hours_with_at_most_15_percent_says_which_and_keeps_all_rules(profile: Profile) -> None:
    asked = knowing(profile, NIGHT, MinGap(minutes=90), DailyCap(posts=2))

    plan, timid = await planned(asked), await planned(replace(asked, explores=False))

    assert len(tried(plan)) <= 0.15 * len(plan.placements)
    assert broken(plan, asked) == 0
    again = await planned(asked)
    assert (plan, tried(plan)) == (again, tried(again))
    assert not tried(timid)
    lost = sum(map(expected, timid.placements)) - sum(map(expected, plan.placements))
    assert lost > 0 if tried(plan) else lost == 0


async def test_what_one_plan_tries_is_spread_over_hours() -> None:
    """What it has chosen at first counts as learned when it chooses again, so that it tries other hours besides."""
    others: set[int] = set()
    for profile in PROFILES:
        watched = WatchedSolver()
        await EngagementScheduler(watched).propose(knowing(profile, NIGHT, MinGap(minutes=90), DailyCap(posts=2)))

        (first, chosen), (second, chosen_then) = watched.solved[1:3]
        left = [then.value / now.value for then, now in zip(second.slots, first.slots, strict=True)]
        assert max(left) <= 1
        assert fmean(left[slot] for slot in chosen) < fmean(left)
        others |= chosen_then - chosen
    assert others


class WatchedSolver(DirectPlanSolver):
    """Keeps each problem with the slots that were chosen."""

    def __init__(self) -> None:
        self.solved: list[tuple[LaneProblem, set[int]]] = []

    async def solve(self, problems: Sequence[LaneProblem], *, seconds: float) -> Sequence[LaneChoice]:
        choices = await super().solve(problems, seconds=seconds)
        for problem, choice in zip(problems, choices, strict=True):
            self.solved.append((problem, {slot for slot in choice.chosen if slot is not None}))
        return choices


async def test_a_plan_whose_time_is_up_while_hours_are_tried_has_the_expected_times_and_says_so() -> None:
    """However far it has come: no clock decides which hours are tried."""
    asked = knowing(PROFILES[0], NIGHT)
    expected_plan = await planned(replace(asked, explores=False))
    for in_time in range(3):
        plan = await EngagementScheduler(HurriedSolver(in_time)).propose(asked)

        assert (plan.placements, plan.untried) == (expected_plan.placements, Untried.TIME_WAS_UP)


async def test_a_plan_of_very_many_open_times_tries_no_hour_and_says_so() -> None:
    """That is a matter of size alone, so that the same brief has the same plan on a slow machine."""
    asked = replace(brief(posts=3, last_day=date(2027, 10, 31)), objective=Objective.SLOT_VALUE)

    plan, coarser = await planned(asked), await planned(replace(asked, grid_minutes=60))

    assert (plan.untried, coarser.untried) == (Untried.MANY_TIMES, None)
    assert not tried(plan)


class HurriedSolver(DirectPlanSolver):
    """Is in time for so many questions, and then chooses as what is found at once."""

    def __init__(self, in_time: int) -> None:
        self._left = in_time

    async def solve(self, problems: Sequence[LaneProblem], *, seconds: float) -> Sequence[LaneChoice]:
        choices = await super().solve(problems, seconds=seconds)
        self._left -= 1
        if self._left >= 0:
            return choices
        return [replace(each, certificate=replace(each.certificate, method=Method.QUICK)) for each in choices]


def knowing(profile: Profile, *rules: Rule) -> Brief:
    return replace(brief(*rules), profiles={LANE: profile}, objective=Objective.SLOT_VALUE)


def tried(plan: Plan) -> Sequence[Placement]:
    return [each for each in plan.placements if each.reason and each.reason.is_exploratory]


def expected(placement: Placement) -> int:
    assert placement.reason
    return placement.reason.expected_multiplier


LANES = tuple(Platform)
TOGETHER = MinGap(minutes=5, across_platforms=True)


class TimedSolver(DirectPlanSolver):
    """Takes so many seconds of a clock of its own for each lane, and half of one for what it finds at once; it is asked
    for no more than there is."""

    def __init__(self, each: float) -> None:
        self.now, self._each = 0.0, each

    def monotonic(self) -> float:
        return self.now

    async def solve(self, problems: Sequence[LaneProblem], *, seconds: float) -> Sequence[LaneChoice]:
        choices = await super().solve(problems, seconds=seconds)
        wanted = self._each * len(problems)
        self.now += min(wanted, seconds)
        if wanted <= seconds:
            return choices
        self.now += 0.5
        return [_hurried(each) for each in choices]

    async def alternatives(
        self, problem: LaneProblem, chosen: Sequence[int | None], *, most: int, seconds: float
    ) -> Sequence[Sequence[Alternative]]:
        self.now += min(self._each, seconds)
        if self._each > seconds:
            return ()
        return await super().alternatives(problem, chosen, most=most, seconds=seconds)

    async def why_unplaced(
        self, problem: LaneProblem, choice: LaneChoice, *, later: Sequence[OpenSlot] = (), seconds: float
    ) -> WhyUnplaced:
        found = await super().why_unplaced(problem, choice, later=later, seconds=seconds)
        self.now += min(self._each, seconds)
        return found if self._each <= seconds else replace(found, relaxations=(), was_looked_for=False)


def _hurried(choice: LaneChoice) -> LaneChoice:
    certificate = choice.certificate
    return replace(choice, certificate=replace(certificate, method=Method.QUICK, bound=certificate.value + 1))


async def test_a_plan_has_eight_seconds_however_many_lanes_it_has_and_says_what_was_not_done_in_them() -> None:
    asked = of_every_lane(brief(NIGHT, TOGETHER, last_day=date(2027, 3, 14)))
    for each in (0.0, 0.7, 1.5, 6.0, 40.0):
        solver = TimedSolver(each)

        plan = await EngagementScheduler(solver, solver.monotonic).propose(asked)

        assert solver.now <= PLAN_SECONDS + 0.5, each
        quick = [one for one in (plan.certificates or {}).values() if one.method is Method.QUICK]
        assert bool(quick) == (each > 1), each
        assert all(one.gap > 0 and not one.proven for one in quick)
        assert broken(plan, asked) == 0


async def test_a_post_that_is_left_out_when_the_time_is_up_says_that_no_room_was_looked_for() -> None:
    crowded = of_every_lane(brief(DailyCap(posts=1), last_day=FIRST))
    for each, was_looked_for in ((0.0, True), (40.0, False)):
        solver = TimedSolver(each)

        plan = await EngagementScheduler(solver, solver.monotonic).propose(crowded)

        assert len(plan.unplaced) == len(LANES)
        for left_out in plan.unplaced:
            assert bool(left_out.relaxations) is was_looked_for
            assert left_out.sentence.endswith("because the time was up") is not was_looked_for


def of_every_lane(asked: Brief) -> Brief:
    posts = tuple(PostToPlace(post_id=UUID(int=nth), platform=each) for nth, each in enumerate((*LANES, *LANES)))
    return replace(asked, posts=posts)

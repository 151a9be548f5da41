"""Whole plans over days on which the clock is changed, and over one that was left out, by every scheduler."""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from marketmind_scheduler.application.schedulers import EngagementScheduler, NaiveScheduler, QueueScheduler
from marketmind_scheduler.domain.errors import TooManyPosts
from marketmind_scheduler.domain.planning.plan import Brief, Placement, Plan, PostToPlace
from marketmind_scheduler.domain.planning.promises import violations
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.rules.policy import DailyCap, Policy, Slots, Weekday
from marketmind_scheduler.domain.rules.violations import BrandRules
from marketmind_scheduler.domain.schedulers import SchedulerKind
from marketmind_scheduler.domain.wall_clock import Resolution, both_folds, local_day, wall_time
from marketmind_scheduler.ports.scheduler import Scheduler
from tests.builders import BRAND_ID, a_brief, new_id
from tests.fakes.plan_solver import DirectPlanSolver

DAILY, DAYS = 3, 4
SCHEDULERS: dict[SchedulerKind, Scheduler] = {
    SchedulerKind.NAIVE: NaiveScheduler(),
    SchedulerKind.QUEUE: QueueScheduler(),
    SchedulerKind.ENGAGEMENT: EngagementScheduler(DirectPlanSolver()),
}


@dataclass(frozen=True, slots=True)
class Odd:
    """Four days in a zone, on the second or third of which the clock is changed; so many of them exist."""

    zone: str
    first: date
    exist: int = DAYS


ODD = (
    Odd("Europe/Berlin", date(2027, 3, 27)),  # 02:00 to 03:00
    Odd("Europe/Berlin", date(2027, 10, 30)),  # 03:00 back to 02:00
    Odd("America/Los_Angeles", date(2027, 3, 13)),
    Odd("America/Los_Angeles", date(2027, 11, 6)),
    Odd("Australia/Lord_Howe", date(2027, 10, 2)),  # half an hour, 02:00 to 02:30
    Odd("Australia/Lord_Howe", date(2027, 4, 3)),  # 02:00 back to 01:30
    Odd("America/Havana", date(2027, 3, 13)),  # at midnight
    Odd("America/Havana", date(2027, 11, 6)),
    Odd("Pacific/Apia", date(2011, 12, 29), exist=3),  # there was no 30th
)
GRID = [time(hour, minute) for hour in range(24) for minute in (0, 30)]


def brief_of(odd: Odd, posts: int) -> Brief:
    """The queue's slots are at every half-hour, so that those in a gap and those that happen twice are among them."""
    slots = Slots(times=tuple((day, at) for day in Weekday for at in GRID))
    rules = Policy(brand_id=BRAND_ID, version=1, rules=(slots, DailyCap(posts=DAILY)))
    return replace(
        a_brief(
            zone=odd.zone,
            first_day=odd.first,
            last_day=odd.first + timedelta(days=DAYS - 1),
            now=datetime.combine(odd.first, time(), tzinfo=UTC) - timedelta(days=10),
            posts=tuple(PostToPlace(post_id=new_id(), platform=Platform.LINKEDIN) for _ in range(posts)),
        ),
        rules=BrandRules(policy=rules, caps={}, zone=odd.zone),
    )


def is_shown_there_first(placement: Placement, zone: str) -> bool:
    """Whether clocks in the zone show its wall time at its instant, and did not before."""
    slot = placement.slot
    shown, asked = wall_time(slot.publish_time, zone), slot.intent.local_time
    return shown == asked and slot.publish_time == both_folds(shown, zone)[0]


async def plan_of(kind: SchedulerKind, brief: Brief) -> Plan:
    plan = await SCHEDULERS[kind].propose(brief)
    assert not violations(plan, brief), kind
    return plan


async def test_every_place_of_a_whole_plan_is_a_time_that_clocks_show_and_the_first_such() -> None:
    for odd in ODD:
        for kind in SCHEDULERS:
            daily = 1 if kind is SchedulerKind.NAIVE else DAILY
            plan = await plan_of(kind, brief_of(odd, odd.exist * daily))

            per_day = Counter(local_day(each.slot.publish_time, odd.zone) for each in plan.placements)
            assert not plan.unplaced, (odd, kind)
            assert list(per_day.values()) == [daily] * odd.exist, (odd, kind)
            assert all(is_shown_there_first(each, odd.zone) for each in plan.placements), (odd, kind)
            resolutions = {each.slot.intent.resolution for each in plan.placements}
            assert Resolution.GAP_SHIFTED not in resolutions, (odd, kind)
            assert Resolution.OVERLAP_LATER not in resolutions, (odd, kind)


async def test_what_would_only_fit_on_a_day_that_there_is_not_is_left_out_or_refused() -> None:
    skipped = ODD[-1]
    for kind in (SchedulerKind.QUEUE, SchedulerKind.ENGAGEMENT):
        plan = await plan_of(kind, brief_of(skipped, skipped.exist * DAILY + 1))
        assert len(plan.unplaced) == 1, kind

    with pytest.raises(TooManyPosts):
        await SCHEDULERS[SchedulerKind.NAIVE].propose(brief_of(skipped, skipped.exist + 1))


async def test_the_slots_of_a_gap_are_none_and_those_of_an_overlap_are_filled_once() -> None:
    night = {time(hour, minute) for hour in (0, 1, 2, 3) for minute in (0, 30)}
    for odd in ODD[:-1]:
        brief = brief_of(odd, 4 * len(night))
        slots = Slots(times=tuple((day, at) for day in Weekday for at in sorted(night)))
        plan = await plan_of(
            SchedulerKind.QUEUE,
            replace(brief, rules=BrandRules(policy=Policy(brand_id=BRAND_ID, rules=(slots,)), caps={}, zone=odd.zone)),
        )

        taken = [wall_time(each.slot.publish_time, odd.zone) for each in plan.placements]
        there = {
            datetime.combine(odd.first + timedelta(days=nth), at)
            for nth in range(DAYS)
            for at in night
            if both_folds(datetime.combine(odd.first + timedelta(days=nth), at), odd.zone)[0]
            <= both_folds(datetime.combine(odd.first + timedelta(days=nth), at), odd.zone)[1]
        }
        assert len(taken) == len(set(taken)), odd
        assert set(taken) == there, odd

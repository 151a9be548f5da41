"""What the clock and the calendar close, and which times of a grid stay open."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from time import perf_counter
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.rules.open_slots import open_slots
from marketmind_scheduler.domain.rules.openness import closed_by
from marketmind_scheduler.domain.rules.policy import (
    Blackout,
    LeadTime,
    MinGap,
    Policy,
    PostingHours,
    QuietHours,
    Rule,
    Weekday,
)
from marketmind_scheduler.domain.rules.violations import BrandRules, Occupied, Wanted
from tests.builders import BRAND_ID, new_id
from tests.domain import rule_checker
from tests.domain.rule_cases import CHANGES, cases
from tests.domain.times import instant, wall
from tests.loops import on_each

TWITTER = Platform.TWITTER
NOW = instant("2000-01-01T00:00Z")


def rules(*policy: Rule, zone: str = "America/Los_Angeles") -> BrandRules:
    return BrandRules(policy=Policy(brand_id=BRAND_ID, rules=policy), caps={}, zone=zone)


QUIET = QuietHours(begin=time(22), end=time(7), weekdays=frozenset({Weekday.FR}))
SHUT = QuietHours(begin=time(12), end=time(12), weekdays=frozenset({Weekday.WE}))
HOURS = (PostingHours(begin=time(9), end=time(10)), PostingHours(begin=time(22), end=time(1)))


@on_each(
    ("policy", "at", "closed"),
    [
        ([QUIET], "2027-03-19T21:59:59", False),
        ([QUIET], "2027-03-19T22:00", True),
        ([QUIET], "2027-03-20T06:59:59", True),
        ([QUIET], "2027-03-20T07:00", False),
        ([QUIET], "2027-03-20T22:00", False),
        ([QUIET], "2027-03-19T06:59", False),
        ([SHUT], "2027-03-17T11:59", False),
        ([SHUT], "2027-03-17T12:00", True),
        ([SHUT], "2027-03-18T11:59", True),
        ([SHUT], "2027-03-18T12:00", False),
        (HOURS, "2027-03-17T08:59", True),
        (HOURS, "2027-03-17T09:00", False),
        (HOURS, "2027-03-17T10:00", True),
        (HOURS, "2027-03-18T00:59", False),
        (HOURS, "2027-03-18T01:00", True),
    ],
)
def test_hours_begin_on_the_minute_end_before_theirs_and_may_go_on_behind_midnight(
    policy: Sequence[Rule], at: str, *, closed: bool
) -> None:
    local = wall(at).replace(tzinfo=ZoneInfo("America/Los_Angeles"))

    assert (closed_by(local.astimezone(UTC), TWITTER, rules(*policy), now=NOW) is not None) is closed


def test_the_first_rule_that_closes_a_time_is_named_and_one_of_another_platform_is_not() -> None:
    other = Blackout(first_date=date(2027, 3, 17), last_date=date(2027, 3, 17), platforms=frozenset({Platform.REDDIT}))
    blackout = Blackout(first_date=date(2027, 3, 17), last_date=date(2027, 3, 17))
    policy = rules(other, LeadTime(minutes=5), QuietHours(begin=time(0), end=time(0)), blackout, MinGap(minutes=1))
    noon = instant("2027-03-17T12:00-07:00")

    assert closed_by(noon, TWITTER, policy, now=noon) == QuietHours(begin=time(0), end=time(0))
    assert closed_by(noon, TWITTER, rules(other), now=noon) is None
    assert closed_by(noon, TWITTER, rules(LeadTime(minutes=5)), now=noon) == LeadTime(minutes=5)


@given(cases(), st.sampled_from([15, 30, 60]))
def test_open_slots_are_the_grid_times_that_a_slow_checker_finds_open(
    case: tuple[Sequence[Wanted], Sequence[Occupied], BrandRules, datetime], grid: int
) -> None:
    _, _, some, now = case
    middle = CHANGES[some.zone]
    first, last = middle - timedelta(days=1), middle + timedelta(days=2)
    kinds = (QuietHours, PostingHours, Blackout, LeadTime)
    hourly = tuple(rule for rule in some.policy.rules if isinstance(rule, kinds))
    closing = BrandRules(policy=Policy(brand_id=BRAND_ID, rules=hourly), caps={}, zone=some.zone)

    found = open_slots(TWITTER, closing, first_day=first, last_day=last, grid_minutes=grid, now=now)

    assert [each.instant for each in found] == _open_by_looking_at_each_minute(closing, first, last, grid, now)
    for slot in found:
        assert slot.instant.astimezone(ZoneInfo(some.zone)).replace(tzinfo=None) == slot.local_time
        assert slot.local_time.date() == slot.day


def _open_by_looking_at_each_minute(
    closing: BrandRules, first: date, last: date, grid: int, now: datetime
) -> Sequence[datetime]:
    zone = ZoneInfo(closing.zone)
    at = max(now.replace(second=0), datetime.combine(first, time(), tzinfo=UTC) - timedelta(days=1))
    seen: set[datetime] = set()
    found: list[datetime] = []
    while at < datetime.combine(last, time(), tzinfo=UTC) + timedelta(days=3):
        local = at.astimezone(zone).replace(tzinfo=None)
        is_slot = first <= local.date() <= last and local.minute % grid == 0 and local not in seen
        seen.add(local)
        there = Wanted(post_id=new_id(), platform=TWITTER, publish_time=at)
        if is_slot and at >= now and not rule_checker.broken_by(there, [there], closing, now=now):
            found.append(at)
        at += timedelta(minutes=15)
    return found


def test_a_day_that_does_not_exist_has_no_slots_and_one_that_the_clock_is_changed_on_as_many_as_it_has_wall_times() -> (
    None
):
    def count(day: date, zone: str) -> int:
        found = open_slots(TWITTER, rules(zone=zone), first_day=day, last_day=day, grid_minutes=30, now=NOW)
        return len(found)

    assert count(date(2011, 12, 30), "Pacific/Apia") == 0
    assert count(date(2011, 12, 31), "Pacific/Apia") == 48
    assert count(date(2027, 3, 14), "America/Los_Angeles") == 46
    assert count(date(2027, 11, 7), "America/Los_Angeles") == 48
    assert count(date(2027, 10, 3), "Australia/Lord_Howe") == 47


def test_the_slots_of_a_year_at_every_quarter_of_an_hour_are_found_in_little_time() -> None:
    policy = rules(QUIET, SHUT, Blackout(first_date=date(2027, 12, 24), last_date=date(2027, 12, 26)))
    began = perf_counter()

    found = open_slots(TWITTER, policy, first_day=date(2027, 1, 1), last_day=date(2028, 1, 1), grid_minutes=15, now=NOW)

    assert perf_counter() - began < 1.5
    assert len(found) > 27_000

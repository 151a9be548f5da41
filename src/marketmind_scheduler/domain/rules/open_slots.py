"""The times of a grid that are open to a platform."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.rules.openness import ONE_DAY, closings, lead
from marketmind_scheduler.domain.rules.policy import Blackout, LeadTime, Policy
from marketmind_scheduler.domain.rules.violations import BrandRules
from marketmind_scheduler.domain.wall_clock import both_folds

_A_MONDAY = date(2024, 1, 1)
_MIDNIGHT = time()


class GridSlot(NamedTuple):
    """An open instant (UTC), the wall time that it has in the brand's zone, and that time's date."""

    instant: datetime
    local_time: datetime
    day: date


def open_slots(
    platform: Platform, rules: BrandRules, *, first_day: date, last_day: date, grid_minutes: int, now: datetime
) -> Sequence[GridSlot]:
    """Every grid time of these days, both included, that no rule closes by itself, ascending. Those before ``now`` and
    its lead time are left out.

    The grid divides an hour and begins at midnight by the wall clock. A wall time that the clock jumps over has no
    slot, one that happens twice only its first.
    """
    leads = (lead(rule) for rule in rules.policy.of(platform) if isinstance(rule, LeadTime))
    earliest = now + max(leads, default=timedelta())
    week = _open_times(platform, rules.policy, grid_minutes)
    blackouts = [rule for rule in rules.policy.of(platform) if isinstance(rule, Blackout)]
    slots: list[GridSlot] = []
    for nth in range((last_day - first_day).days + 1):
        day = first_day + nth * ONE_DAY
        if any(each.first_date <= day <= each.last_date for each in blackouts):
            continue
        slots += _slots_of(day, week[day.weekday()], rules.zone)
    return [slot for slot in slots if slot.instant >= earliest]


def _open_times(platform: Platform, policy: Policy, grid_minutes: int) -> Sequence[Sequence[timedelta]]:
    """For each weekday from Monday on, the distances from midnight of what its hours leave open."""
    hours = Policy(
        brand_id=policy.brand_id,
        rules=tuple(rule for rule in policy.of(platform) if not isinstance(rule, Blackout)),
    )
    grid = [timedelta(minutes=minute) for minute in range(0, 24 * 60, grid_minutes)]
    midnights = [datetime.combine(_A_MONDAY + nth * ONE_DAY, _MIDNIGHT) for nth in range(7)]
    return [[after for after in grid if not closings(day + after, platform, hours)] for day in midnights]


def _slots_of(day: date, times: Sequence[timedelta], zone: str) -> Iterator[GridSlot]:
    midnight = datetime.combine(day, _MIDNIGHT)
    begin, over = both_folds(midnight, zone), both_folds(midnight + ONE_DAY, zone)
    if begin[0] == begin[1] and over[0] == over[1] == begin[0] + ONE_DAY:
        return (GridSlot(begin[0] + after, midnight + after, day) for after in times)
    return _one_by_one(midnight, times, zone)


def _one_by_one(midnight: datetime, times: Sequence[timedelta], zone: str) -> Iterator[GridSlot]:
    """The slots of a day on which, or at an end of which, the clock is changed."""
    for after in times:
        first, second = both_folds(midnight + after, zone)
        if first <= second:
            yield GridSlot(first, midnight + after, midnight.date())

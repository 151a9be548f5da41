"""What the clock and the calendar close: quiet hours, posting hours, blackouts, and times too soon.

All but the last is judged on the wall time that an instant has in the brand's zone.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.rules.policy import (
    Blackout,
    LeadTime,
    Policy,
    PostingHours,
    QuietHours,
    Rule,
    Weekday,
)
from marketmind_scheduler.domain.rules.violations import BrandRules
from marketmind_scheduler.domain.wall_clock import wall_time

ONE_DAY = timedelta(days=1)
_DAYS_AROUND = 8  # a weekday comes again, whole, within them


@dataclass(frozen=True, slots=True)
class Closed:
    """A stretch of wall time that a rule closes, its end not included."""

    rule: Rule
    begin: datetime
    end: datetime


def closed_by(instant: datetime, platform: Platform, rules: BrandRules, *, now: datetime) -> Rule | None:
    """The first rule that closes this instant to the platform by itself, whatever stands there; None: it is open."""
    closed = closings(wall_time(instant, rules.zone), platform, rules.policy)
    return closed[0].rule if closed else too_soon(instant, platform, rules.policy, now=now)


def closings(wall: datetime, platform: Platform, policy: Policy) -> Sequence[Closed]:
    """What closes a wall time to the platform, in the policy's order; all of its posting hours count as the first."""
    rules = policy.of(platform)
    opening = [rule for rule in rules if isinstance(rule, PostingHours)]
    found = (_closed(rule, wall) for rule in rules if isinstance(rule, QuietHours | Blackout))
    closed = [each for each in found if each is not None]
    if opening and not any(_spell_around(rule, wall) for rule in opening):
        closed.append(_between(opening, wall))
    return closed


def too_soon(instant: datetime, platform: Platform, policy: Policy, *, now: datetime) -> LeadTime | None:
    """The longest lead time of the platform that this instant does not keep."""
    leads = [rule for rule in policy.of(platform) if isinstance(rule, LeadTime) and instant < now + lead(rule)]
    return max(leads, key=lead, default=None)


def lead(rule: LeadTime) -> timedelta:
    return timedelta(minutes=rule.minutes)


def spell(rule: QuietHours | PostingHours, day: date) -> tuple[datetime, datetime]:
    """The hours that begin on this day, the end not included."""
    last = day if rule.end > rule.begin else day + ONE_DAY
    return datetime.combine(day, rule.begin), datetime.combine(last, rule.end)


def _closed(rule: QuietHours | Blackout, wall: datetime) -> Closed | None:
    if isinstance(rule, Blackout):
        if not rule.first_date <= wall.date() <= rule.last_date:
            return None
        over = datetime.combine(rule.last_date + ONE_DAY, time())
        return Closed(rule, datetime.combine(rule.first_date, time()), over)
    quiet = _spell_around(rule, wall)
    return quiet and Closed(rule, *quiet)


def _spell_around(rule: QuietHours | PostingHours, wall: datetime) -> tuple[datetime, datetime] | None:
    for day in (wall.date(), wall.date() - ONE_DAY):
        if Weekday.of(day) in rule.weekdays:
            begin, end = spell(rule, day)
            if begin <= wall < end:
                return begin, end
    return None


def _between(opening: Sequence[PostingHours], wall: datetime) -> Closed:
    """The stretch around ``wall`` that none of these hours opens."""
    spells = [each for rule in opening for each in _spells_near(rule, wall.date())]
    begin = max(over for _, over in spells if over <= wall)
    end = min(opens for opens, _ in spells if opens > wall)
    return Closed(opening[0], begin, end)


def _spells_near(rule: PostingHours, day: date) -> Iterator[tuple[datetime, datetime]]:
    for offset in range(-_DAYS_AROUND, _DAYS_AROUND + 1):
        near = day + offset * ONE_DAY
        if Weekday.of(near) in rule.weekdays:
            yield spell(rule, near)

"""The closest open times around one that is not open."""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.rules.caps import Rolling
from marketmind_scheduler.domain.rules.limits import Limit
from marketmind_scheduler.domain.rules.openness import closings, lead, too_soon
from marketmind_scheduler.domain.rules.violations import BrandRules
from marketmind_scheduler.domain.wall_clock import both_folds, days_in, is_second, local_day, wall_time

WITHIN = timedelta(days=14)
_MINUTE = timedelta(minutes=1)
_INSTANT = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Stretch: TypeAlias = tuple[datetime, datetime]
"""The last instant before, and the first behind, what something closes."""

Obstacle: TypeAlias = Callable[[datetime], Stretch | None]
"""What closes an instant, and from where to where at least; None: it does not."""


def nearest_open(
    instant: datetime,
    platform: Platform,
    rules: BrandRules,
    counted: Sequence[tuple[Limit, Sequence[datetime]]],
    *,
    now: datetime,
) -> tuple[datetime | None, datetime | None]:
    """The closest wall times before and after, whole minutes from ``now`` on and within two weeks, that no rule closes,
    nor a limit beside the ascending instants of the others that it counts; None where there is none. Of a wall time
    that happens twice, only the first is meant."""
    if any(limit.posts < 1 for limit, _ in counted):
        return None, None
    obstacles = [
        _lead_time(platform, rules, now),
        _clock(platform, rules),
        _repeats(rules.zone),
        *(_limit(limit, others) for limit, others in counted),
    ]
    before = _before(instant, obstacles, first=max(now, instant - WITHIN))
    after = _after(max(now, instant), obstacles, last=instant + WITHIN)
    return before and wall_time(before, rules.zone), after and wall_time(after, rules.zone)


def _before(instant: datetime, obstacles: Sequence[Obstacle], *, first: datetime) -> datetime | None:
    at = _down(instant)
    while at >= first:
        stretches = [stretch for obstacle in obstacles if (stretch := obstacle(at))]
        if not stretches:
            return at
        at = min(at - _MINUTE, *(_down(before) for before, _ in stretches))
    return None


def _after(instant: datetime, obstacles: Sequence[Obstacle], *, last: datetime) -> datetime | None:
    at = _up(instant)
    while at <= last:
        stretches = [stretch for obstacle in obstacles if (stretch := obstacle(at))]
        if not stretches:
            return at
        at = max(at + _MINUTE, *(_up(after) for _, after in stretches))
    return None


def _lead_time(platform: Platform, rules: BrandRules, now: datetime) -> Obstacle:
    def stretch(at: datetime) -> Stretch | None:
        rule = too_soon(at, platform, rules.policy, now=now)
        return rule and (now - _INSTANT, now + lead(rule))

    return stretch


def _clock(platform: Platform, rules: BrandRules) -> Obstacle:
    """Where the clock is changed within a closed stretch it may end later than this says, never sooner."""

    def stretch(at: datetime) -> Stretch | None:
        closed = closings(wall_time(at, rules.zone), platform, rules.policy)
        if not closed:
            return None
        before = max(both_folds(min(each.begin for each in closed) - _INSTANT, rules.zone))
        return before, min(both_folds(max(each.end for each in closed), rules.zone))

    return stretch


def _repeats(zone: str) -> Obstacle:
    """Instants whose wall time was there before."""
    return lambda at: (at, at) if is_second(at, zone) else None


def _limit(limit: Limit, others: Sequence[datetime]) -> Obstacle:
    if isinstance(limit.window, Rolling):
        return _rolling(limit.posts, limit.window.length, others)
    return _calendar(limit.posts, limit.window.zone, others)


def _rolling(posts: int, length: timedelta, others: Sequence[datetime]) -> Obstacle:
    """As many of the others as are allowed, within less than ``length`` of each other and of the instant, close it."""

    def stretch(at: datetime) -> Stretch | None:
        starts = range(bisect_right(others, at - length), bisect_left(others, at + length) - posts + 1)
        full = [start for start in starts if others[start + posts - 1] - others[start] < length]
        return (others[full[0] + posts - 1] - length, others[full[-1]] + length) if full else None

    return stretch


def _calendar(posts: int, zone: str, others: Sequence[datetime]) -> Obstacle:
    taken = Counter(local_day(each, zone) for each in others)

    def stretch(at: datetime) -> Stretch | None:
        day = local_day(at, zone)
        if taken[day] < posts:
            return None
        begin, over = days_in(day, day, zone)
        return begin - _INSTANT, over

    return stretch


def _down(instant: datetime) -> datetime:
    return instant.replace(second=0, microsecond=0)


def _up(instant: datetime) -> datetime:
    return -(-(instant - _EPOCH) // _MINUTE) * _MINUTE + _EPOCH

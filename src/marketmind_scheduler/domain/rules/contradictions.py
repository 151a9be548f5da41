"""What of a policy cannot be, or has no effect: to be told, not to be refused."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import TypeVar

from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.rules import saying
from marketmind_scheduler.domain.rules.openness import ONE_DAY, closings, spell
from marketmind_scheduler.domain.rules.policy import (
    Blackout,
    ControlShare,
    DailyCap,
    LeadTime,
    MinGap,
    Policy,
    PostingHours,
    QuietHours,
    RollingCap,
    Rule,
    Slots,
    Weekday,
)
from marketmind_scheduler.domain.schedulers import SEVEN_PM

_A_MONDAY = datetime(2024, 1, 1)  # noqa: DTZ001  # the first of a week like any other, on the wall
_WEEK = 7 * ONE_DAY

R = TypeVar("R", bound=Rule)


def contradictions(policy: Policy) -> Sequence[str]:
    """A sentence for each rule, or few of them, that leaves nothing open or never has an effect, and the platforms for
    which it is so."""
    platforms: defaultdict[str, list[Platform]] = defaultdict(list)
    for platform in Platform:
        for sentence in _of_platform(platform, policy):
            platforms[sentence].append(platform)
    return [f"{sentence} ({_named(concerned)})" for sentence, concerned in platforms.items()]


def _of_platform(platform: Platform, policy: Policy) -> Iterator[str]:
    rules = policy.of(platform)
    weekly = replace(policy, rules=tuple(rule for rule in rules if not isinstance(rule, Blackout)))
    stretches = _open_stretches(platform, weekly)
    if not stretches:
        yield "quiet hours and posting hours leave no minute of the week open, so nothing can be scheduled"
    yield from _caps_of_nothing(rules)
    yield from _long_gaps(rules, stretches)
    if stretches:
        yield from _swallowed_hours(platform, weekly)
        yield from _closed_slots(platform, weekly)
    yield from _slots_beyond(rules)
    yield from _never_reached(rules)
    if stretches:
        yield from _closed_control(rules, platform, weekly)


def _caps_of_nothing(rules: Sequence[Rule]) -> Iterator[str]:
    for cap in rules:
        if isinstance(cap, DailyCap | RollingCap) and not cap.posts:
            yield f"a {cap.kind} of 0 posts allows none, so nothing can be scheduled"


def _long_gaps(rules: Sequence[Rule], stretches: Sequence[timedelta]) -> Iterator[str]:
    longest = max(stretches, default=timedelta())
    for rule in _only(rules, MinGap):
        if longest and _gap(rule) >= min(longest, _WEEK):
            window = "a week" if longest >= _WEEK else f"every stretch of open hours, {saying.length(longest)} at most"
            yield (
                f"the min_gap of {saying.minutes(rule.minutes)} is not shorter than {window}, so each holds one post "
                "at most"
            )


def _swallowed_hours(platform: Platform, weekly: Policy) -> Iterator[str]:
    for opening in _only(weekly.rules, PostingHours):
        alone = replace(weekly, rules=(opening, *_only(weekly.rules, QuietHours)))
        if not _open_stretches(platform, alone):
            yield f"quiet hours close all of the posting hours {saying.hours(opening)}"


def _closed_slots(platform: Platform, weekly: Policy) -> Iterator[str]:
    for slots in _only(weekly.rules, Slots):
        for weekday, at in slots.times:
            if closed := closings(_on(weekday, at), platform, weekly):
                yield f"the slot {weekday} {at:%H:%M} is never filled, because {closed[0].rule.kind} closes it"


def _closed_control(rules: Sequence[Rule], platform: Platform, weekly: Policy) -> Iterator[str]:
    """A comparison without posts: on no day of the week is the naive rule's time open."""
    if not any(rule.thousandths for rule in _only(rules, ControlShare)):
        return
    closed = [closings(_on(weekday, SEVEN_PM), platform, weekly) for weekday in Weekday]
    if all(closed):
        yield f"no post is left at {SEVEN_PM:%H:%M} for the control_share, because {closed[0][0].rule.kind} closes it"


def _slots_beyond(rules: Sequence[Rule]) -> Iterator[str]:
    """Slots that cannot all be filled, because there are too many of them or they stand too close."""
    times = sorted({_on(weekday, at) for slots in _only(rules, Slots) for weekday, at in slots.times})
    if not times:
        return
    fullest = max(Counter(at.date() for at in times).values())
    closest = min(later - sooner for sooner, later in pairwise([*times, times[0] + _WEEK]))
    for cap in _only(rules, DailyCap):
        if 0 < cap.posts < fullest:
            yield f"a day has up to {fullest} slots, and the daily_cap fills {cap.posts} of them"
    for gap in _only(rules, MinGap):
        if closest < _gap(gap):
            yield (
                f"slots stand {saying.length(closest)} apart, and the min_gap of {saying.minutes(gap.minutes)} lets "
                "one of them be filled"
            )


def _never_reached(rules: Sequence[Rule]) -> Iterator[str]:
    """Caps that the distance between posts keeps anyway, and rules that a stricter one of their kind keeps."""
    gap = max((_gap(rule) for rule in _only(rules, MinGap)), default=timedelta())
    for cap in _only(rules, RollingCap):
        if gap and cap.posts * gap >= timedelta(hours=cap.hours) and cap.posts:
            yield (
                f"the rolling_cap of {saying.posts(cap.posts)} in {saying.length(timedelta(hours=cap.hours))} is never "
                f"reached with {saying.length(gap)} between posts"
            )
    leads = {rule.minutes for rule in _only(rules, LeadTime)}
    for shorter in sorted(leads)[:-1]:
        yield f"the lead_time of {saying.minutes(shorter)} has no effect beside the one of {saying.minutes(max(leads))}"


def _open_stretches(platform: Platform, weekly: Policy) -> Sequence[timedelta]:
    """How long each stretch of the week is that hours leave open; one that goes over the week's end counts whole, a
    week that is open throughout as two weeks."""
    hours = [rule for rule in weekly.rules if isinstance(rule, QuietHours | PostingHours)]
    edges = {_A_MONDAY, _A_MONDAY + 2 * _WEEK}
    for nth in range(-1, 14):
        day = (_A_MONDAY + nth * ONE_DAY).date()
        edges.update(edge for rule in hours if Weekday.of(day) in rule.weekdays for edge in spell(rule, day))
    in_order = sorted(edge for edge in edges if _A_MONDAY <= edge <= _A_MONDAY + 2 * _WEEK)
    stretches = [timedelta()]
    for begin, end in pairwise(in_order):
        if closings(begin, platform, weekly):
            stretches.append(timedelta())
        else:
            stretches[-1] += end - begin
    return [each for each in stretches if each]


def _only(rules: Sequence[Rule], kind: type[R]) -> Sequence[R]:
    return [rule for rule in rules if isinstance(rule, kind)]


def _gap(rule: MinGap) -> timedelta:
    return timedelta(minutes=rule.minutes)


def _on(weekday: Weekday, at: time) -> datetime:
    day: date = (_A_MONDAY + list(Weekday).index(weekday) * ONE_DAY).date()
    return datetime.combine(day, at)


def _named(platforms: Sequence[Platform]) -> str:
    return "every platform" if len(platforms) == len(Platform) else ", ".join(platforms)

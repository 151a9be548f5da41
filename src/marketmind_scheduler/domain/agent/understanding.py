"""What an intent does to a campaign's rules, field by field, for whoever is to agree to it."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from marketmind_scheduler.domain.agent.intent import Intent
from marketmind_scheduler.domain.planning.agent_part import Understood
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.rules import saying
from marketmind_scheduler.domain.rules.openness import closings
from marketmind_scheduler.domain.rules.policy import Blackout, DailyCap, MinGap, QuietHours, Weekday
from marketmind_scheduler.domain.rules.tightening import Patch
from marketmind_scheduler.domain.rules.violations import BrandRules

_A_MONDAY = datetime(2024, 1, 1)  # noqa: DTZ001  # a wall time
_GRID = timedelta(minutes=15)
_WEEK = [_A_MONDAY + nth * _GRID for nth in range(7 * 96)]


def understood(
    intent: Intent, rules: BrandRules, days: tuple[date, date], platforms: Collection[Platform]
) -> tuple[Understood, ...]:
    """Every field, before and after, for these platforms of a campaign of these days. The rules are the brand's own."""
    return (
        Understood(field="emphasis", asked=intent.aim, before=None, after=intent.aim),
        _quiet_hours(intent, rules, platforms),
        _most_per_day(intent, rules, platforms),
        _least_gap(intent, rules, platforms),
        _weekdays(intent, rules, platforms),
        _days(intent, days),
    )


def _quiet_hours(intent: Intent, rules: BrandRules, platforms: Collection[Platform]) -> Understood:
    quiet = sorted({saying.hours(rule) for rule in rules.policy.rules if isinstance(rule, QuietHours)})
    before = " and ".join(quiet) or None
    asked = _hours(intent.quiet)
    closes = _open_times(rules, platforms) != _open_times(Patch(quiet=intent.quiet).added_to(rules), platforms)
    after = " and ".join([*quiet, asked]) if asked and closes else before
    return Understood(
        field="quiet_hours", asked=asked, before=before, after=after, is_looser=not (asked in (None, *quiet) or closes)
    )


def _hours(quiet: tuple[int, int] | None) -> str | None:
    return None if quiet is None else f"{quiet[0]:02}:00 to {quiet[1]:02}:00"


def _most_per_day(intent: Intent, rules: BrandRules, platforms: Collection[Platform]) -> Understood:
    def caps(of: BrandRules) -> Mapping[Platform, int | None]:
        return {each: min(_numbers(of, each, DailyCap), default=None) for each in platforms}

    asked, before = intent.most_per_day, caps(rules)
    return Understood(
        field="most_per_day",
        asked=None if asked is None else saying.posts(asked),
        before=_by_platform(before, saying.posts),
        after=_by_platform(caps(Patch(most_per_day=asked).added_to(rules)), saying.posts),
        is_looser=asked is not None and all(cap is not None and cap < asked for cap in before.values()),
    )


def _least_gap(intent: Intent, rules: BrandRules, platforms: Collection[Platform]) -> Understood:
    def gaps(of: BrandRules) -> Mapping[Platform, int | None]:
        return {each: max(_numbers(of, each, MinGap), default=None) for each in platforms}

    asked, before = intent.least_gap_hours, gaps(rules)
    return Understood(
        field="least_gap",
        asked=None if asked is None else _length(60 * asked),
        before=_by_platform(before, _length),
        after=_by_platform(gaps(Patch(least_gap_hours=asked).added_to(rules)), _length),
        is_looser=asked is not None and all(gap is not None and gap > 60 * asked for gap in before.values()),
    )


def _numbers(rules: BrandRules, platform: Platform, kind: type[DailyCap] | type[MinGap]) -> Sequence[int]:
    of_kind = [rule for rule in rules.policy.of(platform) if isinstance(rule, kind)]
    return [rule.posts if isinstance(rule, DailyCap) else rule.minutes for rule in of_kind]


def _length(minutes: int) -> str:
    return saying.length(timedelta(minutes=minutes))


def _weekdays(intent: Intent, rules: BrandRules, platforms: Collection[Platform]) -> Understood:
    before = _open_weekdays(rules, platforms)
    after = _open_weekdays(Patch(avoided=intent.avoided).added_to(rules), platforms)
    wishes = [(intent.kept, "keep"), (intent.avoided, "avoid")]
    asked = [f"{wish} {_listed(weekdays)}" for weekdays, wish in wishes if weekdays]
    return Understood(
        field="weekdays",
        asked=", ".join(asked) or None,
        before=_listed(before),
        after=_listed(after),
        is_looser=bool(intent.kept - before),
    )


def _days(intent: Intent, days: tuple[date, date]) -> Understood:
    first, last = intent.patch.within(*days)
    asked = _from_to(intent.first_day or days[0], intent.last_day or days[1])
    return Understood(
        field="days",
        asked=asked if intent.first_day or intent.last_day else None,
        before=_from_to(*days),
        after=_from_to(first, last),
    )


def _open_times(rules: BrandRules, platforms: Collection[Platform]) -> frozenset[tuple[Platform, datetime]]:
    """Those of a usual week."""
    kept = tuple(rule for rule in rules.policy.rules if not isinstance(rule, Blackout))
    policy = replace(rules.policy, rules=kept)
    return frozenset((each, wall) for each in platforms for wall in _WEEK if not closings(wall, each, policy))


def _open_weekdays(rules: BrandRules, platforms: Collection[Platform]) -> frozenset[Weekday]:
    return frozenset(Weekday.of(wall.date()) for _, wall in _open_times(rules, platforms))


def _by_platform(values: Mapping[Platform, int | None], say: Callable[[int], str]) -> str | None:
    """One text where it is the same on all of them."""
    found = {platform: say(value) for platform, value in sorted(values.items()) if value is not None}
    if len(found) == len(values) and len(set(found.values())) == 1:
        return next(iter(found.values()))
    return ", ".join(f"{platform} {said}" for platform, said in found.items()) or None


def _listed(weekdays: Collection[Weekday]) -> str:
    return ", ".join(each for each in Weekday if each in weekdays)


def _from_to(first: date, last: date) -> str:
    return f"{first} to {last}"

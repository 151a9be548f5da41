"""Which values a rule may have."""

from collections.abc import Iterator, Sequence, Sized
from dataclasses import dataclass
from datetime import date, time

from marketmind_scheduler.domain.errors import InvalidRule
from marketmind_scheduler.domain.rules.caps import Rolling, Window
from marketmind_scheduler.domain.rules.policy import (
    Blackout,
    ControlShare,
    DailyCap,
    LeadTime,
    MinGap,
    PostingHours,
    QuietHours,
    RollingCap,
    Rule,
    RuleKind,
    Slots,
    Weekday,
)

MOST_RULES = 100
MOST_MINUTES = 365 * 24 * 60
MOST_HOURS = 366 * 24
MOST_POSTS = 10_000
MOST_SLOTS = 7 * 24 * 4
MOST_SHARE = 200  # thousandths
LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Fault:
    """A field with a value that it cannot have: what is ``wrong``, as a clause, and what would be ``right``."""

    field: str
    wrong: str
    right: str

    @classmethod
    def of_value(cls, field: str, found: object, right: str) -> "Fault":
        return cls(field, f"{field} is {found}, and must be {right}", right)


def check_rules(rules: Sequence[Rule]) -> None:
    """Raise InvalidRule for the first rule with a value that it cannot have."""
    for nth, rule in enumerate(rules, start=1):
        for fault in _faults(rule):
            raise InvalidRule(nth, rule.kind, field=fault.field, wrong=fault.wrong, right=fault.right)
    if len(rules) > MOST_RULES:
        last, fault = rules[MOST_RULES], Fault.of_value("its number", MOST_RULES + 1, f"{MOST_RULES} at most")
        raise InvalidRule(MOST_RULES + 1, last.kind, field=fault.field, wrong=fault.wrong, right=fault.right)


def check_cap(limit: int, window: Window) -> None:
    """Raise InvalidRule for a brand's own cap that cannot be."""
    seconds = round(window.length.total_seconds()) if isinstance(window, Rolling) else 1
    faults = (*_outside("limit", limit, 0, MOST_POSTS), *_outside("seconds", seconds, 1, MOST_HOURS * 3600))
    for fault in faults:
        raise InvalidRule(1, RuleKind.PLATFORM_CAP, field=fault.field, wrong=fault.wrong, right=fault.right)


def _faults(rule: Rule) -> Iterator[Fault]:
    yield from _empty("platforms", rule.platforms, "one platform at least, or left out for all")
    match rule:
        case QuietHours() | PostingHours():
            yield from _empty("weekdays", rule.weekdays, "one weekday at least, or left out for all")
            yield from (fault for at in (rule.begin, rule.end) for fault in _to_the_minute(at))
        case Blackout():
            yield from _blackout(rule)
        case MinGap():
            yield from _outside("minutes", rule.minutes, 1, MOST_MINUTES)
        case DailyCap():
            yield from _outside("posts", rule.posts, 0, MOST_POSTS)
        case RollingCap():
            yield from _outside("posts", rule.posts, 0, MOST_POSTS)
            yield from _outside("hours", rule.hours, 1, MOST_HOURS)
        case LeadTime():
            yield from _outside("minutes", rule.minutes, 0, MOST_MINUTES)
        case Slots():
            yield from _slots(rule.times)
        case ControlShare():
            yield from _outside("share", rule.thousandths, 0, MOST_SHARE, scale=1000)


def _blackout(rule: Blackout) -> Iterator[Fault]:
    if rule.last_date < rule.first_date:
        yield Fault.of_value("last_date", rule.last_date, f"{rule.first_date}, the first_date, or later")
    if not date(1970, 1, 1) <= rule.first_date <= rule.last_date <= date(2199, 12, 31):
        yield Fault.of_value("first_date", rule.first_date, "within the years 1970 to 2199, as last_date")
    if rule.name is not None and len(rule.name) > LONGEST_NAME:
        yield Fault.of_value("name", f"{len(rule.name)} letters long", f"{LONGEST_NAME} letters long at most")


def _slots(times: Sequence[tuple[Weekday, time]]) -> Iterator[Fault]:
    yield from _empty("times", times, "one weekday and time at least")
    if len(times) > MOST_SLOTS:
        yield Fault.of_value("times", f"{len(times)} long", f"{MOST_SLOTS} long at most")
    for nth, (weekday, at) in enumerate(times):
        yield from _to_the_minute(at)
        if (weekday, at) in times[:nth]:
            yield Fault(
                "times", f"{weekday} {at:%H:%M} stands in times twice; leave one out", "each weekday and time once"
            )


def _to_the_minute(at: time) -> Iterator[Fault]:
    if at.second or at.microsecond or at.tzinfo:
        yield Fault.of_value("a time", at.isoformat(), "HH:MM in the brand's zone")


def _empty(field: str, values: Sized, right: str) -> Iterator[Fault]:
    if not values:
        yield Fault.of_value(field, "empty", right)


def _outside(field: str, value: int, least: int, most: int, *, scale: int = 1) -> Iterator[Fault]:
    if not least <= value <= most:
        yield Fault.of_value(
            field,
            f"{value / scale:g}" if scale > 1 else value,
            f"{least / scale:g} to {most / scale:g}" if scale > 1 else f"{least} to {most}",
        )

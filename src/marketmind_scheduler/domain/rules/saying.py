"""Rules and limits in words."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from marketmind_scheduler.domain.rules.caps import Rolling
from marketmind_scheduler.domain.rules.limits import Limit
from marketmind_scheduler.domain.rules.policy import (
    EVERY_DAY,
    Blackout,
    PostingHours,
    QuietHours,
    Rule,
    RuleKind,
    Weekday,
)

CLOSED_AS: Mapping[RuleKind, str] = {
    RuleKind.QUIET_HOURS: "lies in the quiet hours",
    RuleKind.POSTING_HOURS: "lies outside the posting hours",
    RuleKind.BLACKOUT: "lies in the blackout",
}

_MINUTE = timedelta(minutes=1)


def hours_or_days(closing: Rule, rules: Sequence[Rule]) -> str:
    """What a rule closes, or what all the posting hours among ``rules`` open."""
    match closing:
        case Blackout():
            return f"{closing.first_date} to {closing.last_date}" + (f" ({closing.name})" if closing.name else "")
        case QuietHours():
            return hours(closing)
        case _:
            return " and ".join(hours(rule) for rule in rules if isinstance(rule, PostingHours))


def hours(rule: QuietHours | PostingHours) -> str:
    """Such as ``22:00 to 07:00 on FR, SA``."""
    days = "" if rule.weekdays == EVERY_DAY else f" on {', '.join(day for day in Weekday if day in rule.weekdays)}"
    return f"{rule.begin:%H:%M} to {rule.end:%H:%M}{days}"


def at_most(limit: Limit) -> str:
    """What is allowed, such as ``3 posts in 24 hours``; of a distance, how long it is at least."""
    if limit.rule is RuleKind.MIN_GAP:
        return length(limit.length)
    if isinstance(limit.window, Rolling):
        return f"{posts(limit.posts)} in {length(limit.window.length)}"
    return f"{posts(limit.posts)} a day in {limit.window.zone}"


def posts(number: int) -> str:
    return "1 post" if number == 1 else f"{number} posts"


def minutes(number: int) -> str:
    return "1 minute" if number == 1 else f"{number} minutes"


def length(of: timedelta) -> str:
    """In hours from two of them on, in minutes or, where they are not whole, in seconds."""
    if of % _MINUTE:
        return f"{of.total_seconds():.15g} seconds"
    if of >= timedelta(hours=2) and not of % timedelta(hours=1):
        return f"{of // timedelta(hours=1)} hours"
    return minutes(of // _MINUTE)


def observed(of: timedelta) -> str:
    """A length that was found: from an hour on without the seconds, so never more than it is."""
    return length(of - of % _MINUTE if of >= timedelta(hours=1) else of)


def wall(at: datetime) -> str:
    return at.isoformat(timespec="auto" if at.second or at.microsecond else "minutes")


def those(platforms: Collection[str]) -> str:
    return ", ".join(sorted(platforms))

"""Which rules are broken, found the slow way: by looking at every pair of posts and every stretch of time. It shares no
code with the domain's own judgement, so that one mistake is not made twice."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeGuard
from uuid import UUID
from zoneinfo import ZoneInfo

from marketmind_scheduler.domain.rules.caps import Rolling
from marketmind_scheduler.domain.rules.policy import (
    Blackout,
    DailyCap,
    LeadTime,
    MinGap,
    PostingHours,
    QuietHours,
    RollingCap,
    Rule,
    RuleKind,
)
from marketmind_scheduler.domain.rules.violations import BrandRules, Occupied, Wanted

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
At = Wanted | Occupied


def broken(
    wanted: Sequence[Wanted], occupied: Sequence[Occupied], rules: BrandRules, *, now: datetime
) -> set[tuple[UUID, RuleKind]]:
    everything: list[At] = [*occupied, *wanted]
    return {(each.post_id, kind) for each in wanted for kind in broken_by(each, everything, rules, now=now)}


def broken_by(each: Wanted, everything: Sequence[At], rules: BrandRules, *, now: datetime) -> set[RuleKind]:
    """``everything`` has ``each`` in it."""
    own = [rule for rule in rules.policy.rules if each.platform in rule.platforms]
    opening = [within(rule, each.publish_time.astimezone(ZoneInfo(rules.zone))) for rule in own if is_opening(rule)]
    found = {
        rule.kind
        for rule in own
        if closes(rule, each, rules.zone, now) or counts_beyond(rule, each, everything, rules.zone)
    }
    if opening and not any(opening):
        found.add(RuleKind.POSTING_HOURS)
    if any_cap_is_exceeded(each, everything, rules):
        found.add(RuleKind.PLATFORM_CAP)
    return found


def is_opening(rule: Rule) -> TypeGuard[PostingHours]:
    return isinstance(rule, PostingHours)


def closes(rule: Rule, each: Wanted, zone: str, now: datetime) -> bool:
    local = each.publish_time.astimezone(ZoneInfo(zone))
    match rule:
        case QuietHours():
            return within(rule, local)
        case Blackout():
            return rule.first_date <= local.date() <= rule.last_date
        case LeadTime():
            return each.publish_time - now < timedelta(minutes=rule.minutes)
        case _:
            return False


def counts_beyond(rule: Rule, each: Wanted, everything: Sequence[At], zone: str) -> bool:
    if not isinstance(rule, MinGap | DailyCap | RollingCap):
        return False
    counted = rule.platforms if rule.across_platforms else {each.platform}
    lane = [other for other in everything if other.platform in counted]
    times = [other.publish_time for other in lane]
    match rule:
        case MinGap():
            return too_close(each, lane, timedelta(minutes=rule.minutes))
        case DailyCap():
            return on_its_day(each.publish_time, times, zone) > rule.posts
        case RollingCap():
            return most(each.publish_time, times, timedelta(hours=rule.hours)) > rule.posts


def on_its_day(instant: datetime, times: Sequence[datetime], zone: str) -> int:
    day = instant.astimezone(ZoneInfo(zone)).date()
    return sum(at.astimezone(ZoneInfo(zone)).date() == day for at in times)


def within(rule: QuietHours | PostingHours, local: datetime) -> bool:
    minute = local.hour * 60 + local.minute
    begin, end = rule.begin.hour * 60 + rule.begin.minute, rule.end.hour * 60 + rule.end.minute
    today, yesterday = WEEKDAYS[local.weekday()], WEEKDAYS[local.weekday() - 1]
    if end > begin:
        return today in rule.weekdays and begin <= minute < end
    return (today in rule.weekdays and minute >= begin) or (yesterday in rule.weekdays and minute < end)


def too_close(each: Wanted, lane: Sequence[At], gap: timedelta) -> bool:
    return any(abs(other.publish_time - each.publish_time) < gap for other in lane if other is not each)


def most(instant: datetime, times: Sequence[datetime], length: timedelta) -> int:
    """The most of these within any stretch that holds the instant and begins with one of them."""
    return max(
        sum(begin <= at < begin + length for at in times) for begin in times if begin <= instant < begin + length
    )


def any_cap_is_exceeded(each: Wanted, everything: Sequence[At], rules: BrandRules) -> bool:
    times = [other.publish_time for other in everything if other.platform is each.platform]
    for cap in rules.caps.get(each.platform, ()):
        if cap.grade not in ("brand", "documented") or cap.scope != "lane":
            continue
        if isinstance(cap.window, Rolling):
            count = most(each.publish_time, times, cap.window.length)
        else:
            count = on_its_day(each.publish_time, times, cap.window.zone)
        if count > cap.limit:
            return True
    return False


def is_first(instant: datetime, zone: str) -> bool:
    """Whether no earlier instant has its wall time."""
    wall = instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    return all(
        (instant - timedelta(minutes=back)).astimezone(ZoneInfo(zone)).replace(tzinfo=None) != wall
        for back in (30, 60, 120, 24 * 60)
    )


def to_instant(wall: datetime, zone: str) -> datetime:
    return wall.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)

"""A brand's rules as data: what each kind of rule says, and the policy that holds them.

Times are wall times in the brand's zone, to the minute. ``platforms`` are those that a rule is for.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from enum import StrEnum
from typing import ClassVar, TypeAlias
from uuid import UUID

from marketmind_scheduler.domain.post import Platform

EVERY_PLATFORM = frozenset(Platform)


class Weekday(StrEnum):
    """The weekdays as RFC 5545 calls them, Monday first."""

    MO = "MO"
    TU = "TU"
    WE = "WE"
    TH = "TH"
    FR = "FR"
    SA = "SA"
    SU = "SU"

    @classmethod
    def of(cls, day: date) -> "Weekday":
        return _WEEK[day.weekday()]


_WEEK = tuple(Weekday)
EVERY_DAY = frozenset(Weekday)


class RuleKind(StrEnum):
    """What a rule is called where it is asked for, broken or passed over."""

    QUIET_HOURS = "quiet_hours"
    POSTING_HOURS = "posting_hours"
    BLACKOUT = "blackout"
    MIN_GAP = "min_gap"
    DAILY_CAP = "daily_cap"
    ROLLING_CAP = "rolling_cap"
    LEAD_TIME = "lead_time"
    SLOTS = "slots"
    CONTROL_SHARE = "control_share"
    PLATFORM_CAP = "platform_cap"  # of the platform, not of a policy


NEVER_BROKEN = frozenset({RuleKind.SLOTS, RuleKind.CONTROL_SHARE})
"""What these say closes no time, so there is nothing to pass over."""

Overriding: TypeAlias = frozenset[RuleKind]
"""The kinds of rules that somebody who may passes over."""

NOTHING: Overriding = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHours:
    """Nothing goes out from ``begin`` until before ``end``; where ``end`` is not later, it is of the next day. The
    weekdays are those of the days on which it begins."""

    kind: ClassVar[RuleKind] = RuleKind.QUIET_HOURS
    begin: time
    end: time
    weekdays: frozenset[Weekday] = EVERY_DAY
    platforms: frozenset[Platform] = EVERY_PLATFORM


@dataclass(frozen=True, slots=True, kw_only=True)
class PostingHours:
    """What is open, as quiet hours say what is closed; several of a platform add up, and without any all is open."""

    kind: ClassVar[RuleKind] = RuleKind.POSTING_HOURS
    begin: time
    end: time
    weekdays: frozenset[Weekday] = EVERY_DAY
    platforms: frozenset[Platform] = EVERY_PLATFORM


@dataclass(frozen=True, slots=True, kw_only=True)
class Blackout:
    """Nothing goes out on these calendar days, both included."""

    kind: ClassVar[RuleKind] = RuleKind.BLACKOUT
    first_date: date
    last_date: date
    name: str | None = None
    platforms: frozenset[Platform] = EVERY_PLATFORM


@dataclass(frozen=True, slots=True, kw_only=True)
class MinGap:
    """At least so many minutes between two posts of a lane, or ``across_platforms`` of the brand."""

    kind: ClassVar[RuleKind] = RuleKind.MIN_GAP
    minutes: int
    across_platforms: bool = False
    platforms: frozenset[Platform] = EVERY_PLATFORM


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyCap:
    """At most so many posts of a lane, or of the brand, on a calendar day of the brand's zone."""

    kind: ClassVar[RuleKind] = RuleKind.DAILY_CAP
    posts: int
    across_platforms: bool = False
    platforms: frozenset[Platform] = EVERY_PLATFORM


@dataclass(frozen=True, slots=True, kw_only=True)
class RollingCap:
    """At most so many posts of a lane, or of the brand, within any so many hours, the end not included."""

    kind: ClassVar[RuleKind] = RuleKind.ROLLING_CAP
    posts: int
    hours: int
    across_platforms: bool = False
    platforms: frozenset[Platform] = EVERY_PLATFORM


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadTime:
    """A time is chosen at least so many minutes ahead."""

    kind: ClassVar[RuleKind] = RuleKind.LEAD_TIME
    minutes: int
    platforms: frozenset[Platform] = EVERY_PLATFORM


@dataclass(frozen=True, slots=True, kw_only=True)
class Slots:
    """The weekly times that the queue scheduler fills; it closes nothing."""

    kind: ClassVar[RuleKind] = RuleKind.SLOTS
    times: tuple[tuple[Weekday, time], ...]
    platforms: frozenset[Platform] = EVERY_PLATFORM


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlShare:
    """The part of what the engagement scheduler places, 0 to 0.2, that is left at the naive rule's time, to compare
    with; in thousandths."""

    kind: ClassVar[RuleKind] = RuleKind.CONTROL_SHARE
    thousandths: int
    platforms: frozenset[Platform] = EVERY_PLATFORM


Rule: TypeAlias = (
    QuietHours | PostingHours | Blackout | MinGap | DailyCap | RollingCap | LeadTime | Slots | ControlShare
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A brand's rules in one of their versions, which only grow; version 0 has none and was never stored."""

    brand_id: UUID
    version: int = 0
    rules: tuple[Rule, ...] = ()
    updated_at: datetime | None = None

    def of(self, platform: Platform) -> Sequence[Rule]:
        """The rules that are for a platform."""
        return [rule for rule in self.rules if platform in rule.platforms]

    @property
    def is_across(self) -> bool:
        """Whether one of the rules counts posts of several platforms together."""
        counting = (rule for rule in self.rules if isinstance(rule, MinGap | DailyCap | RollingCap))
        return any(rule.across_platforms for rule in counting)

    def without(self, kinds: Collection[RuleKind]) -> "Policy":
        """The same but for the rules of these kinds."""
        return replace(self, rules=tuple(rule for rule in self.rules if rule.kind not in kinds))

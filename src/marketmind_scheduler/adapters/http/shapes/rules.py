"""The rules of a policy as they are sent and shown, each tagged by its kind."""

from datetime import time
from fractions import Fraction
from typing import Annotated, TypeAlias

from msgspec import UNSET, Meta, Struct, UnsetType, field

from marketmind_scheduler.adapters.http.shapes.fields import EACH_ONCE, Day, SomePlatforms, check_once
from marketmind_scheduler.adapters.http.words.taken import told_as
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.rules.policy import (
    EVERY_DAY,
    EVERY_PLATFORM,
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
from marketmind_scheduler.domain.written_times import read_day

_THOUSANDTHS = 1000

TimeOfDay = Annotated[
    str,
    Meta(
        pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$(?!\n)",
        extra=told_as('a time of day from "00:00" to "23:59", such as "07:30"'),
        description="A time of day on the clocks of the brand's zone, HH:MM",
        examples=["22:00"],
    ),
]
Weekdays = Annotated[
    list[Weekday],
    Meta(
        min_length=1,
        max_length=7,
        extra_json_schema=EACH_ONCE,
        description="Those on which it begins; absent: all",
    ),
]
Minutes = Annotated[int, Meta(description="How many at least", examples=[60])]
Posts = Annotated[int, Meta(description="How many at most", examples=[3])]


class OfRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    platforms: Annotated[SomePlatforms, Meta(description="Those it is for; absent: all")] | UnsetType = UNSET

    def __post_init__(self) -> None:
        check_once(platforms=self.platforms)

    def on(self) -> frozenset[Platform]:
        return EVERY_PLATFORM if isinstance(self.platforms, UnsetType) else frozenset(self.platforms)


class OfHours(OfRule, frozen=True, kw_only=True):
    begin: TimeOfDay = field(name="from")
    end: Annotated[
        TimeOfDay, Meta(description="Not included; of the next day where it is not later", examples=["07:00"])
    ] = field(name="to")
    weekdays: Weekdays | UnsetType = UNSET

    def __post_init__(self) -> None:
        check_once(platforms=self.platforms, weekdays=self.weekdays)

    def days(self) -> frozenset[Weekday]:
        return EVERY_DAY if isinstance(self.weekdays, UnsetType) else frozenset(self.weekdays)


class QuietHoursIn(OfHours, frozen=True, kw_only=True, tag=RuleKind.QUIET_HOURS.value):
    """Nothing goes out from one time until before another, on the days on which it begins."""

    def said(self) -> Rule:
        return QuietHours(begin=_time(self.begin), end=_time(self.end), weekdays=self.days(), platforms=self.on())


class PostingHoursIn(OfHours, frozen=True, kw_only=True, tag=RuleKind.POSTING_HOURS.value):
    """What is open; several add up, and without any all is open."""

    def said(self) -> Rule:
        return PostingHours(begin=_time(self.begin), end=_time(self.end), weekdays=self.days(), platforms=self.on())


class BlackoutIn(OfRule, frozen=True, kw_only=True, tag=RuleKind.BLACKOUT.value):
    """Nothing goes out on these days, both included."""

    first_date: Day
    last_date: Day
    name: Annotated[str, Meta(max_length=200, pattern=r"^[^\u0000]*$", examples=["Holidays"])] | UnsetType | None = (
        UNSET
    )

    def said(self) -> Rule:
        """Raises UnreadableTime."""
        return Blackout(
            first_date=read_day(self.first_date),
            last_date=read_day(self.last_date),
            name=None if isinstance(self.name, UnsetType) else self.name,
            platforms=self.on(),
        )


class OfPosts(OfRule, frozen=True, kw_only=True):
    across_platforms: Annotated[
        bool, Meta(description="Count the brand's posts on all of them together, instead of each platform by itself")
    ] = False


class MinGapIn(OfPosts, frozen=True, kw_only=True, tag=RuleKind.MIN_GAP.value):
    """So many minutes at least lie between two posts."""

    minutes: Minutes

    def said(self) -> Rule:
        return MinGap(minutes=self.minutes, across_platforms=self.across_platforms, platforms=self.on())


class DailyCapIn(OfPosts, frozen=True, kw_only=True, tag=RuleKind.DAILY_CAP.value):
    """So many posts at most on a calendar day of the brand's zone."""

    posts: Posts

    def said(self) -> Rule:
        return DailyCap(posts=self.posts, across_platforms=self.across_platforms, platforms=self.on())


class RollingCapIn(OfPosts, frozen=True, kw_only=True, tag=RuleKind.ROLLING_CAP.value):
    """So many posts at most within any so many hours."""

    posts: Posts
    hours: Annotated[int, Meta(description="How long the window is, wherever it begins", examples=[24])]

    def said(self) -> Rule:
        return RollingCap(
            posts=self.posts, hours=self.hours, across_platforms=self.across_platforms, platforms=self.on()
        )


class LeadTimeIn(OfRule, frozen=True, kw_only=True, tag=RuleKind.LEAD_TIME.value):
    """A time is chosen at least so many minutes ahead."""

    minutes: Minutes

    def said(self) -> Rule:
        return LeadTime(minutes=self.minutes, platforms=self.on())


class SlotIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    weekday: Annotated[Weekday, Meta(description="Every week on this day")]
    time: TimeOfDay


class SlotsIn(OfRule, frozen=True, kw_only=True, tag=RuleKind.SLOTS.value):
    """The weekly times that the queue scheduler fills; they close nothing."""

    times: Annotated[list[SlotIn], Meta(min_length=1, max_length=672, description="Each once")]

    def said(self) -> Rule:
        return Slots(times=tuple((each.weekday, _time(each.time)) for each in self.times), platforms=self.on())


class ControlShareIn(OfRule, frozen=True, kw_only=True, tag=RuleKind.CONTROL_SHARE.value):
    """The part of what the engagement scheduler places that is left at the naive rule's time, to compare with."""

    share: Annotated[float, Meta(description="In steps of a thousandth, 0 to 0.2", examples=[0.1])]

    def __post_init__(self) -> None:
        check_once(platforms=self.platforms)
        if self.share != (step := round(self.share, 3)):
            raise ValueError(f"share is {self.share:g}, and goes in steps of a thousandth; send {step:g}")

    def said(self) -> Rule:
        return ControlShare(thousandths=round(Fraction(self.share) * _THOUSANDTHS), platforms=self.on())


RuleIn: TypeAlias = (
    QuietHoursIn
    | PostingHoursIn
    | BlackoutIn
    | MinGapIn
    | DailyCapIn
    | RollingCapIn
    | LeadTimeIn
    | SlotsIn
    | ControlShareIn
)


def rule_out(rule: Rule) -> RuleIn:
    """A rule as it would be sent: what is for all is left out."""
    on = _platforms(rule.platforms)
    match rule:
        case QuietHours() | PostingHours():
            kind = QuietHoursIn if isinstance(rule, QuietHours) else PostingHoursIn
            return kind(begin=_text(rule.begin), end=_text(rule.end), weekdays=_weekdays(rule.weekdays), platforms=on)
        case Blackout():
            first, last = rule.first_date.isoformat(), rule.last_date.isoformat()
            return BlackoutIn(first_date=first, last_date=last, name=rule.name or UNSET, platforms=on)
        case MinGap() | DailyCap() | RollingCap():
            return _counting_out(rule, on)
        case LeadTime():
            return LeadTimeIn(minutes=rule.minutes, platforms=on)
        case Slots():
            return SlotsIn(times=[SlotIn(weekday=day, time=_text(at)) for day, at in rule.times], platforms=on)
        case ControlShare():
            return ControlShareIn(share=rule.thousandths / _THOUSANDTHS, platforms=on)


def _counting_out(rule: MinGap | DailyCap | RollingCap, on: list[Platform] | UnsetType) -> RuleIn:
    across = rule.across_platforms
    match rule:
        case MinGap():
            return MinGapIn(minutes=rule.minutes, across_platforms=across, platforms=on)
        case DailyCap():
            return DailyCapIn(posts=rule.posts, across_platforms=across, platforms=on)
        case RollingCap():
            return RollingCapIn(posts=rule.posts, hours=rule.hours, across_platforms=across, platforms=on)


def _time(text: str) -> time:
    return time.fromisoformat(text)


def _text(at: time) -> str:
    return f"{at:%H:%M}"


def _platforms(those: frozenset[Platform]) -> list[Platform] | UnsetType:
    return UNSET if those == EVERY_PLATFORM else [each for each in Platform if each in those]


def _weekdays(those: frozenset[Weekday]) -> list[Weekday] | UnsetType:
    return UNSET if those == EVERY_DAY else [each for each in Weekday if each in those]

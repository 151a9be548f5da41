"""Turns wall time into instants and back; the only reader of zone rules.

Gaps and overlaps are resolved as in RFC 5545 section 3.3.5 unless the caller says otherwise.
"""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Self
from zoneinfo import ZoneInfo

from marketmind_scheduler.domain.errors import LocalTimeAmbiguous, LocalTimeInGap, OffsetContradictsZone
from marketmind_scheduler.domain.readings import Reading
from marketmind_scheduler.domain.zones import ZoneCatalog, fixed_offset_warning


class Disambiguation(StrEnum):
    """What to do with a local time that does not exist or exists twice."""

    COMPATIBLE = "compatible"  # forward out of a gap, the first of an overlap
    EARLIER = "earlier"
    LATER = "later"
    REJECT = "reject"


class Resolution(StrEnum):
    """How a local time became an instant."""

    EXACT = "exact"
    GAP_SHIFTED = "gap_shifted"
    OVERLAP_EARLIER = "overlap_earlier"
    OVERLAP_LATER = "overlap_later"


class IntentKind(StrEnum):
    WALL = "wall"
    INSTANT = "instant"


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """What was asked for, and by which rules it was understood.

    For a wall time, ``local_time`` (naive) and ``disambiguation`` say it; for an instant both are None and ``zone``
    is for display only. ``zone_is_default``: nobody named the zone, so the brand's was taken.
    """

    zone: str
    local_time: datetime | None
    disambiguation: Disambiguation | None
    resolution: Resolution
    tz_release: str
    zone_is_default: bool = field(default=False, compare=False)

    @property
    def kind(self) -> IntentKind:
        return IntentKind.INSTANT if self.local_time is None else IntentKind.WALL


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """An instant (UTC) that a post may take, with the intent behind it."""

    publish_time: datetime
    intent: Intent

    def __post_init__(self) -> None:
        if self.publish_time.tzinfo is not UTC:
            raise ValueError(f"publish_time must be aware and UTC, not {self.publish_time!r}")

    @classmethod
    def at(cls, instant: datetime, *, zone: str, tz_release: str) -> Self:
        """An instant that was asked for as such, to be shown in ``zone``."""
        intent = Intent(
            zone=zone, local_time=None, disambiguation=None, resolution=Resolution.EXACT, tz_release=tz_release
        )
        return cls(publish_time=instant, intent=intent)

    def in_zone_by_default(self, *, is_default: bool = True) -> Self:
        """The same, with its zone as one that nobody named."""
        return replace(self, intent=replace(self.intent, zone_is_default=is_default))

    def asks_the_same_as(self, other: "Slot", zones: ZoneCatalog) -> bool:
        """Whether both ask for one time in one way, whichever release of the zone data they were read with, and by
        whichever of its names they call a zone."""
        return (
            self.publish_time == other.publish_time
            and zones.are_one(self.intent.zone, other.intent.zone)
            and self.intent.local_time == other.intent.local_time
            and self.intent.disambiguation == other.intent.disambiguation
        )

    def takes_its_zone_as(self, other: "Slot") -> bool:
        """Whether both name their zone, or neither does."""
        return self.intent.zone_is_default is other.intent.zone_is_default

    def local_text(self) -> str:
        """The publish time in its zone, as RFC 9557 text."""
        return local_text(self.publish_time, self.intent.zone)

    def warnings(self) -> tuple[str, ...]:
        """What the caller should know about this time: that it was moved or chosen, or that its zone is odd."""
        return tuple(filter(None, (fixed_offset_warning(self.intent.zone), self._moved_or_chosen())))

    def _moved_or_chosen(self) -> str | None:
        if self.intent.local_time is None or self.intent.resolution is Resolution.EXACT:
            return None
        asked = f"{self.intent.local_time.isoformat()} in {self.intent.zone}"
        if self.intent.resolution is Resolution.GAP_SHIFTED:
            return (
                f"{asked} does not exist, because the clock jumps over it; moved to {self.local_text()}; send another "
                'time where that is not meant, or "disambiguation": "reject" to be asked'
            )
        is_first = self.intent.resolution is Resolution.OVERLAP_EARLIER
        which, other = ("first", Disambiguation.LATER) if is_first else ("second", Disambiguation.EARLIER)
        return (
            f"{asked} happens twice, because the clock goes back; the {which} was taken, {self.local_text()}; "
            f'"disambiguation": "{other}" takes the other'
        )


def resolve(local_time: datetime, *, zone: str, disambiguation: Disambiguation, tz_release: str) -> Slot:
    """Find the instant of a wall time in ``zone``, which must be in the catalogue.

    Raises LocalTimeInGap or LocalTimeAmbiguous under ``REJECT``, with both readings.
    """
    first, second = both_folds(local_time, zone)
    earlier, later = min(first, second), max(first, second)
    in_gap = first > second  # before a jump the offset is the smaller one, so it names the later instant
    match disambiguation:
        case Disambiguation.REJECT if earlier != later:
            unclear = LocalTimeInGap if in_gap else LocalTimeAmbiguous
            raise unclear(local_time, zone, readings=(_reading(earlier, zone), _reading(later, zone)))
        case Disambiguation.EARLIER:
            instant = earlier
        case Disambiguation.LATER:
            instant = later
        case Disambiguation.COMPATIBLE | Disambiguation.REJECT:
            instant = first
    if earlier == later:
        resolution = Resolution.EXACT
    elif in_gap:
        resolution = Resolution.GAP_SHIFTED
    else:
        resolution = Resolution.OVERLAP_EARLIER if instant == earlier else Resolution.OVERLAP_LATER
    intent = Intent(
        zone=zone, local_time=local_time, disambiguation=disambiguation, resolution=resolution, tz_release=tz_release
    )
    return Slot(publish_time=instant, intent=intent)


def resolve_by_offset(text: str, local_time: datetime, offset: timedelta, *, zone: str, tz_release: str) -> Slot:
    """The same where ``text`` names the offset too: it picks the occurrence, and that pick is kept as the
    disambiguation. Raises OffsetContradictsZone where the zone does not use it then."""
    first, second = both_folds(local_time, zone)
    if first == second:
        picks = {first: Disambiguation.COMPATIBLE}
    elif first < second:
        picks = {first: Disambiguation.EARLIER, second: Disambiguation.LATER}
    else:
        picks = {}  # in a gap no offset fits
    instant = (local_time - offset).replace(tzinfo=UTC)
    if instant not in picks:
        raise OffsetContradictsZone(text, zone, readings=(_reading(instant, zone), _reading(first, zone)))
    return resolve(local_time, zone=zone, disambiguation=picks[instant], tz_release=tz_release)


def local_day(instant: datetime, zone: str) -> date:
    """The calendar date that ``instant`` falls on in ``zone``."""
    return instant.astimezone(ZoneInfo(zone)).date()


def wall_time(instant: datetime, zone: str) -> datetime:
    """What clocks in ``zone`` show at ``instant``, naive."""
    return instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def is_second(instant: datetime, zone: str) -> bool:
    """Whether clocks in ``zone`` show its wall time for the second time."""
    return instant.astimezone(ZoneInfo(zone)).fold == 1


def next_on_grid(instant: datetime, zone: str, step: timedelta) -> datetime:
    """The first instant after ``instant`` at which clocks in ``zone`` show a multiple of ``step`` since midnight."""
    shown = wall_time(instant, zone)
    return instant + step - (shown - datetime.combine(shown, time())) % step


def days_in(first: date, last: date, zone: str) -> tuple[datetime, datetime]:
    """When these days, both included, begin and are over in ``zone``."""
    begin, over = (datetime.combine(day, time()) for day in (first, last + timedelta(days=1)))
    return both_folds(begin, zone)[0], both_folds(over, zone)[0]


def local_text(instant: datetime, zone: str) -> str:
    """``instant`` in ``zone`` as RFC 9557 text, such as ``2027-03-17T19:00:00-07:00[America/Los_Angeles]``."""
    return f"{instant.astimezone(ZoneInfo(zone)).isoformat()}[{zone}]"


def both_folds(local_time: datetime, zone: str) -> tuple[datetime, datetime]:
    """The first and the second instant of a wall time, mostly one; where the clock jumps over it, what it would be by
    the rules before and by those behind, so that the first is the later one."""
    rules = ZoneInfo(zone)
    aware = local_time.replace(tzinfo=rules, fold=0)
    return aware.astimezone(UTC), aware.replace(fold=1).astimezone(UTC)


def _reading(instant: datetime, zone: str) -> Reading:
    return Reading(publish_time=instant, publish_time_local=local_text(instant, zone))

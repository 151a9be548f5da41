"""Reads what callers write for a time and turns wall time into instants; the only reader of zone rules.

The forms accepted are those of RFC 3339 and RFC 9557 that leave no doubt. Gaps and overlaps are resolved as in
RFC 5545 section 3.3.5 unless the caller says otherwise.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from marketmind_scheduler.domain.errors import (
    BeyondHorizon,
    LocalTimeAmbiguous,
    LocalTimeInGap,
    OffsetContradictsZone,
    Reading,
    TimeInPast,
    UnreadableTime,
)
from marketmind_scheduler.domain.zones import ZoneCatalogue, fixed_offset_warning

_TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?)"
    r"(Z|[+-][0-9]{2}:[0-9]{2})?"
    r"(?:\[!?([A-Za-z0-9_+/-]+)\])?"
)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_FORMS = "write 2027-03-17T19:00:00, with Z or an offset such as -07:00 for an instant, or with [Zone] behind it"
_FIRST_YEAR, _LAST_YEAR = 1970, 2199


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
    is for display only.
    """

    zone: str
    local_time: datetime | None
    disambiguation: Disambiguation | None
    resolution: Resolution
    tz_release: str

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

    def asks_the_same_as(self, other: "Slot") -> bool:
        """Whether both ask for one time in one way, whichever release of the zone data they were read with."""
        return (
            self.publish_time == other.publish_time
            and self.intent.zone == other.intent.zone
            and self.intent.local_time == other.intent.local_time
            and self.intent.disambiguation == other.intent.disambiguation
        )

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
            return f"{asked} does not exist, because the clock jumps over it; moved to {self.local_text()}"
        which = "first" if self.intent.resolution is Resolution.OVERLAP_EARLIER else "second"
        return f"{asked} happens twice, because the clock goes back; the {which} was taken, {self.local_text()}"


def read_slot(
    text: str, *, zone: str | None, default_zone: str, disambiguation: Disambiguation, zones: ZoneCatalogue
) -> Slot:
    """Turn a caller's time into a slot.

    Without an offset it is a wall time in ``zone``, else in the zone in the text, else in ``default_zone``. With
    ``Z``, or with an offset and no zone, it is an instant. With offset and zone it is a wall time, and the offset
    must be one that the zone uses then; in an overlap it picks the occurrence.

    Raises UnreadableTime, UnknownZone, LocalTimeInGap, LocalTimeAmbiguous, OffsetContradictsZone; TimeInPast and
    BeyondHorizon for years outside 1970 to 2199.
    """
    written = _read(text)
    if written.zone and zone and written.zone != zone:
        raise UnreadableTime(text, f"it names the zone {written.zone}, and timezone says {zone}; name one")
    named = written.zone or zone
    shown_in = default_zone if named is None else named
    zones.check(shown_in)
    if written.offset is None:
        return resolve(written.local_time, zone=shown_in, disambiguation=disambiguation, tz_release=zones.release)
    instant = (written.local_time - written.offset).replace(tzinfo=UTC)
    if named is None or written.is_utc:
        return _instant_slot(instant, zone=shown_in, tz_release=zones.release)
    return _resolve_by_offset(text, written.local_time, instant, zone=named, tz_release=zones.release)


def read_instant(text: str) -> datetime:
    """Read a time that must say its offset or ``Z``; raises UnreadableTime, and for years outside 1970 to 2199
    TimeInPast and BeyondHorizon."""
    if " " in text:
        raise UnreadableTime(text, "a time has no space in it; in a URL, write + as %2B")
    written = _read(text)
    if written.offset is None:
        raise UnreadableTime(text, "an instant is needed here, with Z or an offset")
    return (written.local_time - written.offset).replace(tzinfo=UTC)


def read_day(text: str) -> date:
    """Read a calendar date, ``YYYY-MM-DD`` and nothing more; raises UnreadableTime."""
    if not _DAY.fullmatch(text):
        raise UnreadableTime(text, "a calendar date is needed here, YYYY-MM-DD")
    try:
        day = date.fromisoformat(text)
    except ValueError as wrong:
        raise UnreadableTime(text, f"{wrong}; a calendar date is needed here, YYYY-MM-DD") from None
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise UnreadableTime(text, f"the year must be {_FIRST_YEAR} to {_LAST_YEAR}")
    return day


def resolve(local_time: datetime, *, zone: str, disambiguation: Disambiguation, tz_release: str) -> Slot:
    """Find the instant of a wall time in ``zone``, which must be in the catalogue.

    Raises LocalTimeInGap or LocalTimeAmbiguous under ``REJECT``, with both readings.
    """
    first, second = _both_folds(local_time, zone)
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


def local_day(instant: datetime, zone: str) -> date:
    """The calendar date that ``instant`` falls on in ``zone``."""
    return instant.astimezone(ZoneInfo(zone)).date()


def local_text(instant: datetime, zone: str) -> str:
    """``instant`` in ``zone`` as RFC 9557 text, such as ``2027-03-17T19:00:00-07:00[America/Los_Angeles]``."""
    return f"{instant.astimezone(ZoneInfo(zone)).isoformat()}[{zone}]"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Written:
    local_time: datetime
    offset: timedelta | None
    is_utc: bool
    zone: str | None


def _read(text: str) -> _Written:
    if not (match := _TIME.fullmatch(text)):
        raise UnreadableTime(text, _FORMS)
    local, offset, zone = match.groups()
    _check_year(text, int(local[:4]))
    try:
        local_time = datetime.fromisoformat(local)
        distance = None if offset is None else _distance(offset)
    except ValueError as wrong:
        raise UnreadableTime(text, f"{wrong}; {_FORMS}") from None
    return _Written(local_time=local_time, offset=distance, is_utc=offset in ("Z", "-00:00"), zone=zone)


def _check_year(text: str, year: int) -> None:
    if year < _FIRST_YEAR:
        raise TimeInPast(text, earliest=datetime(_FIRST_YEAR, 1, 1, tzinfo=UTC))
    if year > _LAST_YEAR:
        raise BeyondHorizon(text, latest=datetime(_LAST_YEAR, 12, 31, tzinfo=UTC))


def _distance(offset: str) -> timedelta:
    """The distance from UTC that ``Z`` or ``±HH:MM`` names; ValueError outside ``±23:59``."""
    if offset == "Z":
        return timedelta()
    hours, minutes = int(offset[1:3]), int(offset[4:])
    if hours > 23 or minutes > 59:
        raise ValueError(f"an offset of {offset} is not between -23:59 and +23:59")
    distance = timedelta(hours=hours, minutes=minutes)
    return -distance if offset[0] == "-" else distance


def _both_folds(local_time: datetime, zone: str) -> tuple[datetime, datetime]:
    rules = ZoneInfo(zone)
    aware = local_time.replace(tzinfo=rules, fold=0)
    return aware.astimezone(UTC), aware.replace(fold=1).astimezone(UTC)


def _resolve_by_offset(text: str, local_time: datetime, instant: datetime, *, zone: str, tz_release: str) -> Slot:
    """Resolve as the offset picks, and keep that pick as the disambiguation."""
    first, second = _both_folds(local_time, zone)
    if first == second:
        picks = {first: Disambiguation.COMPATIBLE}
    elif first < second:
        picks = {first: Disambiguation.EARLIER, second: Disambiguation.LATER}
    else:
        picks = {}  # in a gap no offset fits
    if instant not in picks:
        raise OffsetContradictsZone(text, zone, readings=(_reading(instant, zone), _reading(first, zone)))
    return resolve(local_time, zone=zone, disambiguation=picks[instant], tz_release=tz_release)


def _instant_slot(instant: datetime, *, zone: str, tz_release: str) -> Slot:
    intent = Intent(zone=zone, local_time=None, disambiguation=None, resolution=Resolution.EXACT, tz_release=tz_release)
    return Slot(publish_time=instant, intent=intent)


def _reading(instant: datetime, zone: str) -> Reading:
    return Reading(publish_time=instant, publish_time_local=local_text(instant, zone))

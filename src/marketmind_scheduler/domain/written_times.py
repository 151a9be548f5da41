"""Reads what callers write for a time.

The forms accepted are those of RFC 3339 and RFC 9557 that leave no doubt.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from marketmind_scheduler.domain.errors import BeyondHorizon, TimeInPast, UnreadableTime
from marketmind_scheduler.domain.wall_clock import Disambiguation, Slot, resolve, resolve_by_offset
from marketmind_scheduler.domain.zones import ZoneCatalog

_TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?)"
    r"(Z|[+-][0-9]{2}:[0-9]{2})?"
    r"(?:\[!?([A-Za-z0-9_+/-]+)\])?"
)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_FORMS = "write 2027-03-17T19:00:00, with Z or an offset such as -07:00 for an instant, or with [Zone] behind it"
_FIRST_YEAR, _LAST_YEAR = 1970, 2199


def read_slot(
    text: str, *, zone: str | None, default_zone: str, disambiguation: Disambiguation, zones: ZoneCatalog
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
    if named is None or written.is_utc:
        instant = (written.local_time - written.offset).replace(tzinfo=UTC)
        return Slot.at(instant, zone=shown_in, tz_release=zones.release)
    return resolve_by_offset(text, written.local_time, written.offset, zone=named, tz_release=zones.release)


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

"""What callers mean by the times that they write. How a text is read is a matter of ``time_text``."""

from datetime import UTC, date, datetime

from marketmind_scheduler.domain.errors import UnreadableTime
from marketmind_scheduler.domain.time_habits import SAMPLE
from marketmind_scheduler.domain.time_text import Written, read_date, read_written
from marketmind_scheduler.domain.wall_clock import Disambiguation, Slot, resolve, resolve_by_offset
from marketmind_scheduler.domain.zones import ZoneCatalog


def read_slot(
    text: str, *, zone: str | None, default_zone: str, disambiguation: Disambiguation, zones: ZoneCatalog
) -> Slot:
    """Turn a caller's time into a slot.

    Without an offset it is a wall time in ``zone``, else in the zone in the text, else in ``default_zone``. With
    ``Z``, or with an offset and no zone, it is an instant. With offset and zone it is a wall time, and the offset
    must be one that the zone uses then; in an overlap it picks the occurrence. The slot says whether a zone was named.

    Raises UnreadableTime, UnknownZone, LocalTimeInGap, LocalTimeAmbiguous, OffsetContradictsZone; TimeInPast and
    BeyondHorizon for years outside 1970 to 2199.
    """
    written = read_written(text)
    for name in (written.zone, zone):
        if name is not None:
            zones.check(name)
    if written.zone and zone and not zones.are_one(written.zone, zone):
        raise UnreadableTime(text, f"it names the zone {written.zone}, and timezone says {zone}; name one")
    named = written.zone or zone
    shown_in = default_zone if named is None else named
    zones.check(shown_in)
    slot = _slot(text, written, named=named, zone=shown_in, disambiguation=disambiguation, tz_release=zones.release)
    return slot.in_zone_by_default() if named is None else slot


def _slot(
    text: str, written: Written, *, named: str | None, zone: str, disambiguation: Disambiguation, tz_release: str
) -> Slot:
    if written.offset is None:
        return resolve(written.local_time, zone=zone, disambiguation=disambiguation, tz_release=tz_release)
    if named is None or written.is_utc:
        return Slot.at((written.local_time - written.offset).replace(tzinfo=UTC), zone=zone, tz_release=tz_release)
    return resolve_by_offset(text, written.local_time, written.offset, zone=named, tz_release=tz_release)


def read_instant(text: str) -> datetime:
    """Read a time that must say its offset or ``Z``; raises UnreadableTime, and for years outside 1970 to 2199
    TimeInPast and BeyondHorizon."""
    written = read_written(text, sample=f"{SAMPLE}Z")
    if written.offset is None:
        raise UnreadableTime(text, "an instant is needed here; write Z or an offset such as -07:00 behind it")
    return (written.local_time - written.offset).replace(tzinfo=UTC)


def read_day(text: str) -> date:
    """Read a calendar date, ``YYYY-MM-DD`` and nothing more; raises UnreadableTime."""
    return read_date(text)

"""What was derived hears of its source: which schedules stand otherwise than their brand and campaign say by now, and
how they follow."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from marketmind_scheduler.domain.brand import Lateness, OnLate
from marketmind_scheduler.domain.schedule import Schedule, ScheduleStatus
from marketmind_scheduler.domain.sources import Difference, Sources
from marketmind_scheduler.domain.wall_clock import Disambiguation, Slot, local_day, resolve, wall_time


def differences(schedule: Schedule) -> Sequence[Difference]:
    """In what a PENDING schedule stands otherwise than its sources; none of any other, for it does not change."""
    if schedule.status is not ScheduleStatus.PENDING or schedule.sources is None:
        return ()
    judged = (
        (Difference.ZONE, _takes_another_zone(schedule, schedule.sources)),
        (Difference.LATENESS, is_late_otherwise(schedule, schedule.sources.lateness)),
        (Difference.DATES, _lies_outside(schedule, schedule.sources)),
    )
    return [difference for difference, is_there in judged if is_there]


def warnings(schedule: Schedule) -> Sequence[str]:
    """What to know about this time: what it says by itself, and where its sources say otherwise by now."""
    sources = schedule.sources
    said = [_said_of(each, schedule, sources) for each in differences(schedule)] if sources else []
    return [*schedule.warnings(), *said]


def shifted(slot: Slot, *, days: int, zone: str, tz_release: str) -> Slot:
    """The slot by whole local days earlier or later. A wall time stays what it is in its zone; an instant stays at the
    time of day that it has in ``zone``. Raises LocalTimeInGap or LocalTimeAmbiguous under ``REJECT``."""
    intent = slot.intent
    if intent.local_time is not None:
        moved = resolve(
            intent.local_time + timedelta(days=days),
            zone=intent.zone,
            disambiguation=intent.disambiguation or Disambiguation.COMPATIBLE,
            tz_release=tz_release,
        )
        return moved.in_zone_by_default(is_default=intent.zone_is_default)
    local_time = wall_time(slot.publish_time, zone) + timedelta(days=days)
    instant = resolve(local_time, zone=zone, disambiguation=Disambiguation.COMPATIBLE, tz_release=tz_release)
    return replace(slot, publish_time=instant.publish_time)


def in_zone(slot: Slot, zone: str, *, tz_release: str) -> Slot:
    """The slot of a brand that has another zone now: the same wall time there; an instant stays, and is shown there.
    Raises LocalTimeInGap or LocalTimeAmbiguous under ``REJECT``."""
    intent = slot.intent
    if intent.local_time is None:
        return Slot.at(slot.publish_time, zone=zone, tz_release=tz_release).in_zone_by_default()
    return resolve(
        intent.local_time,
        zone=zone,
        disambiguation=intent.disambiguation or Disambiguation.COMPATIBLE,
        tz_release=tz_release,
    ).in_zone_by_default()


def with_lateness(schedule: Schedule, lateness: Lateness) -> Schedule:
    """The schedule as late as its brand lets it be by now."""
    return replace(schedule, on_late=lateness.on_late, latest_at=_latest_at(schedule, lateness))


def is_late_otherwise(schedule: Schedule, lateness: Lateness) -> bool:
    return (schedule.on_late, schedule.latest_at) != (lateness.on_late, _latest_at(schedule, lateness))


def _latest_at(schedule: Schedule, lateness: Lateness) -> datetime | None:
    return None if lateness.on_late is OnLate.PUBLISH else schedule.publish_time + lateness.max_lateness


def _takes_another_zone(schedule: Schedule, sources: Sources) -> bool:
    return schedule.slot.intent.zone_is_default and schedule.slot.intent.zone != sources.zone


def _lies_outside(schedule: Schedule, sources: Sources) -> bool:
    if sources.days is None:
        return False
    first, last = sources.days
    return not first <= local_day(schedule.publish_time, sources.zone) <= last


def _lateness_of(schedule: Schedule) -> str:
    until = schedule.latest_at and f" after {schedule.latest_at:%Y-%m-%dT%H:%M:%SZ}"
    return f"{schedule.on_late}{until or ' however late'}"


def _said_of(difference: Difference, schedule: Schedule, sources: Sources) -> str:
    match difference:
        case Difference.ZONE:
            return (
                f"its brand's time zone is {sources.zone} by now, and it stays in {schedule.slot.intent.zone}; "
                f'POST /brands/{schedule.brand_id}/follow with "zone": true keeps its wall clock there'
            )
        case Difference.LATENESS:
            return (
                f"its brand's on_late is {sources.lateness.on_late} by now, its max_lateness_seconds "
                f"{sources.lateness.max_lateness.total_seconds():.0f}, and it stays at {_lateness_of(schedule)}; "
                f'POST /brands/{schedule.brand_id}/follow with "lateness": true takes that over'
            )
        case Difference.DATES:
            first, last = sources.days or (None, None)
            return (
                f"it lies outside its campaign's days, {first} to {last}; move it, or give the campaign its "
                f"old days back and let POST /campaigns/{schedule.campaign_id}/shift move them and all its schedules"
            )

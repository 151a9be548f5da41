"""A lane, one brand's posts on one platform, when it is behind: in which order and how far apart its posts go out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias
from uuid import UUID

from marketmind_scheduler.domain.pacing import MOST_AT_FULL_PACE, PATIENCE, SOON
from marketmind_scheduler.domain.post import Platform

Lane: TypeAlias = tuple[UUID, Platform]
"""A brand and a platform."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A post of the lane whose time has come, and from when on it may be sent."""

    schedule_id: UUID
    publish_time: datetime
    due_at: datetime


def is_behind(waiting: Iterable[Waiting], *, age: timedelta, pace: timedelta, now: datetime) -> bool:
    """Whether one of them has waited for longer than ``age``, or has been put off by a pace or more."""
    return any(each.publish_time < now - age or each.due_at >= each.publish_time + pace for each in waiting)


def turns(
    waiting: Iterable[Waiting], *, last_sent: datetime | None, pace: timedelta, now: datetime
) -> Mapping[UUID, datetime]:
    """From when on those may be sent that have to wait longer than they do.

    They go out in the order of their publish times, a pace apart (less, where more than MOST_AT_FULL_PACE wait), behind
    what was sent last on the lane. Only what would be sent soon is given its turn: whatever is due later is looked at
    again before, so a post that was put off meanwhile keeps those behind it waiting, as long as it is to be sent within
    PATIENCE. Nothing is ever due earlier than it was.
    """
    in_order = sorted(waiting, key=lambda each: (each.publish_time, each.schedule_id))
    pace *= min(1, MOST_AT_FULL_PACE / max(1, len(in_order)))
    given: dict[UUID, datetime] = {}
    free_at = now if last_sent is None else max(now, last_sent + pace)
    for each in in_order:
        if now < free_at and each.due_at < free_at and each.due_at <= now + SOON:
            given[each.schedule_id] = free_at
        if each.due_at <= now + PATIENCE:
            free_at = max(free_at, each.due_at) + pace
    return given

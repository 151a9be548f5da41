"""Lanes that are behind, over the rows of the storage in memory."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from marketmind_scheduler.domain.lanes import Waiting, is_behind, turns
from marketmind_scheduler.domain.pacing import SOON
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.schedule import MAY_BE_OUT
from tests.fakes.rows import Row, Rows

Lane = tuple[UUID, Platform]


def lane_of(row: Row) -> Lane:
    return row.schedule.brand_id, row.schedule.platform


def busy_lanes(rows: Rows, *, now: datetime) -> Iterable[Lane]:
    """Those that have something due soon."""
    return {lane_of(row) for row in rows.schedules.values() if row.due_at is not None and row.due_at <= now + SOON}


def take_turns(
    rows: Rows, lanes: Iterable[Lane], *, age: timedelta, paces: Mapping[Platform, timedelta], now: datetime
) -> int:
    """As the storage does it; return how many have to wait."""
    given: dict[UUID, datetime] = {}
    for lane in set(lanes):
        of_lane = [row for row in rows.schedules.values() if lane_of(row) == lane]
        waiting = [
            Waiting(schedule_id=row.schedule_id, publish_time=row.schedule.publish_time, due_at=row.due_at)
            for row in of_lane
            if row.due_at is not None and row.schedule.publish_time <= now + SOON
        ]
        if lane[1] in paces and is_behind(waiting, age=age, pace=paces[lane[1]], now=now):
            sent = max((at for row in of_lane if (at := _sent_at(row)) is not None), default=None)
            given |= turns(waiting, last_sent=sent, pace=paces[lane[1]], now=now)
    for schedule_id, due_at in given.items():
        rows.schedules[schedule_id] = replace(rows.schedules[schedule_id], due_at=due_at)
    return len(given)


def _sent_at(row: Row) -> datetime | None:
    """When it was sent, if it may be out."""
    return (row.begun_at or row.last_send_at) if row.status in MAY_BE_OUT or row.schedule.is_doubtful else None

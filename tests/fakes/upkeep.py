"""Upkeep in memory, over the rows of the storage in memory and its clock."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from marketmind_scheduler.domain.attempt import AttemptRecord
from marketmind_scheduler.domain.brand import OnLate
from marketmind_scheduler.domain.event import EventKind
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.schedule import Hold, ScheduleStatus
from marketmind_scheduler.domain.verdict import VerdictKind
from tests.fakes.rows import Row, Rows, changed, kind_of, place_in_time
from tests.fakes.storage import InMemoryStorage

_LOST = "the lease ran out before a verdict came"


class InMemoryUpkeep:
    """Where PostgreSQL lets chance say how long a schedule waits whose lease ran out, here it is due at once."""

    def __init__(self, storage: InMemoryStorage) -> None:
        self._storage = storage

    async def expire_leases(self, *, limit: int, most_lost: int) -> Sequence[ScheduleStatus]:
        now = self._storage.clock.now()
        with self._storage.changing() as rows:
            expired = [(row.lease_expires_at, row) for row in rows.schedules.values() if row.lease_expires_at]
            expired = sorted((each for each in expired if each[0] <= now), key=lambda each: each[0])[:limit]
            return [_expire(rows, row, most_lost=most_lost, now=now) for _, row in expired]

    async def miss_late(self, *, limit: int) -> Sequence[ScheduleStatus]:
        now = self._storage.clock.now()
        with self._storage.changing() as rows:
            late = [(row.latest_at, row) for row in rows.schedules.values() if row.due_at and row.latest_at]
            late = sorted((each for each in late if each[0] <= now), key=lambda each: each[0])[:limit]
            return [_miss(rows, row, latest_at=latest_at, now=now) for latest_at, row in late]

    async def catch_up(self, *, age: timedelta, paces: Mapping[Platform, timedelta]) -> int:
        now = self._storage.clock.now()
        before: Counter[tuple[UUID, Platform]] = Counter()  # how many of a lane go out sooner
        waiting = 0
        with self._storage.changing() as rows:
            overdue = [row for row in rows.schedules.values() if row.due_at and row.due_at < now - age]
            for row in sorted(overdue, key=lambda row: place_in_time(row.schedule)):
                if (pace := paces.get(row.schedule.platform)) is None:
                    continue
                lane = row.schedule.brand_id, row.schedule.platform
                rows.schedules[row.schedule_id] = replace(row, due_at=now + before[lane] * pace)
                waiting += bool(before[lane])
                before[lane] += 1
        return waiting

    async def sequence_events(self, *, limit: int) -> int:
        with self._storage.changing() as rows:
            last = len(rows.events)
            told = [replace(event, position=last + nth) for nth, event in enumerate(rows.outbox[:limit], start=1)]
            rows.outbox, rows.events = rows.outbox[limit:], (*rows.events, *told)
            for post_id in {event.post_id for event in told}:
                post = rows.posts.get(post_id)
                if post is not None and post.campaign_id is not None:
                    rows.follow_schedules(post.campaign_id, now=self._storage.clock.now())
        return len(told)


def _expire(rows: Rows, row: Row, *, most_lost: int, now: datetime) -> ScheduleStatus:
    had_begun, is_doubtful = row.begun_at is not None, row.schedule.is_doubtful
    lost_leases = row.lost_leases + (not had_begun)
    has_retry = row.schedule.retry_count < row.max_retries
    if had_begun:
        is_harmless = row.resend_until is not None and row.resend_until > now
        status = ScheduleStatus.PENDING if has_retry and is_harmless else ScheduleStatus.UNCONFIRMED
    elif lost_leases < most_lost:
        status = ScheduleStatus.PENDING
    else:
        status = ScheduleStatus.UNCONFIRMED if is_doubtful else ScheduleStatus.FAILED
    is_repeated = had_begun and status is ScheduleStatus.PENDING
    schedule = replace(
        changed(row.schedule, now=now, status=status),
        retry_count=row.schedule.retry_count + is_repeated,
        is_doubtful=is_doubtful or is_repeated,
        error=_LOST,
    )
    expired = replace(
        row,
        schedule=schedule,
        lost_leases=lost_leases,
        lease_expires_at=None,
        begun_at=None,
        last_send_at=row.begun_at or row.last_send_at,
    )
    kind = EventKind.RETRYING if is_repeated else None if status is ScheduleStatus.PENDING else kind_of(status)
    rows.put(replace(expired, due_at=expired.waiting_until(now)), kind, now=now)
    if row.begun_at is not None:
        lost = AttemptRecord(
            token=row.token,
            started_at=row.begun_at,
            finished_at=now,
            verdict=VerdictKind.LOST,
            reason=None,
            external_id=None,
        )
        rows.attempts.setdefault((row.schedule_id, row.token), lost)
    return status


def _miss(rows: Rows, row: Row, *, latest_at: datetime, now: datetime) -> ScheduleStatus:
    is_held = row.on_late is OnLate.HOLD and not row.schedule.is_doubtful
    if row.schedule.is_doubtful:
        status = ScheduleStatus.UNCONFIRMED
    else:
        status = ScheduleStatus.PENDING if is_held else ScheduleStatus.MISSED
    holds = row.schedule.holds | {Hold.LATE} if is_held else row.schedule.holds
    schedule = replace(
        changed(row.schedule, now=now, status=status, holds=holds),
        error=f"too late: not sent by {latest_at:%Y-%m-%dT%H:%M:%SZ}",
    )
    kind = EventKind.PARKED if is_held else kind_of(status)
    rows.put(replace(row, schedule=schedule, due_at=None), kind, now=now)
    return status

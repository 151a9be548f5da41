"""Schedules stored as they stand, in whatever status, and the changes that suites make again and again."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from marketmind_scheduler.adapters.postgres.pool import Pool
from marketmind_scheduler.adapters.postgres.storage import PostgresStorage
from marketmind_scheduler.domain.lifecycle import cancelled, may_be_cancelled
from marketmind_scheduler.domain.schedule import Schedule, ScheduleStatus
from marketmind_scheduler.ports.storage import Storage, UnitOfWork
from marketmind_scheduler.ports.transitions import Change, Locked
from tests.fakes.storage import InMemoryStorage

FIRST_LEASE = timedelta(seconds=30)
_SENT = (ScheduleStatus.PUBLISHING, ScheduleStatus.UNCONFIRMED)
_PUT = """
UPDATE schedules
   SET status = $2, retry_count = $3, max_retries = greatest(max_retries, $3), is_doubtful = $4, external_id = $5,
       last_error = $6, version = $7, created_at = $8, updated_at = $9,
       due_at = CASE WHEN $2 = 'PENDING' THEN due_at END,
       lease_expires_at = CASE WHEN $2 = 'PUBLISHING' THEN $9::timestamptz + $10::interval END,
       send_started_at = CASE WHEN $2 IN ('PUBLISHING', 'UNCONFIRMED') THEN $9::timestamptz END,
       last_send_at = CASE WHEN $2 IN ('PUBLISHING', 'UNCONFIRMED') THEN $9::timestamptz END,
       finished_at = CASE WHEN $2 NOT IN ('PENDING', 'PUBLISHING', 'UNCONFIRMED') THEN $9::timestamptz END
 WHERE schedule_id = $1
"""


class TestedStorage(PostgresStorage):
    """PostgreSQL, with a way round its ports."""

    __test__ = False

    def __init__(self, pool: Pool) -> None:
        super().__init__(pool)
        self.pool = pool


async def put(storage: Storage, schedules: Sequence[Schedule]) -> None:
    """Store these schedules as they are. The ports give a schedule a status only step by step."""
    for schedule in schedules:
        async with storage.unit_of_work() as work:
            await work.bookings.add([replace(schedule, status=ScheduleStatus.PENDING, is_doubtful=False)])
            await work.commit()
        if isinstance(storage, InMemoryStorage):
            _put_in_memory(storage, schedule)
        else:
            assert isinstance(storage, TestedStorage)
            await storage.pool.execute(_PUT, *_values(schedule), FIRST_LEASE)


def _put_in_memory(storage: InMemoryStorage, schedule: Schedule) -> None:
    is_pending, is_sent = schedule.status is ScheduleStatus.PENDING, schedule.status in _SENT
    with storage.changing() as rows:
        row = rows.schedules[schedule.schedule_id]
        rows.schedules[schedule.schedule_id] = replace(
            row,
            schedule=replace(
                schedule,
                holds=row.schedule.holds,
                on_late=row.schedule.on_late,
                latest_at=row.schedule.latest_at,
                max_retries=max(schedule.max_retries, schedule.retry_count),
            ),
            due_at=row.due_at if is_pending else None,
            lease_expires_at=schedule.updated_at + FIRST_LEASE
            if schedule.status is ScheduleStatus.PUBLISHING
            else None,
            begun_at=schedule.updated_at if is_sent else None,
            last_send_at=schedule.updated_at if is_sent else None,
        )


def _values(schedule: Schedule) -> tuple[object, ...]:
    return (
        schedule.schedule_id,
        schedule.status,
        schedule.retry_count,
        schedule.is_doubtful,
        schedule.external_id,
        schedule.error,
        schedule.version,
        schedule.created_at,
        schedule.updated_at,
    )


async def cancel_pending(work: UnitOfWork, schedule_ids: Sequence[UUID], *, now: datetime) -> Sequence[Schedule]:
    """Cancel those of these that may be; return them as they are stored now, in time order."""
    return await _cancel(work, await work.transitions.lock(schedule_ids), now)


async def cancel_pending_of_campaign(work: UnitOfWork, campaign_id: UUID, *, now: datetime) -> Sequence[Schedule]:
    """The same for a campaign's."""
    return await _cancel(work, await work.transitions.lock_pending_of_campaign(campaign_id), now)


async def _cancel(work: UnitOfWork, locked: Sequence[Locked], now: datetime) -> Sequence[Schedule]:
    pending = [each for each in locked if may_be_cancelled(each.standing)]
    changes = [Change(schedule_id=each.schedule.schedule_id, step=cancelled(each.standing)) for each in pending]
    return await work.transitions.record(changes, at=now)


def as_cancelled(schedule: Schedule, *, now: datetime) -> Schedule:
    """What becomes of a PENDING schedule that is certainly not out."""
    return replace(schedule, status=ScheduleStatus.CANCELLED, version=schedule.version + 1, updated_at=now)

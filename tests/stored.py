"""Schedules stored as they stand, in whatever status, and the changes that suites make again and again."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from marketmind_scheduler.adapters.postgres.pool import Pool
from marketmind_scheduler.adapters.postgres.repositories.schedule_rows import to_bits
from marketmind_scheduler.adapters.postgres.storage import PostgresStorage
from marketmind_scheduler.domain.lifecycle import cancelled, may_be_cancelled
from marketmind_scheduler.domain.schedule import Schedule, ScheduleStatus
from marketmind_scheduler.ports.storage import Storage, UnitOfWork
from marketmind_scheduler.ports.transitions import Change, Locked
from tests.fakes.rows import Row
from tests.fakes.storage import InMemoryStorage

FIRST_LEASE = timedelta(seconds=30)
_SENT = (ScheduleStatus.PUBLISHING, ScheduleStatus.UNCONFIRMED)
_TO_QUEUE = """
UPDATE queue
   SET status = $2, retry_count = $3, max_retries = $4, is_doubtful = $5, parked = $6, on_late = $7,
       latest_at = $8, due_at = $9, lease_token = $10, claim_id = $11, lease_expires_at = $12, send_started_at = $13,
       last_send_at = $14, resend_until_at = $15, given_to = $16
 WHERE schedule_id = $1
"""
_END = "DELETE FROM queue WHERE schedule_id = $1"
_PUT = """
UPDATE schedules
   SET status = $2, retry_count = $3, max_retries = $4, on_late = $5, latest_at = $6, external_id = $7, last_error = $8,
       version = $9, created_at = $10, updated_at = $11, lease_token = $12, claim_id = $13, last_send_at = $14,
       given_to = $15, finished_at = $16,
       wrong = CASE WHEN $2 = 'PENDING' OR $2 = 'COMPLETED' AND publish_time <= now() THEN '' ELSE $2 END,
       wrong_at = CASE WHEN $2 <> 'PENDING' AND ($2 <> 'COMPLETED' OR publish_time > now()) THEN $16::timestamptz END
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
        is_sent, is_leased = schedule.status in _SENT, schedule.status is ScheduleStatus.PUBLISHING
        row = Row(
            schedule=replace(schedule, max_retries=max(schedule.max_retries, schedule.retry_count)),
            due_at=schedule.publish_time if schedule.status is ScheduleStatus.PENDING else None,
            lease_expires_at=schedule.updated_at + FIRST_LEASE if is_leased else None,
            begun_at=schedule.updated_at if is_sent else None,
            last_send_at=schedule.updated_at if is_sent else None,
        )
        await put_row(storage, row, keeps_lateness=False)


async def put_row(storage: Storage, row: Row, *, keeps_lateness: bool = True) -> None:
    """Store this row as it is, or with what its brand says of lateness."""
    async with storage.unit_of_work() as work:
        [added] = await work.bookings.add(
            [replace(row.schedule, status=ScheduleStatus.PENDING, is_doubtful=False, retry_count=0)]
        )
        await work.commit()
    if not keeps_lateness:
        row = replace(row, schedule=replace(row.schedule, on_late=added.on_late, latest_at=added.latest_at))
    if isinstance(storage, InMemoryStorage):
        with storage.changing() as rows:
            rows.schedules[row.schedule_id] = row
    else:
        assert isinstance(storage, TestedStorage)
        if row.schedule.is_active:
            await storage.pool.execute(_TO_QUEUE, *_queued(row))
        else:
            await storage.pool.execute(_END, row.schedule_id)
        await storage.pool.execute(_PUT, *_values(row))


def _queued(row: Row) -> tuple[object, ...]:
    """In the order of the parameters of ``_TO_QUEUE``."""
    schedule = row.schedule
    return (
        schedule.schedule_id,
        schedule.status,
        schedule.retry_count,
        schedule.max_retries,
        schedule.is_doubtful,
        to_bits(schedule.holds),
        schedule.on_late,
        schedule.latest_at,
        row.due_at,
        row.token,
        row.claim_id,
        row.lease_expires_at,
        row.begun_at,
        row.last_send_at,
        row.resend_until,
        row.given_to,
    )


def _values(row: Row) -> tuple[object, ...]:
    """In the order of the parameters of ``_PUT``."""
    schedule = row.schedule
    return (
        schedule.schedule_id,
        ScheduleStatus.PENDING if schedule.is_active else schedule.status,
        schedule.retry_count,
        schedule.max_retries,
        schedule.on_late,
        schedule.latest_at,
        schedule.external_id,
        schedule.error,
        schedule.version,
        schedule.created_at,
        schedule.updated_at,
        0 if schedule.is_active else row.token,
        None if schedule.is_active else row.claim_id,
        None if schedule.is_active else row.last_send_at,
        None if schedule.is_active else row.given_to,
        None if schedule.is_active else schedule.updated_at,
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

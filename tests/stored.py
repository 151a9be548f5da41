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
_PUT = """
UPDATE schedules
   SET status = $2, retry_count = $3, max_retries = $4, is_doubtful = $5, parked = $6, on_late = $7,
       latest_at = $8, external_id = $9, last_error = $10, version = $11, created_at = $12, updated_at = $13,
       due_at = $14, lease_token = $15, lease_owner = $16, lease_expires_at = $17, send_started_at = $18,
       last_send_at = $19, resend_until_at = $20, finished_at = $21, given_to = $22
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
        await storage.pool.execute(_PUT, *_values(row))


def _values(row: Row) -> tuple[object, ...]:
    """In the order of the parameters of ``_PUT``."""
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
        schedule.external_id,
        schedule.error,
        schedule.version,
        schedule.created_at,
        schedule.updated_at,
        row.due_at,
        row.token,
        row.claim_id,
        row.lease_expires_at,
        row.begun_at,
        row.last_send_at,
        row.resend_until,
        None if schedule.is_active else schedule.updated_at,
        row.given_to,
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

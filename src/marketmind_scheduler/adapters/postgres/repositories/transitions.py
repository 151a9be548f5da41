"""The steps of schedules: rows found and locked, changes recorded with their events and attempts."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from asyncpg import Record

from marketmind_scheduler.adapters.postgres.pieces import pieces
from marketmind_scheduler.adapters.postgres.pool import Connection
from marketmind_scheduler.adapters.postgres.repositories.queue_locks import LOCK_QUEUED, STANDS, lock_queued, locking
from marketmind_scheduler.adapters.postgres.repositories.schedule_rows import (
    JOINED,
    SHOWN,
    to_bits,
    to_schedule,
    to_schedules,
)
from marketmind_scheduler.adapters.postgres.repositories.texts import storable
from marketmind_scheduler.adapters.postgres.statements import statement
from marketmind_scheduler.domain.lifecycle import may_be_doubted
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.schedule import ACTIVE, Schedule
from marketmind_scheduler.ports.transitions import Change, LaneCount, Locked, Tried
from marketmind_scheduler.unhurried import unhurried

_SELECT = f"""
SELECT {SHOWN}, coalesce(q.lease_token, s.lease_token) AS lease_token,
       CASE WHEN q.post_id IS NULL THEN s.claim_id ELSE q.claim_id END AS claim_id,
       CASE WHEN q.post_id IS NULL THEN s.given_to ELSE q.given_to END AS given_to,
       q.resend_until_at - now() AS resend_left
  FROM schedules s {JOINED}
"""
LOCK = f"""{_SELECT}
 WHERE s.schedule_id = ANY($1::uuid[]) AND {STANDS.format("$2")} ORDER BY s.schedule_id FOR NO KEY UPDATE OF s
"""
# Each post looks for its schedule by itself: see follow_campaigns.
PENDING_OF_CAMPAIGN = locking(
    """
SELECT o.post_id, o.schedule_id FROM posts g
 CROSS JOIN LATERAL (SELECT o.* FROM queue o WHERE o.post_id = g.post_id OFFSET 0) o
 WHERE g.campaign_id BETWEEN $1 AND $1
""",
    still="o.status || '' = 'PENDING'",  # so that it is found by its post, and by no index of what is PENDING
)
ACTIVE_OF_POSTS = locking("SELECT o.post_id, o.schedule_id FROM queue o WHERE o.post_id = ANY($1::uuid[])")
EXPIRED = """
SELECT schedule_id FROM queue
 WHERE lease_expires_at <= now() ORDER BY lease_expires_at LIMIT $1 FOR NO KEY UPDATE SKIP LOCKED
"""
# As attempt.lease_ends says.
SHORTEN_LEASES = """
UPDATE queue SET lease_expires_at = now() + leased_for WHERE post_id = ANY(ARRAY(
  SELECT post_id FROM queue WHERE lease_expires_at > now() AND lease_expires_at > now() + leased_for
   ORDER BY lease_expires_at DESC LIMIT $1 FOR NO KEY UPDATE SKIP LOCKED))
"""
LATE = statement("late")
PERHAPS_SENT = statement("perhaps_sent")
RECORD = statement("record_steps")
_TELL_STALE = statement("tell_stale")


class PostgresTransitions:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def lock(self, schedule_ids: Collection[UUID]) -> Sequence[Locked]:
        queued = await lock_queued(self._connection, LOCK_QUEUED, list(schedule_ids))
        return await locked_with(self._connection, schedule_ids, queued)

    async def lock_pending_of_campaign(self, campaign_id: UUID) -> Sequence[Locked]:
        return await self._locked(PENDING_OF_CAMPAIGN, campaign_id)

    async def lock_expired(self, *, limit: int) -> Sequence[Locked]:
        await self._connection.execute(SHORTEN_LEASES, limit)
        return await self._in_order(EXPIRED, limit)

    async def lock_late(self, *, limit: int) -> Sequence[Locked]:
        return await self._in_order(LATE, limit)

    async def lock_perhaps_sent(self, *, made_by: datetime, limit: int) -> Sequence[Locked]:
        found = await self._connection.fetch(PERHAPS_SENT, made_by, list(Platform), limit)
        locked = await self.lock([schedule_id for row in found for schedule_id in row["ids"]])
        return [each for each in locked if may_be_doubted(each.standing)]

    async def count_perhaps_sent(self, *, made_by: datetime) -> Sequence[LaneCount]:
        rows = await self._connection.fetch(PERHAPS_SENT, made_by, list(Platform), None)
        return [LaneCount(brand_id=row[0], platform=Platform(row[1]), schedules=row[2]) for row in rows]

    async def record(
        self, changes: Sequence[Change], *, at: datetime | None = None, shown: bool = True
    ) -> Sequence[Schedule]:
        stored: list[Schedule] = []
        for piece in pieces(changes):
            *steps, notes, owners = map(list, zip(*map(_to_row, piece), strict=True))
            rows = await self._connection.fetch(RECORD, *steps, at, notes, list(ACTIVE), owners, shown)
            stored += await to_schedules(rows)
        return sorted(stored, key=in_time)

    async def tell_stale(self, schedule_id: UUID, tried: Tried) -> None:
        external_id, reason = storable(tried.external_id), storable(tried.reason)
        await self._connection.execute(
            _TELL_STALE, schedule_id, tried.token, tried.verdict, external_id, reason, tried.owner
        )

    async def _locked(self, sql: str, *parameters: object) -> Sequence[Locked]:
        queued = await lock_queued(self._connection, sql, *parameters)
        return await locked_with(self._connection, queued, queued)

    async def _in_order(self, sql: str, limit: int) -> Sequence[Locked]:
        """In the order in which they are found."""
        queued = await lock_queued(self._connection, sql, limit)
        found = {each.schedule.schedule_id: each for each in await locked_with(self._connection, queued, queued)}
        return [found[schedule_id] for schedule_id in queued]


async def locked_with(
    connection: Connection, schedule_ids: Collection[UUID], queued: Sequence[UUID]
) -> Sequence[Locked]:
    """Lock and read these, of which those that are active are locked in the queue."""
    if not schedule_ids:
        return []
    rows = await connection.fetch(LOCK, list(schedule_ids), queued)
    return [_to_locked(row) async for row in unhurried(rows)]


def in_time(schedule: Schedule) -> tuple[datetime, UUID]:
    return schedule.publish_time, schedule.schedule_id


def _to_locked(row: Record) -> Locked:
    return Locked(
        schedule=to_schedule(row),
        token=row["lease_token"],
        is_answered=row["claim_id"] is None,
        given_to=row["given_to"],
        resend_left=row["resend_left"],
    )


def _to_row(change: Change) -> tuple[object, ...]:
    """In the order of the parameters of ``sql/record_steps.sql``."""
    step, tried = change.step, change.tried
    return (
        change.schedule_id,
        step.to.status,
        step.to.retry_count,
        step.to.max_retries,
        step.to.is_doubtful,
        to_bits(step.to.holds),
        step.to.on_late,
        step.revokes,
        step.closes,
        change.wait,
        step.event,
        storable(change.error),
        storable(change.external_id),
        tried and tried.token,
        tried and tried.verdict,
        tried and storable(tried.reason),
        storable(change.note),
        tried and tried.owner,
    )

"""The steps of schedules: rows found and locked, changes recorded with their events and attempts."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from asyncpg import Record

from marketmind_scheduler.adapters.postgres.pieces import pieces
from marketmind_scheduler.adapters.postgres.pool import Connection
from marketmind_scheduler.adapters.postgres.repositories.schedule_rows import (
    JOINED,
    SHOWN,
    to_bits,
    to_schedule,
    to_schedules,
)
from marketmind_scheduler.adapters.postgres.repositories.texts import storable
from marketmind_scheduler.adapters.postgres.statements import statement
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.schedule import ACTIVE, Schedule
from marketmind_scheduler.ports.transitions import Change, LaneCount, Locked, Tried
from marketmind_scheduler.unhurried import unhurried

_SELECT = f"""
SELECT {SHOWN}, s.lease_token, s.lease_owner, s.given_to, s.resend_until_at - now() AS resend_left
  FROM schedules s {JOINED}
"""
# Whoever takes many schedules takes them in the order of their ids, so that two wait instead of blocking each other.
_IN_ORDER = "ORDER BY s.schedule_id FOR NO KEY UPDATE OF s"
LOCK = f"{_SELECT} WHERE s.schedule_id = ANY($1::uuid[]) {_IN_ORDER}"
# Each post looks for its schedule by itself: see follow_campaigns.
LOCK_OF_CAMPAIGN = f"""{_SELECT}
 WHERE s.schedule_id = ANY(ARRAY(
   SELECT o.schedule_id FROM posts g
    CROSS JOIN LATERAL (SELECT o.schedule_id FROM schedules o
                         WHERE o.post_id = g.post_id AND o.finished_at IS NULL OFFSET 0) o
    WHERE g.campaign_id BETWEEN $1 AND $1))
   AND s.status = 'PENDING'
 {_IN_ORDER}
"""
LOCK_ACTIVE = f"""{_SELECT}
 WHERE s.schedule_id = ANY(ARRAY(
   SELECT o.schedule_id FROM unnest($1::uuid[]) AS g(post_id)
    CROSS JOIN LATERAL (SELECT o.schedule_id FROM schedules o
                         WHERE o.post_id = g.post_id AND o.finished_at IS NULL OFFSET 0) o))
   AND s.finished_at IS NULL
 {_IN_ORDER}
"""
LOCK_EXPIRED = f"""{_SELECT}
 WHERE s.lease_expires_at <= now() ORDER BY s.lease_expires_at LIMIT $1 FOR NO KEY UPDATE OF s SKIP LOCKED
"""
# As attempt.lease_ends says.
SHORTEN_LEASES = """
UPDATE schedules SET lease_expires_at = now() + leased_for WHERE schedule_id = ANY(ARRAY(
  SELECT schedule_id FROM schedules WHERE lease_expires_at > now() AND lease_expires_at > now() + leased_for
   ORDER BY lease_expires_at DESC LIMIT $1 FOR NO KEY UPDATE SKIP LOCKED))
"""
# What waits, what is held for nothing but having no receiver, whose bit is 16, and what may be out and is to be sent
# again.
_NOT_DROPPED = "s.due_at <= now() AND s.is_doubtful AND coalesce(s.resend_until_at, '-infinity') <= now()"
LOCK_LATE = f"""{_SELECT.rstrip()} WHERE s.schedule_id = ANY(ARRAY(
   (SELECT schedule_id FROM schedules WHERE due_at IS NOT NULL AND latest_at <= now() ORDER BY latest_at LIMIT $1)
   UNION ALL (SELECT schedule_id FROM schedules WHERE parked = 16 AND latest_at <= now() ORDER BY latest_at LIMIT $1)
   UNION ALL (SELECT s.schedule_id FROM schedules s WHERE {_NOT_DROPPED} ORDER BY s.due_at LIMIT $1)))
   AND ((s.latest_at <= now() AND (s.due_at IS NOT NULL OR s.parked = 16)) OR ({_NOT_DROPPED}))
 ORDER BY s.latest_at, s.due_at LIMIT $1 FOR NO KEY UPDATE OF s SKIP LOCKED
"""
# Goes along an index, see Walk.
_PERHAPS_SENT = """unnest($2::text[]) AS of_platform(value)
 CROSS JOIN unnest('{PENDING,PUBLISHING}'::text[]) AS of_status(value)
 CROSS JOIN LATERAL (
   SELECT s.* FROM schedules s
    WHERE (s.platform || ' ' || s.status) >= of_platform.value || ' ' || of_status.value
      AND ((s.platform || ' ' || s.status), s.publish_time) <= (of_platform.value || ' ' || of_status.value, now())
      AND s.created_at <= $1
    ORDER BY (s.platform || ' ' || s.status), s.publish_time, s.schedule_id"""
_LOCK_PERHAPS_SENT = f"""{_SELECT.rstrip()}
 WHERE s.schedule_id = ANY(ARRAY(SELECT s.schedule_id FROM {_PERHAPS_SENT} LIMIT $3) s LIMIT $3)) {_IN_ORDER}
"""
_COUNT_PERHAPS_SENT = f"""
SELECT s.brand_id, s.platform, count(*) AS schedules FROM {_PERHAPS_SENT}) s
 GROUP BY s.brand_id, s.platform ORDER BY s.brand_id, s.platform
"""
RECORD = statement("record_steps")
_TELL_STALE = statement("tell_stale")


class PostgresTransitions:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def lock(self, schedule_ids: Collection[UUID]) -> Sequence[Locked]:
        return await self._locked(LOCK, list(schedule_ids))

    async def lock_pending_of_campaign(self, campaign_id: UUID) -> Sequence[Locked]:
        return await self._locked(LOCK_OF_CAMPAIGN, campaign_id)

    async def lock_expired(self, *, limit: int) -> Sequence[Locked]:
        await self._connection.execute(SHORTEN_LEASES, limit)
        return await self._locked(LOCK_EXPIRED, limit)

    async def lock_late(self, *, limit: int) -> Sequence[Locked]:
        return await self._locked(LOCK_LATE, limit)

    async def lock_perhaps_sent(self, *, made_by: datetime, limit: int) -> Sequence[Locked]:
        return await self._locked(_LOCK_PERHAPS_SENT, made_by, list(Platform), limit)

    async def count_perhaps_sent(self, *, made_by: datetime) -> Sequence[LaneCount]:
        rows = await self._connection.fetch(_COUNT_PERHAPS_SENT, made_by, list(Platform))
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
        return await all_locked(await self._connection.fetch(sql, *parameters))


def in_time(schedule: Schedule) -> tuple[datetime, UUID]:
    return schedule.publish_time, schedule.schedule_id


async def all_locked(rows: Sequence[Record]) -> Sequence[Locked]:
    return [_to_locked(row) async for row in unhurried(rows)]


def _to_locked(row: Record) -> Locked:
    return Locked(
        schedule=to_schedule(row),
        token=row["lease_token"],
        is_answered=row["lease_owner"] is None,
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

"""Leases that ran out, posts that are too late, backlogs, and the order of events."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from marketmind_scheduler.adapters.postgres.pool import Pool
from marketmind_scheduler.adapters.postgres.repositories.campaigns import FOLLOW_SCHEDULES
from marketmind_scheduler.adapters.postgres.repositories.events import AS_STATUS, EVENT_COLUMNS, RETURNED, telling
from marketmind_scheduler.adapters.postgres.storage import connected, transaction
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.schedule import ScheduleStatus

_CATCHING_UP, _SEQUENCING = 0x6D6D7301, 0x6D6D7302  # any numbers that nothing else in the database locks
_CATCH_UP_SECONDS = 300
_TRY_LOCK = "SELECT pg_try_advisory_xact_lock($1)"

_HAD_BEGUN = "before.send_started_at IS NOT NULL"
# Token and owner stay, so that the late verdict of the same send still counts.
EXPIRE_LEASES = (
    telling(
        """
  UPDATE schedules s
     SET (status, due_at, finished_at, is_doubtful, send_started_at, retry_count, lost_leases) = (
           SELECT n.next,
                  CASE WHEN n.next = 'PENDING' AND s.parked = 0 THEN greatest(s.publish_time, now() + w.wait) END,
                  CASE WHEN n.next = 'FAILED' THEN now() END,
                  s.is_doubtful OR (n.next = 'PENDING' AND s.send_started_at IS NOT NULL),
                  CASE WHEN n.next <> 'PENDING' THEN s.send_started_at END,
                  s.retry_count + (n.next = 'PENDING' AND s.send_started_at IS NOT NULL)::int,
                  s.lost_leases + (s.send_started_at IS NULL)::int
             FROM (SELECT make_interval(secs => CASE WHEN s.retry_count + s.lost_leases = 0 THEN 0
                     ELSE random() * least(300, 5 * 2 ^ least(s.retry_count + s.lost_leases, 6)) END) AS wait) w,
                  LATERAL (SELECT CASE
                     WHEN s.send_started_at IS NULL AND s.lost_leases + 1 < $2 THEN 'PENDING'
                     WHEN s.send_started_at IS NULL AND NOT s.is_doubtful THEN 'FAILED'
                     WHEN s.send_started_at IS NOT NULL AND s.retry_count < s.max_retries
                      AND s.resend_until_at > now() + w.wait THEN 'PENDING'
                     ELSE 'UNCONFIRMED' END AS next) n),
         last_send_at = coalesce(s.send_started_at, s.last_send_at), lease_expires_at = NULL,
         last_error = 'the lease ran out before a verdict came', version = s.version + 1, updated_at = now()
    FROM schedules before
   WHERE before.schedule_id = s.schedule_id AND s.schedule_id = ANY(ARRAY(
           SELECT schedule_id FROM schedules WHERE lease_expires_at <= now()
            ORDER BY lease_expires_at LIMIT $1 FOR NO KEY UPDATE SKIP LOCKED))""",
        kind=f"CASE WHEN s.status <> 'PENDING' THEN {AS_STATUS} WHEN {_HAD_BEGUN} THEN 'schedule.retrying' END",
        returned=f"{RETURNED}, s.lease_token, s.last_send_at, {_HAD_BEGUN} AS had_begun",
        then=""", tried AS (
  INSERT INTO attempts (schedule_id, lease_token, started_at, finished_at, verdict)
  SELECT schedule_id, lease_token, last_send_at, now(), 'lost' FROM done WHERE had_begun
  ON CONFLICT (schedule_id, lease_token) DO NOTHING)
""",
    )
    + "SELECT status FROM done"
)
MISS_LATE = (
    telling(
        """
  UPDATE schedules s
     SET status = CASE WHEN s.is_doubtful THEN 'UNCONFIRMED' WHEN s.on_late = 'skip' THEN 'MISSED' ELSE 'PENDING' END,
         parked = CASE WHEN s.on_late = 'hold' AND NOT s.is_doubtful THEN s.parked | 8 ELSE s.parked END,
         finished_at = CASE WHEN s.on_late = 'skip' AND NOT s.is_doubtful THEN now() END,
         due_at = NULL, last_error = 'too late: not sent by ' || to_char(s.latest_at, 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
         version = s.version + 1, updated_at = now()
   WHERE s.schedule_id = ANY(ARRAY(
           SELECT schedule_id FROM schedules WHERE due_at IS NOT NULL AND latest_at <= now()
            ORDER BY latest_at LIMIT $1 FOR NO KEY UPDATE SKIP LOCKED))""",
        kind=f"CASE WHEN s.status = 'PENDING' THEN 'schedule.parked' ELSE {AS_STATUS} END",
    )
    + "SELECT status FROM done"
)
CATCH_UP = """
WITH done AS (
  UPDATE schedules s SET due_at = now() + make_interval(secs => r.after)
    FROM (SELECT l.schedule_id,
                 p.pace * (row_number() OVER (PARTITION BY l.brand_id, l.platform
                                              ORDER BY l.publish_time, l.schedule_id) - 1) AS after
            FROM (SELECT schedule_id, brand_id, platform, publish_time FROM schedules
                   WHERE platform = ANY($2::text[]) AND due_at < now() - $1::interval FOR NO KEY UPDATE SKIP LOCKED) l
            JOIN unnest($2::text[], $3::float8[]) AS p(platform, pace) ON p.platform = l.platform) r
   WHERE s.schedule_id = r.schedule_id
  RETURNING r.after)
SELECT count(*) FROM done WHERE after > 0
"""
SEQUENCE = f"""
WITH moved AS (
  DELETE FROM event_outbox WHERE seq = ANY(ARRAY(SELECT seq FROM event_outbox ORDER BY seq LIMIT $1))
  RETURNING seq, {EVENT_COLUMNS})
INSERT INTO events ({EVENT_COLUMNS}) SELECT {EVENT_COLUMNS} FROM moved ORDER BY seq
RETURNING post_id
"""
_FIRST_EVENT = "SELECT seq FROM event_outbox ORDER BY seq LIMIT 1"
_CAMPAIGNS_OF = "SELECT DISTINCT campaign_id FROM posts WHERE post_id = ANY($1::uuid[]) AND campaign_id IS NOT NULL"


class PostgresUpkeep:
    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def expire_leases(self, *, limit: int, most_lost: int) -> Sequence[ScheduleStatus]:
        return await self._change(EXPIRE_LEASES, limit, most_lost)

    async def miss_late(self, *, limit: int) -> Sequence[ScheduleStatus]:
        return await self._change(MISS_LATE, limit)

    async def catch_up(self, *, age: timedelta, paces: Mapping[Platform, timedelta]) -> int:
        async with transaction(self._pool, seconds=_CATCH_UP_SECONDS) as connection:
            if not await connection.fetchval(_TRY_LOCK, _CATCHING_UP):
                return 0
            seconds = [pace.total_seconds() for pace in paces.values()]
            return await connection.fetchval(CATCH_UP, age, list(paces.keys()), seconds, timeout=_CATCH_UP_SECONDS)

    async def sequence_events(self, *, limit: int) -> int:
        async with connected(self._pool) as connection:
            if await connection.fetchval(_FIRST_EVENT) is None:
                return 0
        async with transaction(self._pool) as connection:
            if not await connection.fetchval(_TRY_LOCK, _SEQUENCING):
                return 0
            told = await connection.fetch(SEQUENCE, limit)
            if told:
                of_events = await connection.fetch(_CAMPAIGNS_OF, list({row["post_id"] for row in told}))
                if campaigns := [row["campaign_id"] for row in of_events]:
                    await connection.execute(FOLLOW_SCHEDULES, campaigns)
            return len(told)

    async def _change(self, statement: str, *parameters: int) -> Sequence[ScheduleStatus]:
        async with connected(self._pool) as connection:
            return [ScheduleStatus(row["status"]) for row in await connection.fetch(statement, *parameters)]

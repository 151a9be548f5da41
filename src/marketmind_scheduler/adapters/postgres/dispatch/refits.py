"""Refits: who is at which lane, what is learned from, and what came of it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from asyncpg import Record

from marketmind_scheduler.adapters.postgres.pool import Pool
from marketmind_scheduler.adapters.postgres.statements import statement
from marketmind_scheduler.adapters.postgres.storage import connected, transaction
from marketmind_scheduler.domain.audience.observations import Arm, Figure, LaneHistory, Measurement
from marketmind_scheduler.domain.audience.profile import Profile
from marketmind_scheduler.domain.audience.refitting import Refit
from marketmind_scheduler.domain.lanes import Lane
from marketmind_scheduler.domain.post import Platform

_HISTORY_SECONDS = 30
_IS_FREE = "(leased_until IS NULL OR leased_until <= now())"
_BEGUN = "r.brand_id, r.platform, r.leased_until, now() AS begun_at, b.brand_default_timezone AS zone"
BEGIN_DUE = f"""
UPDATE refits r SET leased_until = now() + $2::interval, due_at = now() + $2::interval
  FROM (SELECT brand_id, platform FROM refits WHERE due_at <= now() AND {_IS_FREE}
         ORDER BY due_at LIMIT $1 FOR UPDATE SKIP LOCKED) due
  JOIN brands b ON b.brand_id = due.brand_id
 WHERE r.brand_id = due.brand_id AND r.platform = due.platform
RETURNING {_BEGUN}
"""
_BEGIN = f"""
WITH r AS (
  INSERT INTO refits AS had (brand_id, platform, due_at, leased_until)
  VALUES ($1, $2, now() + $3::interval, now() + $3::interval)
  ON CONFLICT (brand_id, platform) DO UPDATE SET due_at = excluded.due_at, leased_until = excluded.leased_until
   WHERE had.leased_until IS NULL OR had.leased_until <= now()
  RETURNING *)
SELECT {_BEGUN} FROM r JOIN brands b ON b.brand_id = r.brand_id
"""
# What was observed since it began has made it due again, sooner than its lease runs out.
_END = """
UPDATE refits SET leased_until = NULL, due_at = CASE WHEN due_at < $3 THEN due_at ELSE $4 END
 WHERE brand_id = $1 AND platform = $2 AND leased_until = $3 RETURNING true
"""
_KEEP = """
INSERT INTO profiles (brand_id, platform, fitted_at, digest, snapshot)
SELECT $1, $2, clock_timestamp(), $3, $4
 WHERE $3 IS DISTINCT FROM (SELECT digest FROM profiles WHERE brand_id = $1 AND platform = $2
                             ORDER BY fitted_at DESC LIMIT 1)
"""
# Plans name snapshots by their digest, and are looked at while they are young.
_FORGET_OLD = """
DELETE FROM profiles p WHERE brand_id = $1 AND platform = $2 AND fitted_at < now() - interval '90 days'
   AND EXISTS (SELECT FROM profiles n WHERE n.brand_id = $1 AND n.platform = $2 AND n.fitted_at > p.fitted_at)
"""
LANE_HISTORY = statement("lane_history")


class PostgresRefits:
    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def begin_due(self, *, limit: int, lease: timedelta) -> Sequence[Refit]:
        async with connected(self._pool) as connection:
            return [_to_refit(row) for row in await connection.fetch(BEGIN_DUE, limit, lease)]

    async def begin(self, lane: Lane, *, lease: timedelta) -> Refit | None:
        async with connected(self._pool) as connection:
            row = await connection.fetchrow(_BEGIN, *lane, lease)
            return None if row is None else _to_refit(row)

    async def history(self, refit: Refit, *, most: int) -> LaneHistory:
        async with transaction(self._pool, seconds=_HISTORY_SECONDS) as connection:
            rows = await connection.fetch(LANE_HISTORY, refit.brand_id, refit.platform, most, timeout=_HISTORY_SECONDS)
        return LaneHistory(
            platform=refit.platform,
            zone=refit.zone,
            as_of=refit.begun_at.astimezone(UTC).date(),
            measurements=[_to_measurement(row) for row in rows],
            arms={row["post"]: Arm(row["arm"]) for row in rows if row["arm"]},
        )

    async def finish(self, refit: Refit, profile: Profile) -> None:
        lane = refit.brand_id, refit.platform
        async with transaction(self._pool) as connection:
            if await connection.fetchval(_END, *lane, refit.leased_until, refit.next_at):
                await connection.execute(_KEEP, *lane, profile.digest, profile.canonical)
                await connection.execute(_FORGET_OLD, *lane)


def _to_refit(row: Record) -> Refit:
    return Refit(
        brand_id=row["brand_id"],
        platform=Platform(row["platform"]),
        zone=row["zone"],
        begun_at=row["begun_at"],
        leased_until=row["leased_until"],
    )


def _to_measurement(row: Record) -> Measurement:
    return Measurement(
        row["post"], Figure(row["figure"]), _seconds(row["published_at"]), _seconds(row["measured_at"]), row["value"]
    )


def _seconds(instant: datetime) -> int:
    return int(instant.timestamp())

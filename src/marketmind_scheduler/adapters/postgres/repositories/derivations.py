"""Schedules and what they were derived from: SQL in, frozen values out."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from asyncpg import Record

from marketmind_scheduler.adapters.postgres.pieces import pieces
from marketmind_scheduler.adapters.postgres.pool import Connection
from marketmind_scheduler.adapters.postgres.repositories.queue_locks import lock_queued, locking
from marketmind_scheduler.adapters.postgres.repositories.schedule_lists import conditions_of
from marketmind_scheduler.adapters.postgres.repositories.schedule_rows import (
    JOINED,
    SELECT,
    of_overridden,
    of_slot,
    to_holds,
    to_schedules,
)
from marketmind_scheduler.adapters.postgres.repositories.selections import where
from marketmind_scheduler.adapters.postgres.statements import statement
from marketmind_scheduler.domain.schedule import Schedule
from marketmind_scheduler.ports.schedules import ScheduleFilter
from marketmind_scheduler.unhurried import unhurried

MOVE = statement("move_schedules")
COUNT_OUTSIDE = statement("count_outside")
RENAMED = locking("""
SELECT s.post_id, s.schedule_id FROM schedules s
 WHERE s.brand_id = $1 AND s.finished_at IS NULL AND s.zone_is_default AND s.timezone = ANY($2::text[])
""")
RENAME_ZONE = "UPDATE schedules SET timezone = $2 WHERE schedule_id = ANY($1::uuid[])"
_CHOSEN = f"SELECT s.post_id, s.schedule_id, p.campaign_id FROM schedules s {JOINED}"
# Against pausing, and before the queue, as everybody does.
_LOCK_CAMPAIGNS = "SELECT 1 FROM campaigns WHERE campaign_id = ANY($1::uuid[]) ORDER BY campaign_id FOR SHARE"
LOCKED = f"{SELECT} WHERE s.schedule_id = ANY($1::uuid[]) ORDER BY s.schedule_id FOR NO KEY UPDATE OF s"
TELL = """
WITH done AS (
  UPDATE schedules s SET version = s.version + 1, updated_at = now() WHERE s.schedule_id = ANY($1::uuid[])
  RETURNING s.*, (SELECT q.retry_count FROM queue q WHERE q.post_id = s.post_id) AS retries)
INSERT INTO events (kind, schedule_id, brand_id, post_id, platform, publish_time, status, retry_count, external_id,
                    campaign_id)
SELECT 'schedule.source_changed', schedule_id, brand_id, post_id, platform, publish_time, 'PENDING', retries,
       external_id, (SELECT p.campaign_id FROM posts p WHERE p.post_id = done.post_id)
  FROM done
"""


class PostgresDerivations:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def tell_changed(self, chosen: ScheduleFilter) -> int:
        told = await self._lock(chosen)
        for piece in pieces(told):
            await self._connection.execute(TELL, piece)
        return len(told)

    async def rename_zone(self, brand_id: UUID, zone: str, *, other_names: Collection[str]) -> None:
        renamed = await lock_queued(self._connection, RENAMED, brand_id, list(other_names))
        for piece in pieces(renamed):
            await self._connection.execute(RENAME_ZONE, piece, zone)

    async def count_outside(self, days: Mapping[UUID, tuple[datetime, datetime]]) -> Mapping[UUID, int]:
        begins, over = [each[0] for each in days.values()], [each[1] for each in days.values()]
        rows = await self._connection.fetch(COUNT_OUTSIDE, list(days), begins, over)
        return {row["campaign_id"]: row["outside"] for row in rows}

    async def lock(self, chosen: ScheduleFilter) -> Sequence[Schedule]:
        found, parameters = where(conditions_of(chosen), after=0)
        rows = await self._connection.fetch(f"{_CHOSEN}{found}", *parameters)
        await self._connection.execute(_LOCK_CAMPAIGNS, [*{row["campaign_id"] for row in rows} - {None}])
        locked = await self._lock(chosen)
        shown = [row for piece in pieces(locked) for row in await self._connection.fetch(LOCKED, piece)]
        return await to_schedules(shown)

    async def move(self, schedules: Sequence[Schedule]) -> Sequence[Schedule]:
        return await move(self._connection, schedules)

    async def _lock(self, chosen: ScheduleFilter) -> Sequence[UUID]:
        """Those that are still chosen once they are locked, by id."""
        found, parameters = where(conditions_of(chosen), after=0)
        queued = await lock_queued(self._connection, locking(_CHOSEN + found), *parameters)
        still = await self._connection.fetch(f"{_CHOSEN}{found}", *parameters)
        return sorted({row["schedule_id"] for row in still} & {*queued})


async def move(connection: Connection, schedules: Sequence[Schedule]) -> Sequence[Schedule]:
    """As ``Derivations.move`` promises."""
    stored: dict[UUID, Record] = {}
    for piece in pieces(sorted(schedules, key=lambda each: each.schedule_id)):
        columns = zip(*map(_moved, piece), strict=True)
        rows = await connection.fetch(MOVE, *map(list, columns), piece[0].updated_at)
        stored |= {row["schedule_id"]: row for row in rows}
    return [
        replace(
            each,
            holds=to_holds(row["parked"]),
            title=row["title"],
            campaign_id=row["campaign_id"],
            s3_url=row["s3_url"],
        )
        async for each in unhurried(schedules)
        for row in [stored[each.schedule_id]]
    ]


def _moved(schedule: Schedule) -> tuple[object, ...]:
    """In the order of the parameters of ``sql/move_schedules.sql``."""
    slot = of_slot(schedule.slot)
    return (
        schedule.schedule_id,
        schedule.brand_id,
        slot["publish_time"],
        slot["intent"],
        slot["local_time"],
        slot["timezone"],
        slot["disambiguation"],
        slot["resolution"],
        slot["tz_release"],
        slot["zone_is_default"],
        schedule.on_late,
        schedule.latest_at,
        schedule.max_retries,
        schedule.version,
        schedule.scheduler,
        of_overridden(schedule.overridden),
    )

"""Reading schedules: SQL in, frozen values out."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from asyncpg import Record

from marketmind_scheduler.adapters.postgres.pieces import pieces
from marketmind_scheduler.adapters.postgres.pool import Connection
from marketmind_scheduler.adapters.postgres.repositories.forgotten import missing
from marketmind_scheduler.adapters.postgres.repositories.queue_locks import STANDS
from marketmind_scheduler.adapters.postgres.repositories.schedule_lists import listing
from marketmind_scheduler.adapters.postgres.repositories.schedule_rows import (
    JOINED,
    QUEUED,
    SELECT,
    SHOWN,
    to_schedule,
    to_schedules,
)
from marketmind_scheduler.domain.access import Reach
from marketmind_scheduler.domain.attempt import AttemptRecord
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.domain.schedule import Schedule
from marketmind_scheduler.domain.verdict import VerdictKind
from marketmind_scheduler.ports.schedules import ScheduleFilter, Sends

FIND_ALL = f"{SELECT} WHERE s.schedule_id = ANY($1::uuid[])"
# What is active has not finished, and the other way round: a CHECK says so.
_CURRENT = f"""{SELECT}
 WHERE s.post_id = $1 AND p.deleted_at IS NULL AND {{}} ORDER BY s.finished_at IS NULL DESC, s.schedule_id DESC LIMIT 1
"""
CURRENT = _CURRENT.format("true")
CURRENT_OF_THOSE = _CURRENT.format(STANDS.format("$2"))
STANDING_OF_POST = f"""
SELECT DISTINCT ON (s.status = 'COMPLETED') {SHOWN} FROM schedules s {JOINED}
 WHERE s.post_id = $1 AND (s.finished_at IS NULL OR s.status = 'COMPLETED')
 ORDER BY s.status = 'COMPLETED', s.schedule_id DESC
"""
# OFFSET 0: see OF_CAMPAIGN in schedule_lists.
STANDING_OF_CAMPAIGN = f"""
SELECT {SHOWN} FROM (
  SELECT DISTINCT ON (s.post_id, s.status = 'COMPLETED') s.*
    FROM posts p CROSS JOIN LATERAL (
      SELECT * FROM schedules o
       WHERE o.post_id = p.post_id AND (o.finished_at IS NULL OR o.status = 'COMPLETED') OFFSET 0) s
   WHERE p.campaign_id BETWEEN $1 AND $1 AND p.deleted_at IS NULL AND p.platform = ANY($2::text[])
   ORDER BY s.post_id, s.status = 'COMPLETED', s.schedule_id DESC) s
  {JOINED}
 ORDER BY s.publish_time, s.schedule_id
"""
ATTEMPTS = """
SELECT schedule_id, lease_token, started_at, finished_at, verdict, reason, external_id, title,
       s3_url, digest, owner FROM attempts
 WHERE schedule_id = ANY($1::uuid[]) ORDER BY schedule_id, lease_token
"""
DUE = f"SELECT s.schedule_id, q.due_at FROM schedules s {QUEUED} WHERE s.schedule_id = ANY($1::uuid[])"
_COUNT_AHEAD = """
SELECT count(*) FROM (
  SELECT FROM schedules s
   WHERE (s.brand_id, s.publish_time) > ($1, $2) AND s.brand_id <= $1 AND s.finished_at IS NULL
   ORDER BY s.brand_id, s.publish_time, s.schedule_id LIMIT $3) ahead
"""


class PostgresScheduleRepository:
    def __init__(self, connection: Connection, reach: Reach) -> None:
        self._connection = connection
        self._reach = reach

    async def get(self, schedule_id: UUID) -> Schedule:
        if found := await self._reached(f"{SELECT} WHERE s.schedule_id = $1", schedule_id):
            return found[0]
        raise await missing(self._connection, self._reach, schedule_id)

    async def find_all(self, schedule_ids: Collection[UUID]) -> Sequence[Schedule]:
        return [each for piece in pieces([*schedule_ids]) for each in await self._reached(FIND_ALL, piece)]

    async def find_current(self, post_id: UUID) -> Schedule | None:
        row = await self._connection.fetchrow(CURRENT, post_id)
        return to_schedule(row) if row is not None and self._reach.covers(row["brand_id"]) else None

    async def standing_of_post(self, post_id: UUID) -> Sequence[Schedule]:
        return await self._fetch(STANDING_OF_POST, post_id)

    async def standing_of_campaign(self, campaign_id: UUID, *, platforms: Collection[Platform]) -> Sequence[Schedule]:
        return await self._fetch(STANDING_OF_CAMPAIGN, campaign_id, list(platforms))

    async def sends_of(self, schedule_ids: Collection[UUID]) -> Mapping[UUID, Sends]:
        attempts: defaultdict[UUID, list[AttemptRecord]] = defaultdict(list)
        for row in await self._connection.fetch(ATTEMPTS, list(schedule_ids)):
            attempts[row["schedule_id"]].append(_to_attempt(row))
        due = await self._connection.fetch(DUE, list(schedule_ids))
        return {row[0]: Sends(attempts=attempts[row[0]], next_attempt_at=row[1]) for row in due}

    async def count_ahead(self, brand_id: UUID, *, now: datetime, most: int) -> int:
        return await self._connection.fetchval(_COUNT_AHEAD, brand_id, now, most)

    async def list(
        self, chosen: ScheduleFilter, *, limit: int, after: tuple[datetime, UUID] | None
    ) -> Sequence[Schedule]:
        statement, parameters = listing(chosen, self._reach, limit=limit, after=after)
        return await self._fetch(statement, *parameters)

    async def _reached(self, statement: str, *parameters: object) -> Sequence[Schedule]:
        return [each for each in await self._fetch(statement, *parameters) if self._reach.covers(each.brand_id)]

    async def _fetch(self, statement: str, *parameters: object) -> Sequence[Schedule]:
        return await to_schedules(await self._connection.fetch(statement, *parameters))


def _to_attempt(row: Record) -> AttemptRecord:
    return AttemptRecord(
        token=row["lease_token"],
        started_at=row["started_at"],
        finished_at=row["finished_at"],
        verdict=VerdictKind(row["verdict"]),
        reason=row["reason"],
        external_id=row["external_id"],
        title=row["title"],
        s3_url=row["s3_url"],
        digest=row["digest"],
        owner=row["owner"],
    )

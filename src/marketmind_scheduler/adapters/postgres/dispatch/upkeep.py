"""Backlogs, and the order of events."""

from collections.abc import Mapping
from datetime import timedelta

from marketmind_scheduler.adapters.postgres.pool import Pool
from marketmind_scheduler.adapters.postgres.repositories.campaigns import follow_schedules
from marketmind_scheduler.adapters.postgres.repositories.events import EVENT_COLUMNS
from marketmind_scheduler.adapters.postgres.statements import statement
from marketmind_scheduler.adapters.postgres.storage import connected, transaction
from marketmind_scheduler.domain.post import Platform

_CATCHING_UP, _SEQUENCING = 0x6D6D7301, 0x6D6D7302  # any numbers that nothing else in the database locks
_CATCH_UP_SECONDS = 300
_TRY_LOCK = "SELECT pg_try_advisory_xact_lock($1)"

CATCH_UP = statement("catch_up")
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
                    await follow_schedules(connection, campaigns)
            return len(told)

"""How the queue stands: bounded counts over partial indexes."""

from asyncpg import Record

from marketmind_scheduler.adapters.postgres.pool import Pool
from marketmind_scheduler.adapters.postgres.storage import connected
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.ports.queue_standing import MOST_COUNTED, PlatformStanding, QueueStanding


def _count(condition: str) -> str:
    return (
        f"(SELECT count(*) FROM (SELECT FROM schedules s WHERE s.platform = p.platform AND {condition} "
        f"LIMIT {MOST_COUNTED}) counted)"
    )


READ = f"""
SELECT p.platform,
       {_count("s.due_at IS NOT NULL")} AS waiting,
       {_count("s.due_at <= now()")} AS due,
       {_count("s.due_at <= now() - interval '1 minute'")} AS late,
       (SELECT count(*) FROM schedules s WHERE s.lease_expires_at IS NOT NULL AND s.platform = p.platform) AS in_flight,
       {_count("s.status = 'PENDING' AND s.parked <> 0")} AS held,
       {_count("s.status = 'UNCONFIRMED'")} AS unconfirmed,
       {_count("s.status IN ('FAILED', 'MISSED') AND s.finished_at > now() - interval '1 day' AND s.status = 'FAILED'")}
         AS failed,
       {_count("s.status IN ('FAILED', 'MISSED') AND s.finished_at > now() - interval '1 day' AND s.status = 'MISSED'")}
         AS missed,
       (SELECT s.due_at FROM schedules s WHERE s.platform = p.platform AND s.due_at IS NOT NULL
         ORDER BY s.due_at, s.schedule_id LIMIT 1) - now() AS next_due_in,
       now() - (SELECT s.last_send_at FROM schedules s WHERE s.platform = p.platform AND s.status = 'UNCONFIRMED'
                 ORDER BY s.last_send_at LIMIT 1) AS oldest_unconfirmed
  FROM unnest($1::text[]) AS p(platform)
"""
_EVENTS = f"SELECT count(*) FROM (SELECT FROM event_outbox LIMIT {MOST_COUNTED}) counted"


class PostgresQueueStandings:
    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def read(self) -> QueueStanding:
        async with connected(self._pool) as connection:
            rows = await connection.fetch(READ, list(Platform))
            events = await connection.fetchval(_EVENTS)
        return QueueStanding(platforms=[_to_standing(row) for row in rows], events_to_sequence=events)


def _to_standing(row: Record) -> PlatformStanding:
    return PlatformStanding(
        platform=Platform(row["platform"]),
        waiting=row["waiting"],
        due=row["due"],
        late=row["late"],
        in_flight=row["in_flight"],
        held=row["held"],
        unconfirmed=row["unconfirmed"],
        failed=row["failed"],
        missed=row["missed"],
        next_due_in=row["next_due_in"],
        oldest_unconfirmed=row["oldest_unconfirmed"],
    )

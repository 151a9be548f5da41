"""How the queue stands: bounded counts over partial indexes."""

from asyncpg import Record

from marketmind_scheduler.adapters.postgres.pool import Pool
from marketmind_scheduler.adapters.postgres.statements import statement
from marketmind_scheduler.adapters.postgres.storage import connected
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.ports.queue_standing import MOST_COUNTED, PlatformStanding, QueueStanding

_READ = statement("queue_standing")
_EVENTS = "SELECT count(*) FROM (SELECT FROM event_outbox LIMIT $1) counted"


class PostgresQueueStandings:
    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def read(self) -> QueueStanding:
        async with connected(self._pool) as connection:
            rows = await connection.fetch(_READ, list(Platform), MOST_COUNTED)
            events = await connection.fetchval(_EVENTS, MOST_COUNTED)
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

"""How the queue stands: bounded counts over partial indexes."""

from collections.abc import Sequence

from asyncpg import Record

from marketmind_scheduler.adapters.postgres.pool import Pool
from marketmind_scheduler.adapters.postgres.repositories.events import FINAL_UP_TO
from marketmind_scheduler.adapters.postgres.statements import statement
from marketmind_scheduler.adapters.postgres.storage import connected
from marketmind_scheduler.domain.post import Platform
from marketmind_scheduler.ports.queue_standing import MOST_COUNTED, NextPost, PlatformStanding, QueueStanding

_READ = statement("queue_standing")
NEXT_POSTS = statement("next_posts")
_EVENTS = f"""
SELECT count(*) AS waiting, now() - min(occurred_at) AS oldest
  FROM (SELECT e.occurred_at FROM events e
         WHERE e.position > ({FINAL_UP_TO}) ORDER BY e.position LIMIT $1) waiting
"""


class PostgresQueueStandings:
    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def read(self) -> QueueStanding:
        async with connected(self._pool) as connection:
            rows = await connection.fetch(_READ, list(Platform), MOST_COUNTED)
            [events] = await connection.fetch(_EVENTS, MOST_COUNTED)
        return QueueStanding(
            platforms=[_to_standing(row) for row in rows],
            events_to_sequence=events["waiting"],
            oldest_event_to_sequence=events["oldest"],
        )

    async def next_posts(self, *, limit: int) -> Sequence[NextPost]:
        async with connected(self._pool) as connection:
            return [_to_next(row) for row in await connection.fetch(NEXT_POSTS, list(Platform), limit)]


def _to_next(row: Record) -> NextPost:
    return NextPost(
        schedule_id=row["schedule_id"],
        post_id=row["post_id"],
        title=row["title"],
        brand_id=row["brand_id"],
        brand_name=row["brand_name"],
        platform=Platform(row["platform"]),
        publish_time=row["publish_time"],
        due_in=row["due_in"],
    )


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

"""What is left of schedules that were forgotten."""

from collections.abc import Collection, Mapping
from uuid import UUID

from marketmind_scheduler.adapters.postgres.pool import Connection
from marketmind_scheduler.domain.access import Reach
from marketmind_scheduler.domain.errors import Deleted, UnknownSchedule

PUBLISHED = """
SELECT DISTINCT ON (post_id) post_id, schedule_id FROM forgotten_schedules
 WHERE post_id = ANY($1::uuid[]) AND status = 'COMPLETED' ORDER BY post_id, schedule_id DESC
"""
_LATEST = "SELECT schedule_id FROM forgotten_schedules WHERE post_id = $1 ORDER BY schedule_id DESC LIMIT 1"
_BRAND = """
SELECT p.brand_id FROM forgotten_schedules f JOIN posts p ON p.post_id = f.post_id WHERE f.schedule_id = $1
"""


class PostgresForgotten:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def published(self, post_ids: Collection[UUID]) -> Mapping[UUID, UUID]:
        return {row[0]: row[1] for row in await self._connection.fetch(PUBLISHED, list(post_ids))}

    async def latest_of(self, post_id: UUID) -> UUID | None:
        return await self._connection.fetchval(_LATEST, post_id)


async def missing(connection: Connection, reach: Reach, schedule_id: UUID) -> Deleted | UnknownSchedule:
    """What is to be said of a schedule that is not there."""
    brand_id = await connection.fetchval(_BRAND, schedule_id)
    was_there = brand_id is not None and reach.covers(brand_id)
    return Deleted.schedule(schedule_id) if was_there else UnknownSchedule(schedule_id)

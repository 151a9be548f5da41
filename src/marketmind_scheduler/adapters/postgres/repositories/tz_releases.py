"""The releases of the time zone rules that have been used: SQL in, names out."""

from datetime import datetime

from marketmind_scheduler.adapters.postgres.pool import Connection

_ADD = "INSERT INTO tz_releases (tz_release, first_used_at) VALUES ($1, $2) ON CONFLICT DO NOTHING"
NEWEST = 'SELECT max(tz_release COLLATE "C") FROM tz_releases'


class PostgresTzReleaseRepository:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, release: str, *, now: datetime) -> None:
        await self._connection.execute(_ADD, release, now)

    async def newest(self) -> str | None:
        return await self._connection.fetchval(NEWEST)

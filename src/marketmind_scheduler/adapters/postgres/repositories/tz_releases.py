"""The releases of the time zone rules that have been used: SQL in, names out."""

from datetime import datetime

from marketmind_scheduler.adapters.postgres.pool import Connection

_ADD = "INSERT INTO tz_releases (tz_release, first_used_at) VALUES ($1, $2) ON CONFLICT DO NOTHING"
NEWEST = 'SELECT max(tz_release COLLATE "C") FROM tz_releases'


class PostgresTzReleaseRepository:
    """``known`` are releases that this process has seen committed: it asks no more whether they are remembered."""

    def __init__(self, connection: Connection, known: set[str]) -> None:
        self._connection = connection
        self._known = known
        self._has_added = False

    async def add(self, release: str, *, now: datetime) -> None:
        if any(each >= release for each in self._known):
            return
        self._has_added = True
        await self._connection.execute(_ADD, release, now)

    async def newest(self) -> str | None:
        newest = await self._connection.fetchval(NEWEST)
        if newest is not None and not self._has_added:  # else it may never be committed
            self._known.add(newest)
        return newest

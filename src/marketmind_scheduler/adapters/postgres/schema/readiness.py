"""Whether the database answers, takes writes, and has the schema of this version."""

import asyncio
from collections.abc import Callable
from math import inf
from time import monotonic

import asyncpg

from marketmind_scheduler.adapters.postgres.pool import Pool
from marketmind_scheduler.adapters.postgres.schema.version import newest_revision
from marketmind_scheduler.adapters.postgres.storage import connected
from marketmind_scheduler.domain.errors import StorageUnavailable

_ASKED_EVERY_SECONDS = 5.0
_WRITE_SECONDS = 2.0
# A message in the log of changes: the smallest write there is, whose commit waits for whatever commits wait for.
_WRITE = """
SELECT CASE WHEN pg_is_in_recovery() OR current_setting('transaction_read_only')::bool THEN NULL
            ELSE pg_logical_emit_message(true, 'marketmind-scheduler', '') END IS NOT NULL
"""


class PostgresReadiness:
    def __init__(self, pool: Pool, *, monotonic: Callable[[], float] = monotonic) -> None:
        self._pool = pool
        self._monotonic = monotonic
        self._asking = asyncio.Lock()
        self._asked_at = -inf
        self._takes_writes = False

    async def reachable(self) -> None:
        async with connected(self._pool) as connection:
            await connection.execute("SELECT 1")

    async def schema_is_current(self) -> bool:
        async with connected(self._pool) as connection:
            try:
                applied = await connection.fetch("SELECT version_num FROM alembic_version")
            except asyncpg.UndefinedTableError:
                return False
        return newest_revision() in {row["version_num"] for row in applied}

    async def takes_writes(self) -> bool:
        async with self._asking:
            if self._monotonic() - self._asked_at >= _ASKED_EVERY_SECONDS:
                self._takes_writes = await self._has_written()
                self._asked_at = self._monotonic()
            return self._takes_writes

    async def _has_written(self) -> bool:
        try:
            async with connected(self._pool, seconds=_WRITE_SECONDS) as connection:
                return await connection.fetchval(_WRITE)
        except StorageUnavailable:  # it has answered just before
            return False

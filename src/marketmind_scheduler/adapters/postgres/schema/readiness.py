"""Whether the database answers and has the schema of this version."""

import asyncpg

from marketmind_scheduler.adapters.postgres.pool import Pool
from marketmind_scheduler.adapters.postgres.schema.migrations import revisions_at_head
from marketmind_scheduler.adapters.postgres.storage import connected


class PostgresReadiness:
    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def reachable(self) -> None:
        async with connected(self._pool) as connection:
            await connection.execute("SELECT 1")

    async def schema_is_current(self) -> bool:
        async with connected(self._pool) as connection:
            try:
                applied = await connection.fetch("SELECT version_num FROM alembic_version")
            except asyncpg.UndefinedTableError:
                return False
        return not revisions_at_head().isdisjoint(row["version_num"] for row in applied)

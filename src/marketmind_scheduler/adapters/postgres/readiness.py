"""Whether the database answers and has the schema of this version."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from marketmind_scheduler.adapters.postgres.errors import translated
from marketmind_scheduler.adapters.postgres.migrations import revisions_at_head


class PostgresReadiness:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def reachable(self) -> None:
        async with translated(), self._engine.connect() as connection:
            await connection.execute(text("SELECT 1"))

    async def schema_is_current(self) -> bool:
        async with translated(), self._engine.connect() as connection:
            applied = await connection.scalars(text("SELECT version_num FROM alembic_version"))
            return not revisions_at_head().isdisjoint(applied.all())

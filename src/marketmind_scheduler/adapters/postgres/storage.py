"""Connections from the pool: to read with, or with one transaction."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from marketmind_scheduler.adapters.postgres.catalog import (
    PostgresBrandRepository,
    PostgresCampaignRepository,
    PostgresPostRepository,
)
from marketmind_scheduler.adapters.postgres.errors import translated
from marketmind_scheduler.adapters.postgres.schedules import PostgresScheduleRepository


class PostgresUnitOfWork:
    """The repositories over one connection. Without a transaction, each statement commits by itself."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self.brands = PostgresBrandRepository(connection)
        self.campaigns = PostgresCampaignRepository(connection)
        self.posts = PostgresPostRepository(connection)
        self.schedules = PostgresScheduleRepository(connection)

    async def commit(self) -> None:
        await self._connection.commit()


class PostgresStorage:
    def __init__(self, engine: AsyncEngine) -> None:
        self._reading = engine
        self._writing = engine.execution_options(isolation_level="READ COMMITTED")

    @asynccontextmanager
    async def reading(self) -> AsyncGenerator[PostgresUnitOfWork]:
        async with translated(), self._reading.connect() as connection:
            yield PostgresUnitOfWork(connection)

    @asynccontextmanager
    async def unit_of_work(self) -> AsyncGenerator[PostgresUnitOfWork]:
        async with translated(), self._writing.connect() as connection:
            yield PostgresUnitOfWork(connection)  # closing the connection rolls back what was not committed

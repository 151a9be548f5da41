"""Connections from the pool: to read with, or with one transaction."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import asyncpg

from marketmind_scheduler.adapters.postgres.catalog import (
    PostgresBrandRepository,
    PostgresCampaignRepository,
    PostgresPostRepository,
)
from marketmind_scheduler.adapters.postgres.errors import translated
from marketmind_scheduler.adapters.postgres.pool import Connection, Pool
from marketmind_scheduler.adapters.postgres.schedules import PostgresScheduleRepository
from marketmind_scheduler.adapters.postgres.tz_releases import PostgresTzReleaseRepository
from marketmind_scheduler.domain.errors import SchedulerError

_POOL_SECONDS = 2


class PostgresUnitOfWork:
    """The repositories over one connection. Without a transaction, each statement commits by itself."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.brands = PostgresBrandRepository(connection)
        self.campaigns = PostgresCampaignRepository(connection)
        self.posts = PostgresPostRepository(connection)
        self.schedules = PostgresScheduleRepository(connection)
        self.tz_releases = PostgresTzReleaseRepository(connection)

    async def commit(self) -> None:
        await self._connection.execute("COMMIT")


class PostgresStorage:
    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    @asynccontextmanager
    async def reading(self) -> AsyncGenerator[PostgresUnitOfWork]:
        async with connected(self._pool) as connection:
            yield PostgresUnitOfWork(connection)

    @asynccontextmanager
    async def unit_of_work(self) -> AsyncGenerator[PostgresUnitOfWork]:
        async with connected(self._pool) as connection:
            await connection.execute("BEGIN")
            try:
                yield PostgresUnitOfWork(connection)
            except (SchedulerError, asyncpg.PostgresError):
                await _roll_back(connection)
                raise
            await _roll_back(connection)


async def _roll_back(connection: Connection) -> None:
    """End the transaction if it was not committed."""
    if not connection.is_closed() and connection.is_in_transaction():
        await connection.execute("ROLLBACK")


@asynccontextmanager
async def connected(pool: Pool) -> AsyncGenerator[Connection]:
    """A connection for a few seconds at most; what goes wrong with it is raised as the core's errors."""
    async with translated(), pool.acquire(timeout=_POOL_SECONDS) as connection:
        try:
            yield connection
        except (TimeoutError, asyncio.CancelledError):
            connection.terminate()  # it may hang; the pool would wait for it to become well again
            raise
        except asyncpg.ReadOnlySQLTransactionError:
            await pool.expire_connections()  # an old primary after a failover: the next connection finds the new one
            raise

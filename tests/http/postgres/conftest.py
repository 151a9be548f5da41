"""The API as it is served, over PostgreSQL: one whose clock stands still, and one that dispatches."""

from collections.abc import AsyncGenerator
from datetime import timedelta

import httpx2
import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from marketmind_scheduler.adapters.postgres.pool import Pool
from marketmind_scheduler.adapters.postgres.requests.idempotency import PostgresIdempotency
from marketmind_scheduler.application.use_cases import UseCases
from marketmind_scheduler.domain.zones import ZoneCatalog
from tests.fakes.clock import FrozenClock
from tests.fakes.publisher import ScriptedPublisher
from tests.http.postgres.given import over
from tests.http.steps import calling, observed


@pytest.fixture
def use_cases(pool: Pool, zones: ZoneCatalog, clock: FrozenClock, tables: AsyncEngine) -> UseCases:
    """What ``client`` calls. Its clock is far ahead of the database's, to which nothing of it is ever due."""
    del tables
    return over(pool, zones, clock)


@pytest.fixture
async def dispatching(pool: Pool, zones: ZoneCatalog, tables: AsyncEngine, publisher: ScriptedPublisher) -> UseCases:
    """Use cases whose clock stands at the second in which the database has just been, so that what is scheduled for now
    is due."""
    async with tables.connect() as connection:
        now = (await connection.execute(select(func.date_trunc("second", func.now())))).scalar_one()
    return over(pool, zones, FrozenClock(now), publisher=publisher)


@pytest.fixture(scope="session")
def idempotency(pool: Pool) -> PostgresIdempotency:
    return PostgresIdempotency(pool, kept_for=timedelta(hours=24))


@pytest.fixture
async def caller(dispatching: UseCases) -> AsyncGenerator[httpx2.AsyncClient]:
    """A caller of the API over ``dispatching``; nothing is registered yet."""
    async with calling(observed(dispatching)) as calls:
        yield calls

"""The API as it is served, over PostgreSQL and a clock that stands still; and one that dispatches."""

from collections.abc import AsyncGenerator, Generator

import httpx2
import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from marketmind_scheduler.adapters.postgres.pool import Pool
from marketmind_scheduler.application.use_cases import UseCases
from marketmind_scheduler.domain.zones import ZoneCatalogue
from tests.fakes.clock import FrozenClock
from tests.fakes.publisher import ScriptedPublisher
from tests.http.steps import NOON, App, calling, observed, over


@pytest.fixture(scope="session")
def stopped_clock() -> FrozenClock:
    return FrozenClock(NOON)


@pytest.fixture(scope="session")
def use_cases(pool: Pool, zones: ZoneCatalogue, stopped_clock: FrozenClock) -> UseCases:
    return over(pool, zones, stopped_clock)


@pytest.fixture(scope="session")
def app(use_cases: UseCases) -> App:
    return observed(use_cases)


@pytest.fixture
def clock(stopped_clock: FrozenClock) -> Generator[FrozenClock]:
    """The service's clock, at noon UTC on the first of March 2027 when a test begins."""
    yield stopped_clock
    stopped_clock.set(NOON)


@pytest.fixture
async def client(app: App, tables: AsyncEngine, clock: FrozenClock) -> AsyncGenerator[httpx2.AsyncClient]:
    """A caller of the API; nothing is registered yet."""
    del tables, clock
    async with calling(app) as caller:
        yield caller


@pytest.fixture
def publisher() -> ScriptedPublisher:
    """Where ``dispatching`` publishes."""
    return ScriptedPublisher()


@pytest.fixture
async def dispatching(pool: Pool, zones: ZoneCatalogue, tables: AsyncEngine, publisher: ScriptedPublisher) -> UseCases:
    """Use cases of a test's own. Their clock stands at the second in which the database has just been, so that what is
    scheduled for now is due."""
    async with tables.connect() as connection:
        now = (await connection.execute(select(func.date_trunc("second", func.now())))).scalar_one()
    return over(pool, zones, FrozenClock(now), publisher=publisher)


@pytest.fixture
async def caller(dispatching: UseCases) -> AsyncGenerator[httpx2.AsyncClient]:
    """A caller of the API over ``dispatching``; nothing is registered yet."""
    async with calling(observed(dispatching)) as calls:
        yield calls

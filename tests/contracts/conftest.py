"""The adapters that the suites here run on: what a port promises, each of them keeps."""

from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from marketmind_scheduler.adapters.postgres.pool import Pool
from marketmind_scheduler.adapters.postgres.storage import PostgresStorage
from marketmind_scheduler.domain.zones import ZoneCatalog
from marketmind_scheduler.ports.storage import Storage
from tests.builders import NOW
from tests.contracts.worlds import InMemoryWorld, PostgresWorld, World
from tests.fakes.clock import FrozenClock
from tests.fakes.storage import InMemoryStorage
from tests.stored import TestedStorage

STORAGE_NOW = NOW + timedelta(hours=5)
"""What the clock of the storage in memory says: another time than its callers' clock."""


@pytest.fixture(autouse=True)
def _zone_rules(zones: ZoneCatalog) -> None:  # pyright: ignore[reportUnusedFunction]  # slots are built by them
    del zones


@pytest.fixture
def postgres(pool: Pool, tables: AsyncEngine) -> PostgresStorage:
    """PostgreSQL alone, for promises about several at once, with nothing in it."""
    del tables
    return TestedStorage(pool)


@pytest.fixture(params=["memory", "postgres"])
def storage(request: pytest.FixtureRequest) -> Storage:
    """Each adapter behind the port, with nothing in it."""
    if request.param == "memory":
        return InMemoryStorage(FrozenClock(STORAGE_NOW))
    return request.getfixturevalue("postgres")


@pytest.fixture
def postgres_world(pool: Pool, tables: AsyncEngine) -> PostgresWorld:
    del tables
    return PostgresWorld(pool)


@pytest.fixture(params=["memory", "postgres"])
def world(request: pytest.FixtureRequest) -> World:
    """Dispatch over each storage, with nothing in it."""
    return InMemoryWorld(STORAGE_NOW) if request.param == "memory" else request.getfixturevalue("postgres_world")

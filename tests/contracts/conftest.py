"""The adapters that the suites here run on: what a port promises, each of them keeps."""

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from marketmind_scheduler.adapters.postgres.pool import Pool
from marketmind_scheduler.adapters.postgres.storage import PostgresStorage
from marketmind_scheduler.domain.zones import ZoneCatalogue
from marketmind_scheduler.ports.storage import Storage
from tests.fakes.storage import InMemoryStorage


@pytest.fixture(autouse=True)
def _zone_rules(zones: ZoneCatalogue) -> None:  # pyright: ignore[reportUnusedFunction]  # slots are built by them
    del zones


@pytest.fixture
def postgres(pool: Pool, tables: AsyncEngine) -> PostgresStorage:
    """PostgreSQL alone, for promises about several at once, with nothing in it."""
    del tables
    return PostgresStorage(pool)


@pytest.fixture(params=["memory", "postgres"])
def storage(request: pytest.FixtureRequest) -> Storage:
    """Each adapter behind the port, with nothing in it."""
    return InMemoryStorage() if request.param == "memory" else request.getfixturevalue("postgres")

"""The adapters of dispatch over a database with nothing in it."""

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from marketmind_scheduler.adapters.postgres.dispatch.holds import PostgresHolds
from marketmind_scheduler.adapters.postgres.dispatch.queue import PostgresDispatchQueue
from marketmind_scheduler.adapters.postgres.dispatch.upkeep import PostgresUpkeep
from marketmind_scheduler.adapters.postgres.pool import Pool
from marketmind_scheduler.adapters.postgres.storage import PostgresStorage
from marketmind_scheduler.application.dispatch.lost_and_late import LostAndLate
from marketmind_scheduler.domain.zones import ZoneCatalog
from tests.contracts.worlds import without_chance
from tests.stored import TestedStorage


@pytest.fixture
def empty(pool: Pool, tables: AsyncEngine, zones: ZoneCatalog) -> Pool:
    del tables, zones  # without rows, and with the rules by which slots are built
    return pool


@pytest.fixture
def storage(empty: Pool) -> PostgresStorage:
    return TestedStorage(empty)


@pytest.fixture
def queue(empty: Pool) -> PostgresDispatchQueue:
    return PostgresDispatchQueue(empty)


@pytest.fixture
def upkeep(empty: Pool) -> PostgresUpkeep:
    return PostgresUpkeep(empty)


@pytest.fixture
def lost_and_late(storage: PostgresStorage) -> LostAndLate:
    return LostAndLate(storage=storage, jitter=without_chance)


@pytest.fixture
def holds(empty: Pool) -> PostgresHolds:
    return PostgresHolds(empty)

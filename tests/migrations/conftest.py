"""A database of its own for each migration test."""

from collections.abc import AsyncGenerator

import pytest

from marketmind_scheduler.adapters.postgres.schema.migrations import migrating
from tests.databases import new_database


@pytest.fixture
async def empty_database(worker_id: str) -> AsyncGenerator[str]:
    """The URL of a database in which nothing was ever made."""
    async with new_database(f"test_migrations_{worker_id}") as url:
        yield url


@pytest.fixture
async def migrated_database(empty_database: str) -> str:
    """The URL of a database with the schema of this version and no rows."""
    async with migrating(empty_database) as migrator:
        await migrator.upgrade()
    return empty_database

"""Starting on a database: any number of processes at once, and knowing whether its schema is the right one."""

import asyncio

import pytest

from marketmind_scheduler.adapters.postgres.pool import open_pool
from marketmind_scheduler.adapters.postgres.schema.migrations import migrating
from marketmind_scheduler.adapters.postgres.schema.readiness import PostgresReadiness
from marketmind_scheduler.adapters.postgres.schema.sessions import UnfitDatabase
from marketmind_scheduler.adapters.postgres.schema.version import newest_revision
from tests.migrations.schema import dump, fetch, upgrade

WAITING = """
SELECT 1 FROM pg_locks JOIN pg_database ON pg_database.oid = database
 WHERE locktype = 'advisory' AND NOT granted AND datname = current_database()
"""


async def start(url: str) -> None:
    """What a process with the demo data does to the database when it starts."""
    async with migrating(url) as migrator:
        await migrator.upgrade()
        await migrator.upgrade("demo@head")


async def schema_is_current(url: str) -> bool:
    async with open_pool(url, size=1) as pool:
        return await PostgresReadiness(pool).schema_is_current()


async def test_four_processes_that_start_at_once_on_an_empty_database_migrate_it_once(empty_database: str) -> None:
    async with asyncio.timeout(20), asyncio.TaskGroup() as processes:
        for _ in range(4):
            processes.create_task(start(empty_database))

    assert await fetch(empty_database, "SELECT count(*) FROM brands") == [(2,)]
    assert await schema_is_current(empty_database)


async def test_a_second_start_changes_nothing(migrated_database: str) -> None:
    schema = await dump(migrated_database)

    async with migrating(migrated_database) as migrator:
        await migrator.upgrade()

    assert await dump(migrated_database) == schema


async def test_what_was_loaded_is_there_for_others_while_the_lock_is_still_held(migrated_database: str) -> None:
    async with migrating(migrated_database) as migrator:
        await migrator.upgrade("demo@head")

        assert await fetch(migrated_database, "SELECT count(*) FROM brands") == [(2,)]


async def test_who_migrates_waits_until_nobody_else_does(empty_database: str) -> None:
    order: list[str] = []

    async def second() -> None:
        async with migrating(empty_database):
            order.append("second")

    async with asyncio.TaskGroup() as processes, migrating(empty_database) as first:
        waiting = processes.create_task(second())
        while not await fetch(empty_database, WAITING):
            assert not waiting.done()
        await first.upgrade()
        order.append("first")

    assert order == ["first", "second"]


async def test_a_migrated_database_is_current_with_the_demo_data_and_without(migrated_database: str) -> None:
    assert await schema_is_current(migrated_database)

    await start(migrated_database)

    assert await schema_is_current(migrated_database)


async def test_an_empty_database_is_not_current(empty_database: str) -> None:
    assert not await schema_is_current(empty_database)


async def test_a_database_that_is_behind_is_not_current(empty_database: str) -> None:
    await upgrade(empty_database, "0031")

    assert not await schema_is_current(empty_database)


async def test_tables_of_which_nothing_says_the_version_are_left_alone_with_the_way_out(migrated_database: str) -> None:
    await fetch(migrated_database, "DELETE FROM alembic_version")

    with pytest.raises(UnfitDatabase, match="alembic_version does not say of which version they are") as unfit:
        await start(migrated_database)

    assert newest_revision() in unfit.value.remedy


@pytest.mark.parametrize("revision", ["0000", "9999_of_a_later_version"])
async def test_a_database_of_another_version_is_not_current(migrated_database: str, revision: str) -> None:
    await fetch(migrated_database, "UPDATE alembic_version SET version_num = $1", revision)

    assert not await schema_is_current(migrated_database)

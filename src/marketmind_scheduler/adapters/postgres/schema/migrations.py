"""Brings a database to the schema of this version, and puts the demo data in and out.

Two Alembic branches: ``main`` is the schema, ``demo`` the demo data. Whatever changes the schema holds one advisory
lock, so any number of processes may start at once.
"""

from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from functools import cache, partial
from importlib.resources import files
from pathlib import Path

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from marketmind_scheduler.adapters.postgres.tables import agent_runs, metadata
from marketmind_scheduler.domain.errors import StorageUnavailable

_LOCK = 0x6D61726B6574  # any number that nothing else in the database locks
_CONNECT_SECONDS = 10


class SchemaChangeRefused(Exception):  # noqa: N818  # named after what happened
    """The role may not do that; the message says why, and what to do."""


class Migrator:
    """The migrations of one database, under the lock."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def upgrade(self, target: str = "main@head") -> None:
        """Bring the schema to this version, then apply what is missing up to ``target``."""
        for revision in dict.fromkeys(("main@head", target)):
            await self._connection.run_sync(_upgrade, revision)
            await self._connection.commit()

    async def grant(self, role: str) -> None:
        """Let ``role`` read and write rows, and nothing else; raises SchemaChangeRefused where it does not exist."""
        if not await self._connection.scalar(text("SELECT true FROM pg_roles WHERE rolname = :role"), {"role": role}):
            raise SchemaChangeRefused(
                f'the role "{role}" that DATABASE_URL names does not exist; make it with CREATE ROLE and a password'
            )
        quoted = self._connection.dialect.identifier_preparer.quote_identifier
        schema = quoted(str(await self._connection.scalar(text("SELECT current_schema()"))))
        changed = ", ".join(table.name for table in metadata.sorted_tables if table is not agent_runs)
        for privilege in (
            f"USAGE ON SCHEMA {schema}",
            f"SELECT, INSERT, UPDATE, DELETE ON {changed}",
            f"SELECT, INSERT ON {agent_runs.name}",
            f"USAGE ON ALL SEQUENCES IN SCHEMA {schema}",
            "SELECT ON alembic_version",
        ):
            await self._connection.execute(text(f"GRANT {privilege} TO {quoted(role)}"))
        await self._connection.execute(text(f"REVOKE UPDATE, DELETE ON {agent_runs.name} FROM {quoted(role)}"))
        await self._connection.commit()

    async def reload_demo(self) -> None:
        """Take the demo data out, with whatever was scheduled for it, and put it in anew from today."""
        await self._connection.run_sync(lambda made: command.downgrade(_config(made), "demo@base"))
        await self.upgrade("demo@head")

    async def clear(self) -> None:
        """Empty every table, the demo data included."""
        tables = ", ".join(table.name for table in metadata.sorted_tables)
        await self._connection.execute(text(f"TRUNCATE {tables}"))
        await self._connection.commit()
        await self._connection.run_sync(lambda made: command.downgrade(_config(made), "demo@base"))


@asynccontextmanager
async def migrating(url: str) -> AsyncGenerator[Migrator]:
    """Wait for the lock, then migrate over a connection of its own. Needs a direct connection, not a pooler that
    hands out connections by transaction. Raises SchemaChangeRefused, and StorageUnavailable when there is no
    connection to be had."""
    engine = create_async_engine("postgresql+asyncpg://", async_creator=partial(_connect, url), poolclass=NullPool)
    try:
        with _refusals():
            async with _locked(engine) as connection:
                yield Migrator(connection)
    finally:
        await engine.dispose()


async def _connect(url: str) -> "asyncpg.Connection[asyncpg.Record]":
    dsn, in_utc = f"postgresql://{url.partition('://')[2]}", {"timezone": "UTC"}
    try:
        return await asyncpg.connect(dsn, timeout=_CONNECT_SECONDS, server_settings=in_utc)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as lost:
        raise StorageUnavailable from lost


@contextmanager
def _refusals() -> Generator[None]:
    try:
        yield
    except DBAPIError as failed:
        refused = failed.orig and failed.orig.__cause__
        if not isinstance(refused, asyncpg.InsufficientPrivilegeError):
            raise
        raise SchemaChangeRefused(
            f"the database's role may not bring the schema or the demo data to this version: {refused}; run "
            "`marketmind-scheduler migrate` with MIGRATION_DATABASE_URL set to the role that owns the schema"
        ) from refused


@asynccontextmanager
async def _locked(engine: AsyncEngine) -> AsyncGenerator[AsyncConnection]:
    async with engine.connect() as connection:
        await connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _LOCK})
        await connection.commit()
        yield connection  # closing the connection gives the lock back
        await connection.commit()


@cache
def revisions_at_head() -> frozenset[str]:
    """Every revision that implies the newest schema: the head of ``main``, and what was built on it."""
    scripts = ScriptDirectory.from_config(_config())
    head = scripts.get_revision("main@head")
    return frozenset(
        script.revision for script in scripts.walk_revisions() if head in scripts.get_all_current((script.revision,))
    )


def _upgrade(connection: Connection, revision: str) -> None:
    command.upgrade(_config(connection), revision)


def _config(connection: Connection | None = None) -> Config:
    config, here = Config(), str(_location()).replace("%", "%%")
    config.set_main_option("script_location", here)
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", f"{here}/versions\n{here}/demo")
    config.attributes["connection"] = connection
    return config


def _location() -> Path:
    shipped = Path(str(files("marketmind_scheduler"))) / "_migrations"
    return shipped if shipped.is_dir() else Path(__file__).parents[5] / "migrations"

"""Brings a database to the schema of this version, and puts the demo data in and out.

Two Alembic branches: ``main`` is the schema, ``demo`` the demo data. Whatever changes the schema holds one advisory
lock, so any number of processes may start at once.
"""

from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from functools import partial

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from marketmind_scheduler.adapters.postgres.schema.blocking import PATIENCE_SECONDS, given_way, locked
from marketmind_scheduler.adapters.postgres.schema.sessions import UnfitDatabase, check_sessions, connect
from marketmind_scheduler.adapters.postgres.schema.version import (
    OF_A_NEWER,
    SchemaChangeRefused,
    migration_scripts,
    newest_revision,
)
from marketmind_scheduler.adapters.postgres.tables import agent_runs, final_events, metadata

_OWNER = "SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = to_regclass('schedules')"
_MAY_NOT_MIGRATE = (
    "the database's role may not bring the schema or the demo data to this version: {refused}; run "
    "`marketmind-scheduler migrate` with MIGRATION_DATABASE_URL set to the role that owns the schema"
)


class Migrator:
    """The migrations of one database, under the lock. Each raises UnfitDatabase where somebody holds a table for
    longer than the ``patience``, in seconds."""

    def __init__(self, connection: AsyncConnection, *, patience: float) -> None:
        self._connection = connection
        self._patience = patience

    async def upgrade(self, target: str = "main@head") -> None:
        """Bring the schema to this version, then apply what is missing up to ``target``. Raises UnfitDatabase where it
        is that of a newer version."""
        await self._check_known()
        await self._migrate(command.upgrade, "main@head")
        if target != "main@head":
            async with self._by_the_owner("load the demo data"):
                await self._migrate(command.upgrade, target)

    async def grant(self, role: str) -> None:
        """Let ``role`` read and write rows, and nothing else; raises SchemaChangeRefused where it does not exist."""
        if not await self._connection.scalar(text("SELECT true FROM pg_roles WHERE rolname = :role"), {"role": role}):
            raise SchemaChangeRefused(
                f'the role "{role}" that DATABASE_URL names does not exist; make it with CREATE ROLE and a password'
            )
        quoted = self._connection.dialect.identifier_preparer.quote_identifier
        schema = quoted(str(await self._connection.scalar(text("SELECT current_schema()"))))
        changed = ", ".join(table.name for table in metadata.sorted_tables if table is not agent_runs)
        privileges = (
            f"USAGE ON SCHEMA {schema}",
            f"SELECT, INSERT, UPDATE, DELETE ON {changed}",
            f"SELECT, INSERT ON {agent_runs.name}",
            f"USAGE ON ALL SEQUENCES IN SCHEMA {schema}",
            f"UPDATE ON SEQUENCE {final_events.name}",
            "SELECT ON alembic_version",
        )
        await self._execute(
            *(f"GRANT {privilege} TO {quoted(role)}" for privilege in privileges),
            f"REVOKE UPDATE, DELETE ON {agent_runs.name} FROM {quoted(role)}",
        )

    async def reload_demo(self) -> None:
        """Take the demo data out, with whatever was scheduled for it, and put it in anew from today."""
        async with self._by_the_owner("renew the demo data"):
            await self._migrate(command.downgrade, "demo@base")
        await self.upgrade("demo@head")

    async def clear(self) -> None:
        """Empty every table, the demo data included."""
        async with self._by_the_owner("empty the tables"):
            await self._execute(f"TRUNCATE {', '.join(table.name for table in metadata.sorted_tables)}")
            await self._migrate(command.downgrade, "demo@base")

    @asynccontextmanager
    async def _by_the_owner(self, task: str) -> AsyncGenerator[None]:
        """Raises SchemaChangeRefused where somebody else is at it, with the role that may."""
        owner = await self._connection.scalar(text(_OWNER))
        await self._connection.commit()
        with _refusals(
            f"the database's role may not {task}: {{refused}}; do the same with MIGRATION_DATABASE_URL set to the role "
            f'"{owner}", which owns the tables'
        ):
            yield

    async def _migrate(self, direction: Callable[[Config, str], None], revision: str) -> None:
        async def work() -> None:
            await self._connection.run_sync(lambda made: direction(_config(made), revision))

        await given_way(self._connection, work, patience=self._patience)

    async def _execute(self, *statements: str) -> None:
        async def work() -> None:
            for statement in statements:
                await self._connection.execute(text(statement))

        await given_way(self._connection, work, patience=self._patience)

    async def _check_known(self) -> None:
        applied: set[str] = set()
        if await self._connection.scalar(text("SELECT to_regclass('alembic_version') IS NOT NULL")):
            applied = set(await self._connection.scalars(text("SELECT version_num FROM alembic_version")))
        has_tables = await self._connection.scalar(text("SELECT to_regclass('schedules') IS NOT NULL"))
        await self._connection.commit()
        if has_tables and not applied:
            raise UnfitDatabase(
                "the tables are there, and alembic_version does not say of which version they are",
                remedy="restore alembic_version from a backup, or put into it what the version that last ran here had: "
                f"of this one, INSERT INTO alembic_version VALUES ('{newest_revision()}')",
            )
        if unknown := applied - {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}:
            raise UnfitDatabase(
                f"the schema is at {', '.join(sorted(unknown))}, which this version does not know: a newer one made it",
                remedy=OF_A_NEWER,
            )


@asynccontextmanager
async def migrating(url: str, *, patience: float = PATIENCE_SECONDS) -> AsyncGenerator[Migrator]:
    """Wait for the lock, then migrate over a connection of its own. Others are waited for ``patience`` seconds, each
    time with a log line that says who they are. Raises SchemaChangeRefused, UnfitDatabase for those who hold on and for
    a pooler that hands out connections by transaction, and StorageUnavailable when there is no connection to be had."""
    await check_sessions(url)
    engine = create_async_engine("postgresql+asyncpg://", async_creator=partial(connect, url), poolclass=NullPool)
    try:
        with _refusals():
            async with engine.connect() as connection, locked(connection, patience=patience):
                yield Migrator(connection, patience=patience)
    finally:
        await engine.dispose()


@contextmanager
def _refusals(told: str = _MAY_NOT_MIGRATE) -> Generator[None]:
    try:
        yield
    except DBAPIError as failed:
        refused = failed.orig and failed.orig.__cause__
        if not isinstance(refused, asyncpg.InsufficientPrivilegeError):
            raise
        raise SchemaChangeRefused(told.replace("{refused}", str(refused))) from refused


def _config(connection: Connection | None = None) -> Config:
    config, here = Config(), str(migration_scripts()).replace("%", "%%")
    config.set_main_option("script_location", here)
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", f"{here}/versions\n{here}/demo")
    config.attributes["connection"] = connection
    return config

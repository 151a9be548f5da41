"""Whether a connection to the database is one session of our own, with all that was asked for it."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager

import asyncpg

from marketmind_scheduler.adapters.postgres.pool import Connection
from marketmind_scheduler.domain.errors import StorageUnavailable

_CONNECT_SECONDS = 10
_MISSING = """
SELECT asked.name FROM unnest($1::text[], $2::text[]) AS asked(name, value)
  LEFT JOIN pg_settings s ON lower(s.name) = lower(asked.name)
 WHERE s.setting IS DISTINCT FROM asked.value ORDER BY asked.name
"""
_OWN_SESSIONS = "let it keep one for a whole session (PgBouncer: pool_mode = session), or connect directly"


class UnfitDatabase(Exception):  # noqa: N818  # named after what it is
    """The database cannot be made ready, or used, as it is: what was found, and what to do."""

    def __init__(self, found: str, *, remedy: str) -> None:
        super().__init__(f"{found}; {remedy}")
        self.found = found
        self.remedy = remedy


async def check_sessions(url: str) -> None:
    """Raise UnfitDatabase where a pooler in between hands out connections by transaction: what a session holds, a lock
    or a setting, would stay with whoever comes next. Raises StorageUnavailable."""
    async with session(url) as one, session(url) as other, asyncio.timeout(_CONNECT_SECONDS):
        # open at once, two sessions have two backends, and each keeps its own
        seen = [await _backend(one), await _backend(other), await _backend(one)]
    if seen[0] == seen[1] or seen[0] != seen[2]:
        raise UnfitDatabase("a pooler in between hands out connections by transaction", remedy=_OWN_SESSIONS)


@asynccontextmanager
async def session(url: str) -> AsyncGenerator["asyncpg.Connection[asyncpg.Record]"]:
    """A connection that prepares nothing, closed at the end; raises StorageUnavailable where there is none."""
    connection = await connect(url, statement_cache_size=0)
    try:
        yield connection
    except (OSError, TimeoutError, asyncpg.InterfaceError, asyncpg.PostgresConnectionError) as lost:
        raise StorageUnavailable from lost
    finally:
        connection.terminate()


async def connect(url: str, *, statement_cache_size: int = 100) -> "asyncpg.Connection[asyncpg.Record]":
    """Raises StorageUnavailable."""
    dsn, in_utc = f"postgresql://{url.partition('://')[2]}", {"timezone": "UTC"}
    try:
        return await asyncpg.connect(
            dsn, timeout=_CONNECT_SECONDS, server_settings=in_utc, statement_cache_size=statement_cache_size
        )
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as lost:
        raise StorageUnavailable from lost


async def missing_settings(connection: Connection, asked: Mapping[str, str]) -> Sequence[str]:
    """The names of the settings that the session does not have as ``asked``: a pooler in between kept them."""
    return [row[0] for row in await connection.fetch(_MISSING, list(asked.keys()), list(asked.values()))]


async def _backend(connection: "asyncpg.Connection[asyncpg.Record]") -> int:
    async with connection.transaction():  # a pooler would prepare the statement here and run it there
        return await connection.fetchval("SELECT pg_backend_pid()")

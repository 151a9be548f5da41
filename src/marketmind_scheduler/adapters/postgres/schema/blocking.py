"""Waiting for others before the schema is changed: not for ever, and not in silence."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from itertools import chain, repeat

import asyncpg
import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from marketmind_scheduler.adapters.postgres.schema.sessions import UnfitDatabase

LOCK = 0x6D61726B6574  # any number that nothing else in the database locks
PATIENCE_SECONDS = 60
_LOCK_TIMEOUT = "1500ms"  # everybody who comes after it waits behind a lock that is waited for
_PAUSES = (1, 2, 4, 8)  # seconds, in which those who waited behind us get on; the last one again and again
_TAKE = "SELECT pg_advisory_lock(:key)"
_UNLOCK = "SELECT pg_advisory_unlock(:key)"
_HAS_LOCK = """
SELECT a.pid, a.usename, a.application_name, a.client_addr, a.backend_start AS since
  FROM pg_locks l JOIN pg_stat_activity a USING (pid)
 WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
   AND (l.classid::bigint << 32) + l.objid::bigint = :key
   AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
_HOLD_TABLES = """
SELECT a.pid, a.usename, a.application_name, a.client_addr, coalesce(a.xact_start, p.prepared) AS since, p.gid
  FROM pg_locks l
  LEFT JOIN pg_stat_activity a ON a.pid = l.pid
  LEFT JOIN pg_locks x ON l.pid IS NULL AND x.locktype = 'transactionid' AND x.virtualtransaction = l.virtualtransaction
  LEFT JOIN pg_prepared_xacts p ON p.transaction = x.transactionid
 WHERE l.locktype = 'relation' AND l.granted AND l.pid IS DISTINCT FROM pg_backend_pid()
   AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
   AND l.relation IN (SELECT oid FROM pg_class WHERE relnamespace = current_schema()::regnamespace)
 ORDER BY since NULLS LAST LIMIT 1
"""

log = structlog.get_logger()


@asynccontextmanager
async def locked(connection: AsyncConnection, *, patience: float = PATIENCE_SECONDS) -> AsyncGenerator[None]:
    """Nobody else changes the schema meanwhile. Says who has the lock while it is waited for, and raises UnfitDatabase
    after ``patience`` seconds. The lock is given back explicitly: behind a pooler, closing would not."""

    async def take() -> None:
        await connection.execute(text(_TAKE), {"key": LOCK})

    await connection.execute(text(f"SET lock_timeout = '{_LOCK_TIMEOUT}'"))
    await connection.commit()
    await _repeated(
        take, connection, _HAS_LOCK, waiting="waiting for another migration", patience=patience, pauses=(0,)
    )
    try:
        yield
    finally:
        with suppress(DBAPIError):  # a connection that is lost has given it back
            await connection.rollback()
            await connection.execute(text(_UNLOCK), {"key": LOCK})
            await connection.commit()


async def given_way(
    connection: AsyncConnection, work: Callable[[], Awaitable[None]], *, patience: float = PATIENCE_SECONDS
) -> None:
    """Do and commit ``work``, which may be repeated; where somebody holds a table for longer than a moment, let those
    pass who wait behind it, say who holds it, and try again. Raises UnfitDatabase after ``patience`` seconds."""
    await _repeated(work, connection, _HOLD_TABLES, waiting="waiting for a table", patience=patience, pauses=_PAUSES)


async def _repeated(
    work: Callable[[], Awaitable[None]],
    connection: AsyncConnection,
    holder: str,
    *,
    waiting: str,
    patience: float,
    pauses: Sequence[int],
) -> None:
    loop = asyncio.get_running_loop()
    deadline, said = loop.time() + patience, ""
    for pause in chain(pauses, repeat(pauses[-1])):
        if await _is_done(work, connection):
            return
        who = await _who(connection, holder)
        if who != said:
            log.warning(waiting, held_by=who)
            said = who
        if loop.time() + pause >= deadline:
            raise UnfitDatabase(
                f"{waiting} took more than {patience:.0f} s: {who}",
                remedy="let it end, or end it with SELECT pg_terminate_backend(pid), and start again",
            )
        await asyncio.sleep(pause)


async def _is_done(work: Callable[[], Awaitable[None]], connection: AsyncConnection) -> bool:
    try:
        await work()
        await connection.commit()
    except DBAPIError as failed:
        await connection.rollback()
        if not isinstance(failed.orig and failed.orig.__cause__, asyncpg.LockNotAvailableError):
            raise
        return False
    return True


async def _who(connection: AsyncConnection, holder: str) -> str:
    row = (await connection.execute(text(holder), {"key": LOCK} if ":key" in holder else {})).mappings().first()
    await connection.commit()
    if row is None:
        return "somebody who has ended meanwhile"
    if row.get("gid") is not None:
        return f"the prepared transaction {row['gid']!r}, since {row['since']:%Y-%m-%dT%H:%M:%SZ}"
    where = f" at {row['client_addr']}" if row["client_addr"] else ""
    since = f", since {row['since']:%Y-%m-%dT%H:%M:%SZ}" if row["since"] else ""
    return f"pid {row['pid']}, {row['usename']}, application {row['application_name'] or 'unnamed'!r}{where}{since}"

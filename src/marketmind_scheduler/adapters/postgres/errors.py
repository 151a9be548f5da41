"""Turns what goes wrong with the database into the errors that the core knows."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import asyncpg
from sqlalchemy.exc import DBAPIError, InterfaceError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from marketmind_scheduler.domain.errors import StorageUnavailable
from marketmind_scheduler.ports.storage import LostRace

_WITHIN_SECONDS = 4.5
_RACES = frozenset({"40001", "40P01"})
_RACE_CONSTRAINTS = frozenset({"uq_schedules_active_post"})
_READ_ONLY = "25006"
_UNAVAILABLE = ("08", "53", "55", "57", "58", _READ_ONLY)


@asynccontextmanager
async def translated() -> AsyncGenerator[None]:
    """Raise LostRace and StorageUnavailable for what the driver, the pool or the network raise inside, and
    StorageUnavailable when it takes longer than 4.5 s altogether. Anything else is a bug and passes through."""
    try:
        async with asyncio.timeout(_WITHIN_SECONDS):
            yield
    except (OSError, TimeoutError, PoolTimeout) as lost:  # raised while connecting, and by asyncpg's own limits
        raise StorageUnavailable from lost
    except SQLAlchemyError as failed:
        raise _meaning(failed) from failed


def is_read_only(error: BaseException | None) -> bool:
    """Whether the server refuses to write, as an old primary does after a failover."""
    return getattr(error, "sqlstate", None) == _READ_ONLY


def _meaning(failed: SQLAlchemyError) -> Exception:
    if not isinstance(failed, DBAPIError):
        return failed
    cause = failed.orig.__cause__ if failed.orig else None
    sqlstate = cause.sqlstate if isinstance(cause, asyncpg.PostgresError) else None
    constraint = cause.constraint_name if isinstance(cause, asyncpg.IntegrityConstraintViolationError) else None
    if sqlstate in _RACES or constraint in _RACE_CONSTRAINTS:
        return LostRace()
    if failed.connection_invalidated or isinstance(failed, InterfaceError):
        return StorageUnavailable()
    if sqlstate is not None and sqlstate.startswith(_UNAVAILABLE):
        return StorageUnavailable()
    return failed

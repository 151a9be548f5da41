"""Turns what goes wrong with the database into the errors that the core knows."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import asyncpg

from marketmind_scheduler.domain.errors import StorageUnavailable
from marketmind_scheduler.ports.storage import LostRace

_WITHIN_SECONDS = 4  # leaves a second of the five that a caller waits at most
# serialization, deadlock, a table changed under a cached statement; and what a row refers to, looked up just before,
# is gone or belongs to another brand
_RACES = frozenset({"40001", "40P01", "0A000", "23503"})
_RACE_CONSTRAINTS = frozenset({"uq_schedules_active_post", "pk_brands", "pk_campaigns", "pk_posts"})
_UNAVAILABLE = ("08", "28", "3D", "53", "55", "57", "58", "25006")


@asynccontextmanager
async def translated(within_seconds: float = _WITHIN_SECONDS) -> AsyncGenerator[None]:
    """Raise LostRace and StorageUnavailable for what the driver, the pool or the network raise inside, and
    StorageUnavailable when it takes longer altogether. Anything else is a bug and passes through."""
    try:
        async with asyncio.timeout(within_seconds):
            yield
    except asyncpg.PostgresError as failed:
        raise _meaning(failed) from failed
    # InternalClientError: the server said farewell between two statements.
    except (OSError, TimeoutError, asyncpg.InterfaceError, asyncpg.InternalClientError) as lost:
        if isinstance(lost, ValueError) and not isinstance(lost, asyncpg.ClientConfigurationError):
            # asyncpg's DataError: a value of ours that its column cannot hold
            lost.args = (str(lost).partition(":")[0],)  # behind the colon it quotes the value
            raise
        raise StorageUnavailable from lost


def _meaning(failed: asyncpg.PostgresError) -> Exception:
    constraint = getattr(failed, "constraint_name", None)
    if failed.sqlstate in _RACES or constraint in _RACE_CONSTRAINTS:
        return LostRace()
    if failed.sqlstate.startswith(_UNAVAILABLE):
        return StorageUnavailable()
    failed.detail = None  # it quotes the row, and this one ends in a log
    return failed

"""Turns what goes wrong with the database into the errors that the core knows."""

import asyncio
import socket
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager

import asyncpg

from marketmind_scheduler.domain.errors import StorageUnavailable
from marketmind_scheduler.ports.storage import LostRace

_WITHIN_SECONDS = 4  # leaves a second of the five that a caller waits at most
# serialization, deadlock, a table changed under a cached statement; and what a row refers to, looked up just before,
# is gone or belongs to another brand
_RACES = frozenset({"40001", "40P01", "0A000", "23503"})
_RACE_CONSTRAINTS = frozenset(
    {
        *("pk_brands", "pk_campaigns", "pk_posts", "pk_policies", "pk_platform_cap_overrides"),
        *("uq_campaigns_brand_id_campaign_id", "uq_posts_brand_id_post_id", "pk_queue"),
    }
)
_UNAVAILABLE = ("08", "28", "3D", "53", "55", "57", "58", "25006", "26000", "42P05")
_OTHER_SCHEMA = ("42703", "42P01")  # no such column, no such table
_UNKNOWN_SETTING = "unsupported startup parameter"
_MIGRATE = "run `marketmind-scheduler migrate`, or start the version that the schema is of"
_REMEDIES: Mapping[object, str] = {
    asyncpg.InvalidPasswordError: "mend user and password in DATABASE_URL, special characters percent-encoded",
    asyncpg.InvalidAuthorizationSpecificationError: "mend the user in DATABASE_URL, or let it in: pg_hba.conf",
    asyncpg.InvalidCatalogNameError: "create the database, or mend its name at the end of DATABASE_URL",
    asyncpg.TooManyConnectionsError: "raise max_connections, or lower SCHEDULER_POOL_SIZE",
    asyncpg.UndefinedColumnError: _MIGRATE,
    asyncpg.UndefinedTableError: _MIGRATE,
}


@asynccontextmanager
async def translated(within_seconds: float = _WITHIN_SECONDS) -> AsyncGenerator[None]:
    """Raise LostRace and StorageUnavailable for what the driver, the pool or the network raise inside, and
    StorageUnavailable when it takes longer altogether. Anything else is a bug and passes through."""
    try:
        async with asyncio.timeout(within_seconds):
            yield
    except Exception as failed:
        raise_meaning(failed)
        raise


def seconds_within(given: float | None) -> float:
    """How long something may take altogether: as given, else as little as a caller waits for."""
    return _WITHIN_SECONDS if given is None else given


def raise_meaning(failed: BaseException) -> None:
    """Raise what ``translated`` raises for it; where that is itself, do nothing."""
    if isinstance(failed, asyncpg.PostgresError):
        meaning = _meaning(failed)
        if meaning is not failed:
            raise meaning from failed
    # InternalClientError: the server said farewell between two statements.
    elif isinstance(failed, OSError | TimeoutError | asyncpg.InterfaceError | asyncpg.InternalClientError):
        if not isinstance(failed, ValueError) or isinstance(failed, asyncpg.ClientConfigurationError):
            raise StorageUnavailable from failed
        # asyncpg's DataError: a value of ours that its column cannot hold
        failed.args = (str(failed).partition(":")[0],)  # behind the colon it quotes the value


def was_locked(failed: StorageUnavailable) -> bool:
    """Whether it was nothing but a lock that somebody held on to."""
    return isinstance(failed.__cause__, asyncpg.LockNotAvailableError)


def why_unreachable(lost: BaseException | None) -> tuple[str, str]:
    """What is wrong with a database that cannot be used, and what a person can do, by what stands behind a
    StorageUnavailable. No password is repeated."""
    match lost:
        case asyncpg.InvalidSQLStatementNameError() | asyncpg.DuplicatePreparedStatementError():
            found = "a pooler in between hands out connections by transaction"
            return found, "let it keep one for a whole session (PgBouncer: pool_mode = session), or connect directly"
        case asyncpg.PostgresError() if _UNKNOWN_SETTING in str(lost):
            remedy = (
                "a pooler in between refuses what a session asks for: connect directly, or let it pass that over "
                "(PgBouncer: ignore_startup_parameters) and set it for the role; `doctor` says what is missing then"
            )
        case socket.gaierror():
            return f"unknown host: {lost.strerror}", "mend the host in DATABASE_URL"
        case ConnectionRefusedError():
            return f"connection refused: {lost}", "start PostgreSQL there, or mend host and port in DATABASE_URL"
        case TimeoutError():
            return "no answer in time", "check host and port in DATABASE_URL, and that nothing in between drops packets"
        case _:
            remedy = _REMEDIES.get(
                type(lost), "check DATABASE_URL, and that PostgreSQL runs there and lets this role in"
            )
    return str(lost), remedy


def _meaning(failed: asyncpg.PostgresError) -> Exception:
    constraint = getattr(failed, "constraint_name", None)
    if failed.sqlstate in _RACES or constraint in _RACE_CONSTRAINTS:
        return LostRace()
    if failed.sqlstate in _OTHER_SCHEMA:  # of another version, by whoever migrated while this one ran
        failed.args = (f"the schema is not that of this version (docs/runbook.md): {failed}",)
        return StorageUnavailable()
    if failed.sqlstate.startswith(_UNAVAILABLE):
        return StorageUnavailable()
    failed.detail = None  # it quotes the row, and this one ends in a log
    return failed

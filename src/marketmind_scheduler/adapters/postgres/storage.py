"""Connections from the pool: to read with, or with one transaction."""

import asyncio
import random
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from types import TracebackType
from typing import Generic, TypeVar

import asyncpg

from marketmind_scheduler.adapters.postgres.errors import raise_meaning, seconds_within, was_locked
from marketmind_scheduler.adapters.postgres.pool import Connection, Pool
from marketmind_scheduler.adapters.postgres.unit_of_work import PostgresUnitOfWork
from marketmind_scheduler.deadline import Deadline
from marketmind_scheduler.domain.access import EVERYWHERE, Reach
from marketmind_scheduler.domain.errors import SchedulerError, StorageUnavailable
from marketmind_scheduler.domain.event import SERVICE
from marketmind_scheduler.domain.pacing import LOST_RACES, pause_after_lost_race
from marketmind_scheduler.ports.storage import LostRace

T = TypeVar("T")

_POOL_SECONDS = 2
_PATIENT_SECONDS = 30
_CLOSE_SECONDS = 0.25


class _EachByItself(PostgresUnitOfWork):
    async def commit(self) -> None:
        """Nothing is left to commit: each statement was by itself."""

    @asynccontextmanager
    async def in_turn(self) -> AsyncGenerator[PostgresUnitOfWork]:
        async with begun(self.on, self.actor):
            yield PostgresUnitOfWork(self.on, self.reach, self.known_releases, self.actor)


class PostgresStorage:
    def __init__(
        self,
        pool: Pool,
        reach: Reach = EVERYWHERE,
        actor: str = SERVICE,
        *,
        seconds: float | None = None,
        known_releases: set[str] | None = None,
    ) -> None:
        self._pool = pool
        self._reach = reach
        self._actor = actor
        self._seconds = seconds
        self._known_releases: set[str] = set() if known_releases is None else known_releases

    def within(self, reach: Reach) -> "PostgresStorage":
        return self._changed(reach=reach)

    def acting(self, actor: str) -> "PostgresStorage":
        return self._changed(actor=actor)

    def patient(self) -> "PostgresStorage":
        return self._changed(seconds=_PATIENT_SECONDS)

    def _changed(
        self, *, reach: Reach | None = None, actor: str | None = None, seconds: float | None = None
    ) -> "PostgresStorage":
        return PostgresStorage(
            self._pool,
            reach or self._reach,
            actor or self._actor,
            seconds=seconds or self._seconds,
            known_releases=self._known_releases,
        )

    def reading(self) -> AbstractAsyncContextManager[PostgresUnitOfWork]:
        return _Opened(connected(self._pool, seconds=self._seconds), self._reading_over)

    @asynccontextmanager
    async def unit_of_work(self) -> AsyncGenerator[PostgresUnitOfWork]:
        async with connected(self._pool, seconds=self._seconds) as connection, begun(connection, self._actor):
            yield PostgresUnitOfWork(connection, self._reach, self._known_releases, self._actor)

    def at_once(self) -> AbstractAsyncContextManager[PostgresUnitOfWork]:
        return _Opened(connected(self._pool, seconds=self._seconds), self._each_by_itself)

    def _reading_over(self, connection: Connection) -> PostgresUnitOfWork:
        return PostgresUnitOfWork(connection, self._reach, self._known_releases)

    def _each_by_itself(self, connection: Connection) -> PostgresUnitOfWork:
        return _EachByItself(connection, self._reach, self._known_releases, self._actor)


@asynccontextmanager
async def transaction(pool: Pool, *, actor: str = SERVICE, seconds: float | None = None) -> AsyncGenerator[Connection]:
    """A connection in one transaction, committed unless something is raised, whose events are ``actor``'s and whose
    statements may take ``seconds`` instead of the usual few."""
    async with connected(pool, seconds=seconds) as connection, begun(connection, actor):
        if seconds is not None:
            await connection.execute(f"SET LOCAL statement_timeout = '{seconds:.0f}s'")
        yield connection
        await connection.execute("COMMIT")


async def repeated(work: Callable[[], Awaitable[T]], *, waits: bool = False) -> T:
    """Do ``work``, which is less than a use case, again when another transaction got in its way; where it ``waits``,
    also when that held on to a lock for longer than a statement waits for one."""
    for _ in range(LOST_RACES):
        try:
            return await work()
        except StorageUnavailable as failed:
            if not (isinstance(failed, LostRace) or (waits and was_locked(failed))):
                raise
            await asyncio.sleep(pause_after_lost_race(jitter=random.random()))  # noqa: S311
    return await work()


def acting(actor: str) -> str:
    """The statement that lets ``actor`` be who tells the events of this transaction: their column takes it from here.
    In digits, because such a statement takes no parameters and a name may have any sign in it."""
    return f"SET LOCAL scheduler.actor = '{actor.encode('utf-8', 'replace').hex()}'"


@asynccontextmanager
async def begun(connection: Connection, actor: str) -> AsyncGenerator[None]:
    """A transaction that leaves nothing behind unless it is committed inside."""
    await connection.execute(f"BEGIN; {acting(actor)}")
    try:
        yield
    except (SchedulerError, asyncpg.PostgresError):
        await _roll_back(connection)
        raise
    await _roll_back(connection)


async def _roll_back(connection: Connection) -> None:
    """End the transaction if it was not committed. One that is lost has ended with its connection, and is told of by
    what was raised."""
    with suppress(asyncpg.InterfaceError):
        if not connection.is_closed() and connection.is_in_transaction():
            await connection.execute("ROLLBACK")


class connected:  # noqa: N801  # it is used as a function would be
    """A connection for a few seconds at most, or as many as given; what goes wrong with it is raised as the core's
    errors. It has one timer, and no generator: each request goes through it."""

    __slots__ = ("_acquiring", "_connection", "_limit", "_pool", "_seconds")

    def __init__(self, pool: Pool, *, seconds: float | None = None) -> None:
        self._pool = pool
        self._seconds = seconds_within(seconds)

    async def __aenter__(self) -> Connection:
        loop = asyncio.get_running_loop()
        now = loop.time()
        self._limit = Deadline(now + min(self._seconds, _POOL_SECONDS), loop)
        self._limit.__enter__()
        try:
            self._acquiring = self._pool.acquire()
            self._connection: Connection = await self._acquiring.__aenter__()
        except BaseException as failed:
            self._end(failed)
            raise
        self._limit.move(now + self._seconds)
        return self._connection

    async def __aexit__(
        self, _kind: type[BaseException] | None, failed: BaseException | None, _trace: TracebackType | None
    ) -> None:
        try:
            if failed is not None:
                await self._tidy(failed)
            await self._acquiring.__aexit__(None, None, None)
        except BaseException as failed_too:
            self._end(failed_too)
            raise
        self._end(failed)

    def _end(self, failed: BaseException | None) -> None:
        """Raise what it means; where it means itself, do nothing."""
        try:
            self._limit.__exit__(type(failed) if failed else None, failed, None)
        except TimeoutError as late:
            raise_meaning(late)
        if failed is not None:
            raise_meaning(failed)

    async def _tidy(self, failed: BaseException) -> None:
        if isinstance(failed, TimeoutError | asyncio.CancelledError):
            await _closed(self._connection)
        elif isinstance(failed, asyncpg.ReadOnlySQLTransactionError):
            await self._pool.expire_connections()  # an old primary after a failover: the next one finds the new one


class _Opened(Generic[T]):
    """What works over a connection, for as long as that is lent."""

    __slots__ = ("_lent", "_made_of")

    def __init__(self, lent: connected, made_of: Callable[[Connection], T]) -> None:
        self._lent = lent
        self._made_of = made_of

    async def __aenter__(self) -> T:
        return self._made_of(await self._lent.__aenter__())

    async def __aexit__(
        self, kind: type[BaseException] | None, failed: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._lent.__aexit__(kind, failed, trace)


async def _closed(connection: Connection) -> None:
    """Let the statement that runs be cancelled, and its backend end: one that waits for a standby would not notice that
    its client has gone. What hangs longer than a moment is given up; ``Backends`` counts it until it has ended."""
    with suppress(TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        await connection.close(timeout=_CLOSE_SECONDS)

"""Requests and their answers: in one transaction with what they do, or beside it."""

from collections.abc import AsyncGenerator, Generator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, contextmanager, nullcontext
from datetime import timedelta

from marketmind_scheduler.adapters.postgres.errors import translated
from marketmind_scheduler.adapters.postgres.pool import Connection, Pool
from marketmind_scheduler.adapters.postgres.requests.answers import FIND, answer_in, parts_of
from marketmind_scheduler.adapters.postgres.requests.reaching import PostgresReachingRequest
from marketmind_scheduler.adapters.postgres.statements import statement
from marketmind_scheduler.adapters.postgres.storage import PostgresUnitOfWork, acting, begun, connected
from marketmind_scheduler.domain.access import EVERYWHERE, Reach
from marketmind_scheduler.domain.errors import RequestInProgress
from marketmind_scheduler.domain.event import SERVICE
from marketmind_scheduler.ports.idempotency import Answer, RequestKey

LONGEST_REQUEST_SECONDS = 60
# An answer that is committed between our look and our lock is missed here, and found by _KEEP.
_LOOK = """
SELECT pg_try_advisory_xact_lock($1) AS is_ours, k.fingerprint, k.status, k.headers, k.body
  FROM (SELECT) nothing LEFT JOIN idempotency_keys k ON k.scope = $2 AND k.expires_at > now()
"""
_KEEP = statement("keep_answer")


class PostgresIdempotency:
    """Answers are kept for ``kept_for``; the pool is its own, because a request may need another connection besides."""

    def __init__(self, pool: Pool, *, kept_for: timedelta) -> None:
        self._pool = pool
        self._kept_for = kept_for
        self._worked_on: set[bytes] = set()

    @asynccontextmanager
    async def request(self, key: RequestKey) -> AsyncGenerator["PostgresKeyedRequest"]:
        async with AsyncExitStack() as held:
            request = PostgresKeyedRequest(self._pool, held, key, self._kept_for)
            await request.begin()
            with self._alone_with(key) if request.answer is None else nullcontext():
                yield request

    @asynccontextmanager
    async def reaching(self, key: RequestKey, *, look_at: str | None) -> AsyncGenerator[PostgresReachingRequest]:
        request = PostgresReachingRequest(self._pool, key, self._kept_for, look_at=look_at)
        async with request.at_work():
            yield request

    @contextmanager
    def _alone_with(self, key: RequestKey) -> Generator[None]:
        """In this process: while nothing is held in the storage, nobody is told there."""
        if key.identity in self._worked_on:
            raise RequestInProgress
        self._worked_on.add(key.identity)
        try:
            yield
        finally:
            self._worked_on.discard(key.identity)


class PostgresKeyedRequest:
    """One transaction for everything that is done for a request. It holds a lock that stands for the key, and is given
    up whenever nothing is done in it yet, so that whoever plans, or waits for others, holds no connection."""

    def __init__(self, pool: Pool, held: AsyncExitStack, key: RequestKey, kept_for: timedelta) -> None:
        self.answer: Answer | None = None
        self._pool = pool
        self._held = held
        self._key = key
        self._kept_for = kept_for
        self._connection: Connection | None = None
        self._has_changed = False
        self._known_releases: set[str] = set()

    @property
    def storage(self) -> "_StorageOfOneRequest":
        return _StorageOfOneRequest(self, EVERYWHERE, SERVICE)

    async def begin(self) -> None:
        begun_or_answered = await self._begun()
        if isinstance(begun_or_answered, Answer):
            self.answer = begun_or_answered

    async def keep(self, answer: Answer) -> Answer:
        async with self._in_transaction() as connection:
            parts = parts_of(answer, self._kept_for)
            if await connection.fetchval(_KEEP, self._key.identity, self._key.fingerprint, *parts):
                await connection.execute("COMMIT")
                return answer
            await connection.execute("ROLLBACK")
            [row] = await connection.fetch(FIND, self._key.identity)
            return answer_in(row, self._key)

    async def release(self) -> None:
        await self._give_up()

    @asynccontextmanager
    async def unit(
        self, reach: Reach, *, actor: str | None = None, goes_on: bool = False
    ) -> AsyncGenerator["_PartOfARequest"]:
        """Repositories in the transaction. What is left without ``commit`` is undone, and nothing that was committed
        before. It is not given up where the request ``goes_on`` at once."""
        async with self._in_transaction() as connection:
            part = _PartOfARequest(connection, reach, self._known_releases, actor or SERVICE)
            await connection.execute(f"SAVEPOINT part; {acting(actor or SERVICE)}")
            try:
                yield part
            except Exception:
                await self._left(part, goes_on=False)
                raise
            await self._left(part, goes_on=goes_on)

    @asynccontextmanager
    async def _in_transaction(self) -> AsyncGenerator[Connection]:
        """Raises RequestInProgress where somebody else works on it, or has answered it since it was begun."""
        async with translated(LONGEST_REQUEST_SECONDS):
            found = self._connection or await self._begun()
            if isinstance(found, Answer):
                raise RequestInProgress
            yield found

    async def _begun(self) -> "Connection | Answer":
        """A transaction, or the answer, where there is one by now. Raises RequestInProgress."""
        connection = self._connection = await self._held.enter_async_context(_transaction(self._pool))
        lock = int.from_bytes(self._key.identity[:8], signed=True)
        [row] = await connection.fetch(_LOOK, lock, self._key.identity)
        is_answered = row["fingerprint"] is not None
        if row["is_ours"] and not is_answered:
            return connection
        await self._give_up()
        if is_answered:
            return answer_in(row, self._key)
        raise RequestInProgress

    async def _left(self, part: "_PartOfARequest", *, goes_on: bool) -> None:
        if part.is_committed:
            self._has_changed = True
        elif (self._has_changed or goes_on) and self._connection is not None:
            await self._connection.execute("ROLLBACK TO part")
        else:
            await self._give_up()

    async def _give_up(self) -> None:
        self._connection, self._has_changed = None, False
        self._known_releases.clear()
        await self._held.aclose()


@asynccontextmanager
async def _transaction(pool: Pool) -> AsyncGenerator[Connection]:
    async with connected(pool, seconds=LONGEST_REQUEST_SECONDS) as connection, begun(connection, SERVICE):
        yield connection


class _StorageOfOneRequest:
    def __init__(self, request: PostgresKeyedRequest, reach: Reach, actor: str) -> None:
        self._request = request
        self._reach = reach
        self._actor = actor

    def within(self, reach: Reach) -> "_StorageOfOneRequest":
        return _StorageOfOneRequest(self._request, reach, self._actor)

    def acting(self, actor: str) -> "_StorageOfOneRequest":
        return _StorageOfOneRequest(self._request, self._reach, actor)

    def patient(self) -> "_StorageOfOneRequest":
        return self  # as long as its request

    @asynccontextmanager
    async def reading(self) -> AsyncGenerator[PostgresUnitOfWork]:
        async with self._request.unit(self._reach) as unit:
            yield unit

    @asynccontextmanager
    async def unit_of_work(self) -> AsyncGenerator[PostgresUnitOfWork]:
        async with self._request.unit(self._reach, actor=self._actor) as unit:
            yield unit

    def at_once(self) -> AbstractAsyncContextManager[PostgresUnitOfWork]:
        return self._request.unit(self._reach, actor=self._actor, goes_on=True)


class _PartOfARequest(PostgresUnitOfWork):
    is_committed = False

    async def commit(self) -> None:
        """Nothing yet: the answer is committed with it."""
        self.is_committed = True

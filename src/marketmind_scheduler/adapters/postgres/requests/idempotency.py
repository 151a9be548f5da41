"""Requests and their answers in one transaction, which holds a lock that stands for the key."""

import re
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

import asyncpg
import msgspec
from asyncpg import Record

from marketmind_scheduler.adapters.postgres.pool import Connection, Pool
from marketmind_scheduler.adapters.postgres.statements import statement
from marketmind_scheduler.adapters.postgres.storage import PostgresUnitOfWork, acting, connected
from marketmind_scheduler.domain.access import EVERYWHERE, Reach
from marketmind_scheduler.domain.errors import IdempotencyKeyReused, RequestInProgress, SchedulerError
from marketmind_scheduler.domain.event import SERVICE
from marketmind_scheduler.ports.idempotency import Answer, RequestKey

LONGEST_REQUEST_SECONDS = 60
# An answer that is committed between our look and our lock is missed here, and found by _KEEP.
_LOOK = """
SELECT pg_try_advisory_xact_lock($1) AS is_ours, k.fingerprint, k.status, k.headers, k.body
  FROM (SELECT) nothing LEFT JOIN idempotency_keys k ON k.scope = $2 AND k.expires_at > now()
"""
_FIND = "SELECT fingerprint, status, headers, body FROM idempotency_keys WHERE scope = $1"
_KEEP = statement("keep_answer")
_ID = re.compile(rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class PostgresIdempotency:
    """Answers are kept for ``kept_for``; the pool is its own, because a request may need another connection besides."""

    def __init__(self, pool: Pool, *, kept_for: timedelta) -> None:
        self._pool = pool
        self._kept_for = kept_for

    @asynccontextmanager
    async def request(self, key: RequestKey) -> AsyncGenerator["PostgresKeyedRequest"]:
        async with connected(self._pool, seconds=LONGEST_REQUEST_SECONDS) as connection:
            request = PostgresKeyedRequest(connection, key, self._kept_for)
            try:
                await request.begin()
                yield request
            finally:
                await request.roll_back()


class PostgresKeyedRequest:
    """One transaction for everything that is done for a request."""

    def __init__(self, connection: Connection, key: RequestKey, kept_for: timedelta) -> None:
        self.answer: Answer | None = None
        self._connection = connection
        self._key = key
        self._kept_for = kept_for
        self._is_spoilt = False
        self._known_releases: set[str] = set()

    @property
    def storage(self) -> "_StorageOfOneRequest":
        return _StorageOfOneRequest(self, EVERYWHERE, SERVICE)

    async def begin(self) -> None:
        await self._connection.execute("BEGIN")
        lock = int.from_bytes(self._key.identity[:8], signed=True)
        [row] = await self._connection.fetch(_LOOK, lock, self._key.identity)
        if row["fingerprint"] is not None:
            self.answer = self._given(row)
        elif not row["is_ours"]:
            raise RequestInProgress

    async def keep(self, answer: Answer) -> Answer:
        headers = msgspec.json.encode(answer.headers)
        of_answer = (answer.status, headers, answer.body, self._kept_for, ids_in(answer.body))
        kept = await self._connection.fetchval(_KEEP, self._key.identity, self._key.fingerprint, *of_answer)
        if kept:
            await self._connection.execute("COMMIT")
            return answer
        await self.roll_back()
        [row] = await self._connection.fetch(_FIND, self._key.identity)
        return self._given(row)

    async def roll_back(self) -> None:
        if not self._connection.is_closed() and self._connection.is_in_transaction():
            await self._connection.execute("ROLLBACK")

    @asynccontextmanager
    async def unit(self, reach: Reach, *, actor: str | None = None) -> AsyncGenerator["_PartOfARequest"]:
        """Repositories in the transaction; after one that failed, in a new one."""
        if self._is_spoilt:
            await self.roll_back()
            await self.begin()
            self._is_spoilt = False
            self._known_releases.clear()
        try:
            if actor is not None:
                await self._connection.execute(acting(actor))
            yield _PartOfARequest(self._connection, reach, self._known_releases)
        except (SchedulerError, asyncpg.PostgresError):
            self._is_spoilt = True
            raise

    def _given(self, row: Record) -> Answer:
        if row["fingerprint"] != self._key.fingerprint:
            raise IdempotencyKeyReused
        headers = msgspec.json.decode(row["headers"], type=list[tuple[str, str]])
        return Answer(status=row["status"], headers=headers, body=row["body"])


def ids_in(body: bytes) -> Sequence[str]:
    """What an answer speaks of, each once: when it is deleted, the answer is forgotten."""
    return sorted({each.decode() for each in _ID.findall(body)})


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


class _PartOfARequest(PostgresUnitOfWork):
    async def commit(self) -> None:
        """Nothing yet: the answer is committed with it."""

"""Requests whose work has effects beyond a transaction: that they have begun is written before, their answer after."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any
from uuid import uuid4

import structlog

from marketmind_scheduler.adapters.postgres.pool import Pool
from marketmind_scheduler.adapters.postgres.repositories.erasures import ERASED
from marketmind_scheduler.adapters.postgres.requests.answers import FIND, answer_in, check_is_of, parts_of
from marketmind_scheduler.adapters.postgres.statements import statement
from marketmind_scheduler.adapters.postgres.storage import connected
from marketmind_scheduler.domain.errors import RequestBrokenOff, RequestInProgress, StorageUnavailable
from marketmind_scheduler.ports.idempotency import Answer, RequestKey

_LEASE = timedelta(seconds=30)
_RENEWED_EVERY_SECONDS = 10
_TRIES = 3
_PAUSE_SECONDS = 0.5
_MOMENT_SECONDS, _ANSWER_SECONDS = 0.5, 5.0
_BEGIN = statement("begin_request")
_OURS = "WHERE scope = $1 AND begun_by = $2 AND status IS NULL"
# What it names may have been deleted while it was worked on: see PostgresErasures.
_ANSWER = f"""
UPDATE idempotency_keys
   SET status = CASE WHEN d.is_deleted THEN {ERASED} ELSE $3::smallint END,
       headers = CASE WHEN d.is_deleted THEN '[]' ELSE $4::bytea END,
       body = CASE WHEN d.is_deleted THEN '' ELSE $5::bytea END, expires_at = now() + $6::interval, ids = $7::uuid[]
  FROM (SELECT EXISTS (SELECT FROM posts WHERE post_id = ANY($7::uuid[]) AND deleted_at IS NOT NULL)
            OR EXISTS (SELECT FROM campaigns WHERE campaign_id = ANY($7::uuid[]) AND deleted_at IS NOT NULL)
            OR EXISTS (SELECT FROM brands WHERE brand_id = ANY($7::uuid[]) AND deleted_at IS NOT NULL) AS is_deleted) d
 {_OURS}
"""
_WORKED_ON = f"UPDATE idempotency_keys SET begun_until = now() + $3::interval {_OURS}"
_RELEASE = f"DELETE FROM idempotency_keys {_OURS}"
_GIVE_FREE = "DELETE FROM idempotency_keys WHERE scope = $1 AND status IS NULL AND begun_until <= now()"

_unwritten: set[asyncio.Task[None]] = set()
"""What is still to be written; nobody else holds on to it."""

log = structlog.get_logger()


class PostgresReachingRequest:
    """Each statement is a transaction of its own on a connection that is given back at once."""

    storage = None

    def __init__(self, pool: Pool, key: RequestKey, kept_for: timedelta, *, look_at: str | None) -> None:
        self.answer: Answer | None = None
        self._pool = pool
        self._key = key
        self._kept_for = kept_for
        self._look_at = look_at
        self._ours = key.identity, uuid4()
        self._is_over = False

    @asynccontextmanager
    async def at_work(self) -> AsyncGenerator[None]:
        """Begun, and told to be worked on for as long as it is."""
        try:
            self.answer = await self._begun()
        except StorageUnavailable:  # it may have been written all the same
            await _written(self._execute(_RELEASE), within=_MOMENT_SECONDS)
            raise
        if self.answer is not None:
            yield
            return
        renewing = asyncio.create_task(self._renewed())
        try:
            yield
        finally:
            renewing.cancel()
            if not self._is_over:
                await _written(self._execute(_WORKED_ON, timedelta()), within=_MOMENT_SECONDS)

    async def keep(self, answer: Answer) -> Answer:
        self._is_over = True
        await _written(self._execute(_ANSWER, *parts_of(answer, self._kept_for)), within=_ANSWER_SECONDS)
        return answer

    async def release(self) -> None:
        self._is_over = True
        await _written(self._execute(_RELEASE), within=_MOMENT_SECONDS)

    async def _begun(self) -> Answer | None:
        """The answer, where there is one; else it is ours."""
        scope, by = self._ours
        async with connected(self._pool) as connection:
            while not await connection.fetchval(_BEGIN, scope, self._key.fingerprint, by, _LEASE, self._kept_for):
                if row := await connection.fetchrow(FIND, scope):
                    check_is_of(row, self._key)
                    if row["status"] is not None:
                        return answer_in(row, self._key)
                    if row["is_worked_on"]:
                        raise RequestInProgress
                    if self._look_at is not None:
                        raise RequestBrokenOff(self._look_at)
                    await connection.execute(_GIVE_FREE, scope)
        return None

    async def _renewed(self) -> None:
        while True:
            await asyncio.sleep(_RENEWED_EVERY_SECONDS)
            with suppress(StorageUnavailable):
                await self._execute(_WORKED_ON, _LEASE)()

    def _execute(self, text: str, *parameters: Any) -> Callable[[], Coroutine[Any, Any, None]]:
        async def execute() -> None:
            async with connected(self._pool) as connection:
                await connection.execute(text, *self._ours, *parameters)

        return execute


async def _written(work: Callable[[], Coroutine[Any, Any, None]], *, within: float) -> None:
    """Do what may be done twice, again on another connection where one was lost. A caller does not wait for a database
    that hangs: what takes longer goes on without it."""
    writing = asyncio.create_task(_insisting(work))
    _unwritten.add(writing)
    writing.add_done_callback(_unwritten.discard)
    await asyncio.wait([writing], timeout=within)


async def _insisting(work: Callable[[], Awaitable[None]]) -> None:
    for _ in range(_TRIES):
        try:
            await work()
        except StorageUnavailable:
            await asyncio.sleep(_PAUSE_SECONDS)
        else:
            return
    log.warning("what became of a request with a key cannot be written: it counts as broken off")

"""What stands between a process and PostgreSQL: a pooler that hands out connections for one transaction at a time."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Self, TypeAlias, cast

import asyncpg

from marketmind_scheduler.adapters.postgres.pool import Pool

ServerConnection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


class TransactionPooler:
    """Behaves like a pool behind PgBouncer in transaction mode: outside a transaction each statement goes over any
    connection to the server. Counts the statements by their first words."""

    def __init__(self, connections: list[ServerConnection]) -> None:
        self._idle = connections
        self._turns = asyncio.Semaphore(len(connections))
        self.used = Counter[int]()
        self.statements = Counter[str]()

    @classmethod
    @asynccontextmanager
    async def over(cls, url: str, *, size: int) -> AsyncGenerator[Self]:
        async with AsyncExitStack() as stack:
            connections: list[ServerConnection] = []
            for _ in range(size):
                connections.append(await asyncpg.connect(url, server_settings={"timezone": "UTC"}))
                stack.push_async_callback(connections[-1].close)
            yield cls(connections)

    def as_pool(self) -> Pool:
        return cast("Pool", self)

    @asynccontextmanager
    async def acquire(self, *, timeout: float | None = None) -> AsyncGenerator["_Session"]:  # noqa: ASYNC109  # asyncpg's
        del timeout
        session = _Session(self)
        try:
            yield session
        finally:
            session.end()

    async def take(self) -> ServerConnection:
        await self._turns.acquire()
        return self._idle.pop(random.randrange(len(self._idle)))  # noqa: S311

    def give_back(self, connection: ServerConnection) -> None:
        self._idle.append(connection)
        self._turns.release()

    def count(self, connection: ServerConnection, statement: str) -> None:
        self.used[id(connection)] += 1
        words = [word for line in statement.splitlines() if not line.startswith("--") for word in line.split()]
        self.statements[" ".join(words[:3])] += 1


class _Session:
    """What a caller takes for one connection."""

    def __init__(self, pooler: TransactionPooler) -> None:
        self._pooler = pooler
        self._in_transaction: ServerConnection | None = None

    def is_closed(self) -> bool:
        return False

    def is_in_transaction(self) -> bool:
        return self._in_transaction is not None

    def end(self) -> None:
        assert self._in_transaction is None, "a transaction was left open"

    async def close(self, *, timeout: float) -> None:  # noqa: ASYNC109  # asyncpg's
        """What was begun dies with its connection, which nobody is given any more."""
        del timeout
        if self._in_transaction is not None:
            self._in_transaction.terminate()
            self._in_transaction = None

    async def execute(self, statement: str, *parameters: object, **named: object) -> Any:
        return await self._over_any("execute", statement, *parameters, **named)

    async def fetch(self, statement: str, *parameters: object, **named: object) -> Any:
        return await self._over_any("fetch", statement, *parameters, **named)

    async def fetchrow(self, statement: str, *parameters: object) -> Any:
        return await self._over_any("fetchrow", statement, *parameters)

    async def fetchval(self, statement: str, *parameters: object, **named: object) -> Any:
        return await self._over_any("fetchval", statement, *parameters, **named)

    async def _over_any(self, method: str, statement: str, *parameters: object, **named: object) -> Any:
        connection = self._in_transaction or await self._pooler.take()
        self._pooler.count(connection, statement)
        try:
            return await getattr(connection, method)(statement, *parameters, **named)
        finally:
            if connection.is_in_transaction():
                self._in_transaction = connection
            else:
                self._in_transaction = None
                self._pooler.give_back(connection)

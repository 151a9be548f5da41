"""A connection that tells what each statement read that was sent over it, as PostgreSQL measured it."""

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Iterator, Sequence, Sized
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import asyncpg

from tests.postgres.full import Connection

T = TypeVar("T")

_REMOVED = ("Rows Removed by Filter", "Rows Removed by Join Filter", "Rows Removed by Index Recheck")
_MEASURING = """
LOAD 'auto_explain';
SET auto_explain.log_min_duration = 0; SET auto_explain.log_analyze = on; SET auto_explain.log_buffers = on;
SET auto_explain.log_timing = off; SET auto_explain.log_format = json; SET auto_explain.log_level = notice;
SET client_min_messages = notice; SET statement_timeout = '3s'
"""
_OF_TRANSACTIONS = ("BEGIN", "COMMIT", "ROLLBACK")


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What a statement did: rows that it took in its hands, and blocks; beside the rows that it was given in its
    longest list, changed, and returned."""

    sql: str
    handled: float
    blocks: int
    about: float

    def __str__(self) -> str:
        sql = " ".join(self.sql.split())
        return f"{self.handled:.0f} rows and {self.blocks} blocks for {self.about:.0f}: {sql[:150]}"


class Measured:
    """What repositories are given. Transactions are not theirs: all of it is undone in the end."""

    def __init__(self, connection: Connection) -> None:
        self.seen: list[Read] = []
        self._connection = connection
        self._told: list[str] = []

    async def fetch(self, sql: str, *given: object, timeout: float | None = None) -> list[asyncpg.Record]:  # noqa: ASYNC109  # as asyncpg has it
        return await self._seen(sql, given, self._connection.fetch(sql, *given, timeout=timeout))

    async def fetchrow(self, sql: str, *given: object) -> asyncpg.Record | None:
        return await self._seen(sql, given, self._connection.fetchrow(sql, *given))

    async def fetchval(self, sql: str, *given: object) -> Any:
        return await self._seen(sql, given, self._connection.fetchval(sql, *given))

    async def execute(self, sql: str, *given: object, timeout: float | None = None) -> str:  # noqa: ASYNC109
        if sql.startswith(_OF_TRANSACTIONS):
            return ""
        return await self._seen(sql, given, self._connection.execute(sql, *given, timeout=timeout))

    def is_closed(self) -> bool:
        return False

    def is_in_transaction(self) -> bool:
        return False

    def terminate(self) -> None:
        """Not yet: there are others to be measured."""

    @asynccontextmanager
    async def acquire(self, *, timeout: float | None = None) -> AsyncGenerator["Measured"]:  # noqa: ASYNC109
        """As a pool does."""
        del timeout
        yield self

    def hear(self, _connection: object, told: object) -> None:
        self._told.append(str(told))

    async def _seen(self, sql: str, given: Sequence[object], asked: Awaitable[T]) -> T:
        self._told.clear()
        answer = await asked
        await self._connection.execute("SELECT")  # only now is the one before over, and told
        await asyncio.sleep(0)
        for told in self._told:
            _, is_plan, plan = told.partition("plan:\n")
            if is_plan and (explained := json.loads(plan))["Query Text"].strip() == sql.strip():
                self.seen.append(_read(sql, given, explained["Plan"]))
        return answer


@asynccontextmanager
async def measuring(connection: Connection) -> AsyncGenerator[Measured]:
    """Statements that are measured, and undone."""
    await connection.execute(_MEASURING)
    measured = Measured(connection)
    connection.add_log_listener(measured.hear)
    transaction = connection.transaction()
    await transaction.start()
    try:
        yield measured
    finally:
        connection.remove_log_listener(measured.hear)
        await transaction.rollback()


def _read(sql: str, given: Sequence[object], root: dict[str, Any]) -> Read:
    listed = max(
        (len(each) for each in given if isinstance(each, Sized) and not isinstance(each, str | bytes)), default=0
    )
    changed = sum(
        _rows(node["Plans"][0]) for node in _nodes(root) if node["Node Type"] == "ModifyTable" and "Plans" in node
    )
    return Read(
        sql=sql,
        handled=sum(_handled(node) for node in _nodes(root)),
        blocks=root["Shared Hit Blocks"] + root["Shared Read Blocks"],
        about=max(listed, changed, _rows(root)),
    )


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for below in node.get("Plans", []):
        yield from _nodes(below)


def _rows(node: dict[str, Any]) -> float:
    return node["Actual Rows"] * node["Actual Loops"]


def _handled(node: dict[str, Any]) -> float:
    return sum(node.get(name, 0) for name in ("Actual Rows", *_REMOVED)) * node["Actual Loops"]

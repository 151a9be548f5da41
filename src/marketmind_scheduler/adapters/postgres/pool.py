"""The connection pool, its limits and its timeouts."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any, TypeAlias

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from marketmind_scheduler.adapters.postgres.backends import Backends, ServerConnection

Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"
OnQuery: TypeAlias = Callable[[str, float, bool], None]
"""Called after each query: its text without values, how many seconds it took, whether it failed."""
Connection: TypeAlias = "PoolConnectionProxy[asyncpg.Record]"

_CONNECT_SECONDS = 2
_CLOSE_SECONDS = 0.2
_COMMAND_SECONDS = 3.5  # ends a hung backend; the server's own limits below come first and keep the connection
_IDLE_SECONDS = 10
_SERVER_SETTINGS = {
    "application_name": "marketmind-scheduler",
    "timezone": "UTC",
    "lock_timeout": "2000",
    "statement_timeout": "3000",
    "jit": "off",
}
BY_INDEX = {
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "enable_incremental_sort": "off",
    "enable_bitmapscan": "off",
}
"""Each statement has an index to go by, and goes along it. Statistics from before a bulk load would talk the planner
out of it, such as into sorting what another index leads to."""
PLAN_ONCE = {"plan_cache_mode": "force_generic_plan"}


def asked_of_session(*, idle_seconds: int = _IDLE_SECONDS, plans_once: bool = False) -> Mapping[str, str]:
    """The settings that a connection begins with, times in milliseconds."""
    idle = {"idle_in_transaction_session_timeout": str(1000 * idle_seconds)}
    return _SERVER_SETTINGS | BY_INDEX | idle | (PLAN_ONCE if plans_once else {})


@asynccontextmanager
async def open_pool(
    url: str,
    *,
    size: int,
    idle_seconds: int = _IDLE_SECONDS,
    plans_once: bool = False,
    on_query: OnQuery | None = None,
    backends: Backends | None = None,
    url_now: Callable[[], str] | None = None,
) -> AsyncGenerator[Pool]:
    """A pool whose connections speak UTC and never wait long. It connects when first asked, and anew where a
    connection has been closed; leaving does not wait for a server that hangs. A transaction in which nothing happens
    for ``idle_seconds`` is ended. With ``plans_once`` a statement keeps its first plan, whatever it is given. Pools
    with the same ``backends`` never have more of them together than these allow; by itself, a pool has its ``size``
    and one in place of one that hangs. Where the server may move, ``url_now`` says for each connection where it is.

    asyncpg reads ``url`` itself, so everything its DSN allows is allowed.
    """
    connect = (backends or Backends(most=size + 1)).connect

    async def connect_now(*_: Any, **named: Any) -> ServerConnection:
        return await connect(_dsn_of(url_now() if url_now else url), **named)

    pool = await asyncpg.create_pool(
        _dsn_of(url),
        connect=connect_now,
        min_size=0,
        max_size=size,
        timeout=_CONNECT_SECONDS,
        command_timeout=_COMMAND_SECONDS,
        server_settings=dict(asked_of_session(idle_seconds=idle_seconds, plans_once=plans_once)),
        reset=_keep,
        init=partial(_tell, on_query) if on_query else None,
    )
    try:
        yield pool
    finally:
        with suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_SECONDS):
                await pool.close()  # when that is cut off, the connections are closed without a farewell


def _dsn_of(url: str) -> str:
    return f"postgresql://{url.partition('://')[2]}"


async def _tell(on_query: OnQuery, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    connection.add_query_logger(lambda query: on_query(query.query, query.elapsed, query.exception is not None))


async def _keep(_connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Nothing to reset: no statement of ours changes the session."""

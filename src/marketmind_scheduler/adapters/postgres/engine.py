"""The connection pool, its limits and its timeouts."""

from functools import partial

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

_CONNECT_SECONDS = 2
_POOL_SECONDS = 2
_COMMAND_SECONDS = 4  # ends a hung backend; the server's own limits below come first and keep the connection
_SERVER_SETTINGS = {
    "application_name": "marketmind-scheduler",
    "timezone": "UTC",
    "lock_timeout": "2000",
    "statement_timeout": "3500",
    "idle_in_transaction_session_timeout": "10000",
    "jit": "off",
}


def open_engine(url: str, *, pool_size: int) -> AsyncEngine:
    """An engine whose connections speak UTC and never wait long; nothing is connected yet.

    asyncpg reads ``url`` itself, so everything its DSN allows is allowed. Statements outside a transaction commit
    by themselves.
    """
    connect = partial(
        asyncpg.connect,
        f"postgresql://{url.partition('://')[2]}",
        timeout=_CONNECT_SECONDS,
        command_timeout=_COMMAND_SECONDS,
        server_settings=_SERVER_SETTINGS,
    )
    return create_async_engine(
        "postgresql+asyncpg://",
        async_creator=connect,
        isolation_level="AUTOCOMMIT",
        pool_pre_ping=True,
        pool_size=pool_size,
        max_overflow=pool_size // 2,
        pool_timeout=_POOL_SECONDS,
    )


def open_migration_engine(url: str) -> AsyncEngine:
    """An engine for the migrations: one connection, and statements may take as long as they need."""
    connect = partial(
        asyncpg.connect,
        f"postgresql://{url.partition('://')[2]}",
        timeout=_CONNECT_SECONDS,
        server_settings={"application_name": "marketmind-scheduler migrate", "timezone": "UTC"},
    )
    return create_async_engine("postgresql+asyncpg://", async_creator=connect, pool_size=1, max_overflow=0)

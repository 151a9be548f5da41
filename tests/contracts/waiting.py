"""Knowing that someone waits, without waiting for longer than that takes."""

import asyncio
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

_MOST_SECONDS = 5
_IS_ANYONE_WAITING = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


async def until_waiting(engine: AsyncEngine, waiter: asyncio.Future[Any]) -> None:
    """Return once the waiter waits for a lock in the database; fail when it ends without."""
    async with asyncio.timeout(_MOST_SECONDS), engine.connect() as connection:
        while not await connection.scalar(_IS_ANYONE_WAITING):
            assert not waiter.done(), f"there was nothing to wait for: {waiter!r}"
            await asyncio.sleep(0.005)

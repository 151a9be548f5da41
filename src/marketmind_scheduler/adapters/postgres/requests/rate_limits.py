"""Rate limits that all processes share: one row for each caller says until when it has spent its requests."""

from datetime import timedelta

from asyncpg import Record

from marketmind_scheduler.adapters.postgres.pool import Pool
from marketmind_scheduler.adapters.postgres.statements import statement
from marketmind_scheduler.adapters.postgres.storage import connected
from marketmind_scheduler.domain.access import Rate
from marketmind_scheduler.ports.rate_limits import Allowance

_TAKE = statement("take_requests")


class PostgresRateLimits:
    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def take(self, owner: str, count: int, rate: Rate) -> tuple[bool, Allowance]:
        async with connected(self._pool) as connection:
            row = await connection.fetchrow(_TAKE, owner, count * rate.interval, rate.per)
        return (False, Allowance(0, rate.interval)) if row is None else (row["is_granted"], _allowance(row, rate))


def _allowance(row: Record, rate: Rate) -> Allowance:
    free = rate.per - row["spent"]
    return Allowance(remaining=free // rate.interval, next_in=max(timedelta(), rate.interval - free))

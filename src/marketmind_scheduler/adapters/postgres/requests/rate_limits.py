"""Rate limits that all processes share: one row for each caller says until when it has spent its requests."""

from datetime import timedelta

from asyncpg import Record

from marketmind_scheduler.adapters.postgres.pool import Pool
from marketmind_scheduler.adapters.postgres.storage import connected
from marketmind_scheduler.domain.access import Rate
from marketmind_scheduler.ports.rate_limits import Allowance

# Nobody can have spent more than everything: what lies further ahead was written by a clock that has been put back, and
# says nothing.
_SPENT_UNTIL = """CASE WHEN r.spent_until > now() + {per}::interval + interval '5 seconds' THEN now()
            ELSE greatest(r.spent_until, now()) END"""  # seconds, for whoever waits for the row has an earlier now
# No row where another transaction has just made the first one: as if nothing were left.
_TAKE = f"""
WITH taken AS (
  INSERT INTO rate_limits AS r (owner, spent_until) VALUES ($1, now() + $2::interval)
  ON CONFLICT (owner) DO UPDATE SET spent_until = {_SPENT_UNTIL.format(per="$3")} + $2::interval
   WHERE {_SPENT_UNTIL.format(per="$3")} + $2::interval <= now() + $3::interval
  RETURNING {_SPENT_UNTIL.format(per="$3")} - now() AS spent)
SELECT true AS is_granted, spent FROM taken
 UNION ALL
SELECT false, {_SPENT_UNTIL.format(per="$3")} - now() FROM rate_limits r
 WHERE r.owner = $1 AND NOT EXISTS (SELECT FROM taken)
"""


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

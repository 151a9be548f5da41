"""What PostgreSQL's planner is told of our tables, where autovacuum has not come round to it."""

from collections.abc import Collection, Sequence

from marketmind_scheduler.adapters.postgres.pool import Pool
from marketmind_scheduler.adapters.postgres.statements import statement
from marketmind_scheduler.adapters.postgres.storage import transaction
from marketmind_scheduler.domain.pacing import GROWN, MANY_ROWS

GROWN_TABLE = statement("grown_table")
TABLES = (
    *("agent_asking", "agent_costs", "agent_runs", "agent_texts", "api_keys", "attempts", "brands"),
    *("campaigns", "events", "forgotten_events", "forgotten_previews", "forgotten_schedules", "histories"),
    *("idempotency_keys", "observations", "platform_cap_overrides", "policies", "posts", "preparations"),
    *("previews", "profiles", "queue", "rate_limits", "refits", "reservations", "schedules", "tz_releases"),
)
"""All of ours, by name: the tables themselves take SQLAlchemy, which no dispatcher loads."""
_SECONDS = 60
_COUNTING = 0x6D6D7304  # as those of the upkeep
_TRY_LOCK = "SELECT pg_try_advisory_xact_lock($1)"


class PostgresStatistics:
    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def renew(self) -> Collection[str]:
        renewed: list[str] = []
        while table := await self._renew_one(besides=renewed):
            renewed.append(table)
        return renewed

    async def _renew_one(self, *, besides: Sequence[str]) -> str | None:
        """In a transaction of its own, whose only locks stop VACUUM and changes of that table."""
        async with transaction(self._pool, seconds=_SECONDS) as connection:
            if not await connection.fetchval(_TRY_LOCK, _COUNTING):
                return None
            table = await connection.fetchval(GROWN_TABLE, list(TABLES), GROWN, MANY_ROWS, besides)
            if table is not None:
                await connection.execute(f'ANALYZE (SKIP_LOCKED) "{table}"', timeout=_SECONDS)
            return table

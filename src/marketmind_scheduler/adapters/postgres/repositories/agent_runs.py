"""Runs in which a language model takes part: SQL in, frozen values out."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from asyncpg import Record

from marketmind_scheduler.adapters.postgres.pool import Connection
from marketmind_scheduler.adapters.postgres.repositories.run_texts import texts_to_json, to_said, to_text, to_texts
from marketmind_scheduler.domain.access import Reach
from marketmind_scheduler.domain.agent.records import KeptEntry, RunEntry, chained

_CHAIN = "SELECT pg_advisory_xact_lock(hashtextextended('agent_runs/' || $1, 0))"
# Waits for whoever deletes one of them, and lets everybody else go on.
_IS_ERASED = """
SELECT c.deleted_at IS NOT NULL OR b.deleted_at IS NOT NULL
  FROM campaigns c JOIN brands b USING (brand_id) WHERE c.campaign_id = $1 FOR KEY SHARE
"""
LAST = """
SELECT now() AS at, (SELECT chain_hash FROM agent_runs WHERE brand_id = $1 ORDER BY position DESC LIMIT 1) AS previous
"""
_ADD = """
INSERT INTO agent_runs (run_id, plan_id, brand_id, at, said, chain_hash)
VALUES ($1, $2, $3, $4, $5, $6) RETURNING position
"""
_ADD_TEXTS = """
INSERT INTO agent_texts (position, brand_id, campaign_id, kept_at, texts) VALUES ($1, $2, $3, $4, $5)
"""
OF = """
SELECT r.run_id, r.plan_id, r.brand_id, r.at, r.said, r.chain_hash, t.texts
  FROM agent_runs r LEFT JOIN agent_texts t USING (position) WHERE r.{}_id = $1 ORDER BY r.position
"""
START_ASKING = """
INSERT INTO agent_asking AS a (brand_id, run_id, until) VALUES ($1, $2, now() + $3::interval)
ON CONFLICT (brand_id) DO UPDATE SET run_id = excluded.run_id, until = excluded.until WHERE a.until <= now()
RETURNING true
"""
_STOP_ASKING = "DELETE FROM agent_asking WHERE brand_id = $1 AND run_id = $2"
RESERVE = """
INSERT INTO agent_costs AS c (brand_id, day, cost) SELECT $1, $4, $2::bigint WHERE $2::bigint <= $3::bigint
ON CONFLICT (brand_id, day) DO UPDATE SET cost = c.cost + excluded.cost WHERE c.cost + excluded.cost <= $3::bigint
RETURNING day
"""
_CORRECT = "UPDATE agent_costs SET cost = cost + $3 WHERE brand_id = $1 AND day = $2"


class PostgresAgentRuns:
    def __init__(self, connection: Connection, reach: Reach) -> None:
        self._connection = connection
        self._reach = reach

    async def add(self, entry: RunEntry) -> None:
        is_erased = await self._connection.fetchval(_IS_ERASED, entry.campaign_id)
        await self._connection.execute(_CHAIN, str(entry.brand_id))
        [last] = await self._connection.fetch(LAST, entry.brand_id)
        said, at = to_text(entry.said), last["at"]
        chain_hash = _link(last["previous"], entry, at, said)
        of_run = (entry.run_id, entry.plan_id, entry.brand_id)
        position = await self._connection.fetchval(_ADD, *of_run, at, said, chain_hash)
        if not is_erased:
            texts = texts_to_json(entry.texts)
            await self._connection.execute(_ADD_TEXTS, position, entry.brand_id, entry.campaign_id, at, texts)

    async def list(self, plan_id: UUID) -> Sequence[KeptEntry]:
        return [_to_entry(row) for row in await self._rows("plan", plan_id)]

    async def of_run(self, run_id: UUID) -> Sequence[KeptEntry]:
        return [_to_entry(row) for row in await self._rows("run", run_id)]

    async def first_broken(self, brand_id: UUID) -> KeptEntry | None:
        previous: str | None = None
        for row in await self._rows("brand", brand_id):
            entry = _to_entry(row)
            if entry.chain_hash != _link(previous, entry, entry.at, row["said"]):
                return entry
            previous = entry.chain_hash
        return None

    async def start_asking(self, brand_id: UUID, run_id: UUID, *, within: timedelta) -> bool:
        return bool(await self._connection.fetchval(START_ASKING, brand_id, run_id, within))

    async def stop_asking(self, brand_id: UUID, run_id: UUID) -> None:
        await self._connection.execute(_STOP_ASKING, brand_id, run_id)

    async def reserve(self, brand_id: UUID, cost: int, *, most: int) -> date | None:
        now: datetime = await self._connection.fetchval("SELECT now()")
        return await self._connection.fetchval(RESERVE, brand_id, cost, most, now.astimezone(UTC).date())

    async def correct(self, brand_id: UUID, day: date, *, by: int) -> None:
        await self._connection.execute(_CORRECT, brand_id, day, by)

    async def _rows(self, what: str, of: UUID) -> Sequence[Record]:
        rows = await self._connection.fetch(OF.format(what), of)
        return [row for row in rows if self._reach.covers(row["brand_id"])]


def _link(previous: str | None, entry: RunEntry | KeptEntry, at: datetime, said: str) -> str:
    ids = (str(entry.run_id), str(entry.plan_id), str(entry.brand_id))
    return chained(previous, *ids, at.astimezone(UTC).isoformat(), said)


def _to_entry(row: Record) -> KeptEntry:
    return KeptEntry(
        run_id=row["run_id"],
        plan_id=row["plan_id"],
        brand_id=row["brand_id"],
        at=row["at"],
        said=to_said(row["said"]),
        texts=None if row["texts"] is None else to_texts(row["texts"]),
        chain_hash=row["chain_hash"],
    )

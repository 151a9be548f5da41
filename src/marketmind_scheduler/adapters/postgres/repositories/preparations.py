"""Plans that are being made: SQL in, frozen values out."""

from datetime import datetime, timedelta
from uuid import UUID

from asyncpg import Record

from marketmind_scheduler.adapters.postgres.pool import Connection
from marketmind_scheduler.domain.access import Reach
from marketmind_scheduler.domain.planning.preparation import Preparation

_COLUMNS = "plan_id, brand_id, campaign_id, begun_at, deadline, trouble_code, trouble, deadline <= now() AS is_late"
BEGIN = f"""
INSERT INTO preparations (plan_id, brand_id, campaign_id, begun_at, deadline)
VALUES ($1, $2, $3, $4, now() + $5::interval) RETURNING {_COLUMNS}
"""
FIND = f"SELECT {_COLUMNS} FROM preparations WHERE plan_id = $1"
_FAIL = "UPDATE preparations SET trouble_code = $2, trouble = $3 WHERE plan_id = $1"
_END = "DELETE FROM preparations WHERE plan_id = $1"


class PostgresPreparations:
    def __init__(self, connection: Connection, reach: Reach) -> None:
        self._connection = connection
        self._reach = reach

    async def begin(
        self, plan_id: UUID, *, brand_id: UUID, campaign_id: UUID, at: datetime, within: timedelta
    ) -> Preparation:
        [row] = await self._connection.fetch(BEGIN, plan_id, brand_id, campaign_id, at, within)
        return _to_preparation(row)

    async def find(self, plan_id: UUID) -> Preparation | None:
        row = await self._connection.fetchrow(FIND, plan_id)
        return _to_preparation(row) if row is not None and self._reach.covers(row["brand_id"]) else None

    async def fail(self, plan_id: UUID, trouble: tuple[str, str]) -> None:
        await self._connection.execute(_FAIL, plan_id, *trouble)

    async def end(self, plan_id: UUID) -> None:
        await self._connection.execute(_END, plan_id)


def _to_preparation(row: Record) -> Preparation:
    code, trouble = row["trouble_code"], row["trouble"]
    return Preparation(
        plan_id=row["plan_id"],
        brand_id=row["brand_id"],
        campaign_id=row["campaign_id"],
        begun_at=row["begun_at"],
        deadline=row["deadline"],
        trouble=None if code is None else (code, trouble),
        is_late=row["is_late"],
    )

"""Previews and the slots that are held for them: SQL in, frozen values out."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from uuid import UUID

import msgspec
from asyncpg import Record

from marketmind_scheduler.adapters.postgres.pool import Connection
from marketmind_scheduler.adapters.postgres.repositories.selections import REACHED, brands_of
from marketmind_scheduler.adapters.postgres.repositories.walks import Bound, Walk
from marketmind_scheduler.domain.access import Reach
from marketmind_scheduler.domain.errors import Deleted, PlanNotFound
from marketmind_scheduler.domain.planning.agent_part import AgentPart
from marketmind_scheduler.domain.planning.digests import Part
from marketmind_scheduler.domain.planning.forecast import Forecast
from marketmind_scheduler.domain.planning.plan import Plan
from marketmind_scheduler.domain.planning.preview import Asked, Preview, PreviewStatus
from marketmind_scheduler.unhurried import aside

_SELECT = """
SELECT plan_id, brand_id, campaign_id, status, plan_hash, said, created_at, expires_at, ended_at, schedule_ids
  FROM previews
"""
_LOCK = f"{_SELECT} WHERE plan_id = $1 AND {REACHED.format('$2', '')} FOR NO KEY UPDATE"
ADD = """
INSERT INTO previews (plan_id, brand_id, campaign_id, status, plan_hash, said, created_at, expires_at, schedule_ids)
VALUES ($1, $2, $3, $4, $5, $6, $7, now() + nullif($8::interval, '0 s'), $9) RETURNING expires_at
"""
RESERVE = """
INSERT INTO reservations (plan_id, brand_id, platform, publish_time, expires_at)
SELECT DISTINCT $1::uuid, $2::uuid, slot.platform, slot.publish_time, $5::timestamptz
  FROM unnest($3::text[], $4::timestamptz[]) AS slot (platform, publish_time)
"""
_END = "UPDATE previews SET status = $2, ended_at = $3, schedule_ids = $4 WHERE plan_id = $1"
_GIVE_BACK = "DELETE FROM reservations WHERE plan_id = $1"
_GIVE_ALL_BACK = "DELETE FROM reservations r USING previews p WHERE r.plan_id = p.plan_id AND p.campaign_id = $1"
_FORGOTTEN = "SELECT brand_id FROM forgotten_previews WHERE plan_id = $1"
_TITLES = "SELECT post_id, title FROM posts WHERE post_id = ANY($1::uuid[])"
COUNT_HELD = "SELECT count(*) FROM reservations WHERE brand_id = $1 AND expires_at > now()"


class _Said(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of a preview as JSON, which no statement looks into. It has no title, so none outlives its post."""

    asked: Asked
    plan: Plan
    parts: Mapping[Part, str]
    policy_version: int
    kept: tuple[UUID, ...]
    replaces: tuple[UUID, ...]
    forecast: tuple[Forecast, ...] = ()
    agent: AgentPart | None = None


_SIGNS_OF_A_POST = 100  # at least


class PostgresPreviews:
    def __init__(self, connection: Connection, reach: Reach) -> None:
        self._connection = connection
        self._reach = reach

    async def get(self, plan_id: UUID) -> Preview:
        return await self._one(f"{_SELECT} WHERE plan_id = $1", plan_id)

    async def lock(self, plan_id: UUID) -> Preview:
        return await self._one(_LOCK, plan_id, brands_of(self._reach))

    async def list(
        self, campaign_id: UUID, *, limit: int, after: UUID | None, status: PreviewStatus | None = None
    ) -> Sequence[Preview]:
        walk = Walk(
            table="previews",
            alias="previews",
            key="plan_id",
            lanes={"campaign_id": [campaign_id], "status": [status] if status else list(PreviewStatus)},
            order=("plan_id",),
            is_falling=True,
            begin=Bound(place=(after,), is_in=False) if after else None,
        )
        page = walk.page(_SELECT, limit=limit)
        return [await _read(row) for row in await self._connection.fetch(page.text, *page.parameters)]

    async def add(self, preview: Preview) -> Preview:
        of_row = (preview.plan_id, preview.brand_id, preview.campaign_id, preview.status, preview.plan_hash)
        said = await aside(partial(_said, preview), len(preview.plan.placements))
        rest = (said, preview.created_at, preview.asked.hold, list(preview.schedule_ids))
        expires_at = await self._connection.fetchval(ADD, *of_row, *rest)
        if expires_at is not None:
            placed = preview.plan.placements
            platforms, instants = [each.post.platform for each in placed], [each.slot.publish_time for each in placed]
            await self._connection.execute(RESERVE, preview.plan_id, preview.brand_id, platforms, instants, expires_at)
        return replace(preview, expires_at=expires_at)

    async def end(self, preview: Preview) -> None:
        ended = (preview.status, preview.ended_at, list(preview.schedule_ids))
        await self._connection.execute(_END, preview.plan_id, *ended)
        await self._connection.execute(_GIVE_BACK, preview.plan_id)

    async def give_back(self, campaign_id: UUID) -> None:
        await self._connection.execute(_GIVE_ALL_BACK, campaign_id)

    async def titles(self, preview: Preview) -> Mapping[UUID, str]:
        rows = await self._connection.fetch(_TITLES, list(preview.post_ids))
        return {row["post_id"]: row["title"] for row in rows}

    async def count_held(self, brand_id: UUID) -> int:
        return await self._connection.fetchval(COUNT_HELD, brand_id)

    async def _one(self, statement: str, plan_id: UUID, *parameters: object) -> Preview:
        row = await self._connection.fetchrow(statement, plan_id, *parameters)
        if row is None:
            brand_id = await self._connection.fetchval(_FORGOTTEN, plan_id)
            was_there = brand_id is not None and self._reach.covers(brand_id)
            raise Deleted.plan(plan_id) if was_there else PlanNotFound(plan_id)
        if not self._reach.covers(row["brand_id"]):
            raise PlanNotFound(plan_id)
        return await _read(row)


def _said(preview: Preview) -> str:
    said = _Said(
        asked=preview.asked,
        plan=preview.plan,
        parts=preview.parts,
        policy_version=preview.policy_version,
        kept=preview.kept,
        replaces=preview.replaces,
        forecast=preview.forecast,
        agent=preview.agent,
    )
    return msgspec.json.encode(said).decode()


async def _read(row: Record) -> Preview:
    return await aside(partial(_to_preview, row), len(row["said"]) // _SIGNS_OF_A_POST)


def _to_preview(row: Record) -> Preview:
    said = msgspec.json.decode(row["said"], type=_Said)
    return Preview(
        plan_id=row["plan_id"],
        brand_id=row["brand_id"],
        campaign_id=row["campaign_id"],
        asked=said.asked,
        plan=said.plan,
        plan_hash=row["plan_hash"],
        parts=said.parts,
        policy_version=said.policy_version,
        kept=said.kept,
        replaces=said.replaces,
        forecast=said.forecast,
        agent=said.agent,
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        status=PreviewStatus(row["status"]),
        ended_at=row["ended_at"],
        schedule_ids=tuple(row["schedule_ids"]),
    )

"""Campaigns: SQL in, frozen values out."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from asyncpg import Record

from marketmind_scheduler.adapters.postgres.pool import Connection
from marketmind_scheduler.adapters.postgres.repositories.selections import REACHED, brands_of
from marketmind_scheduler.adapters.postgres.repositories.walks import NOT_DELETED, Bound, Walk, wanted_brands
from marketmind_scheduler.adapters.postgres.statements import statement
from marketmind_scheduler.domain.access import Reach
from marketmind_scheduler.domain.campaign import FINISHED, PUBLISHED, Campaign, CampaignStatus, status_of
from marketmind_scheduler.domain.errors import CampaignNotFound, Deleted
from marketmind_scheduler.ports.storage import LostRace

# BETWEEN: of an equality the planner may believe that it leaves nothing out, and look through all posts.
_COLUMNS = """
campaign_id, brand_id, name, goal, start_date, end_date, status, created_at, updated_at, deleted_at,
(SELECT count(*) FROM posts WHERE posts.campaign_id BETWEEN campaigns.campaign_id AND campaigns.campaign_id
    AND posts.deleted_at IS NULL) AS post_count,
(SELECT b.brand_default_timezone FROM brands b WHERE b.brand_id = campaigns.brand_id) AS zone
"""
_SELECT = f"SELECT {_COLUMNS} FROM campaigns"
_INSERT = """
INSERT INTO campaigns (campaign_id, brand_id, name, goal, start_date, end_date, status, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
_ADD = f"{_INSERT}ON CONFLICT (campaign_id) DO NOTHING RETURNING {_COLUMNS}"
_BRAND = "SELECT brand_id FROM campaigns WHERE campaign_id = $1"
_SAVE = f"""{_INSERT}ON CONFLICT (campaign_id) DO UPDATE
   SET name = excluded.name, goal = excluded.goal, start_date = excluded.start_date, end_date = excluded.end_date,
       updated_at = excluded.updated_at
RETURNING {_COLUMNS}
"""
# Its brand comes before it, and is locked against pausing: what is added or moved afterwards asks for that.
_LOCK = f"""
WITH of_brand AS MATERIALIZED (
  SELECT brand_id FROM brands
   WHERE brand_id = (SELECT brand_id FROM campaigns WHERE campaign_id = $1 AND {REACHED.format("$2", "")}) FOR SHARE)
SELECT 1 FROM of_brand b JOIN campaigns c ON c.brand_id = b.brand_id WHERE c.campaign_id = $1 FOR NO KEY UPDATE OF c
"""
ARRANGE = statement("arrange_posts")
FACTS = statement("campaign_facts")
# Whoever changes a schedule tells an event, and whoever puts that in its order comes here again.
_FOLLOW = """
UPDATE campaigns c SET status = n.status, updated_at = now()
  FROM unnest($1::uuid[], $2::text[], $3::text[]) AS n(campaign_id, seen, status)
 WHERE c.campaign_id = n.campaign_id AND c.status = n.seen AND c.campaign_id = ANY(ARRAY(
   SELECT l.campaign_id FROM campaigns l WHERE l.campaign_id = ANY($1::uuid[]) ORDER BY l.campaign_id
      FOR NO KEY UPDATE))
"""


class PostgresCampaignRepository:
    def __init__(self, connection: Connection, reach: Reach) -> None:
        self._connection = connection
        self._reach = reach

    async def get(self, campaign_id: UUID) -> Campaign:
        if campaign := await self.find(campaign_id):
            return campaign
        raise CampaignNotFound(campaign_id)

    async def find(self, campaign_id: UUID) -> Campaign | None:
        row = await self._connection.fetchrow(f"{_SELECT} WHERE campaign_id = $1", campaign_id)
        if row is None or not self._reach.covers(row["brand_id"]):
            return None
        if row["deleted_at"] is not None:
            raise Deleted.of("campaign", campaign_id)
        return _to_campaign(row)

    async def save(self, campaign: Campaign) -> Campaign:
        [row] = await self._store(_SAVE, campaign)
        return _to_campaign(row)

    async def add(self, campaign: Campaign) -> Campaign:
        for row in await self._store(_ADD, campaign):
            return _to_campaign(row)
        if self._reach.covers(await self._connection.fetchval(_BRAND, campaign.campaign_id)):
            raise LostRace
        raise CampaignNotFound.taken(campaign.campaign_id)

    async def _store(self, insertion: str, campaign: Campaign) -> Sequence[Record]:
        return await self._connection.fetch(
            insertion,
            campaign.campaign_id,
            campaign.brand_id,
            campaign.name,
            campaign.goal,
            campaign.start_date,
            campaign.end_date,
            campaign.status,
            campaign.created_at,
            campaign.updated_at,
        )

    async def lock(self, campaign_id: UUID) -> None:
        await self._connection.execute(_LOCK, campaign_id, brands_of(self._reach))

    async def follow_schedules(self, campaign_id: UUID) -> None:
        await follow_schedules(self._connection, [campaign_id])

    async def arrange(self, post_ids: Sequence[UUID], *, now: datetime) -> None:
        await self._connection.execute(ARRANGE, list(post_ids), now)

    async def list(
        self, *, brand_id: UUID | None, status: CampaignStatus | None, limit: int, after: UUID | None
    ) -> Sequence[Campaign]:
        walk = Walk(
            table="campaigns",
            alias="campaigns",
            key="campaign_id",
            lanes={
                "brand_id": wanted_brands(brand_id, self._reach),
                "status": [status] if status else list(CampaignStatus),
            },
            order=("campaign_id",),
            begin=Bound(place=(after,), is_in=False) if after else None,
            only=[(NOT_DELETED.format("campaigns"),)],
        )
        page = walk.page(_SELECT, limit=limit)
        return [_to_campaign(row) for row in await self._connection.fetch(page.text, *page.parameters)]


async def follow_schedules(connection: Connection, campaign_ids: Sequence[UUID]) -> None:
    """Let the status of these campaigns be what ``campaign.status_of`` says of their schedules as they are now."""
    rows = await connection.fetch(FACTS, campaign_ids, list(PUBLISHED), list(FINISHED))
    follow = [(row["campaign_id"], row["status"], _to_status(row)) for row in rows]
    if changed := [each for each in follow if each[1] != each[2]]:
        await connection.execute(_FOLLOW, *map(list, zip(*changed, strict=True)))


def _to_status(facts: Record) -> CampaignStatus:
    return status_of(
        is_paused=facts["is_paused"],
        is_active=facts["is_active"],
        is_published=facts["is_published"],
        is_finished=facts["is_finished"],
    )


def _to_campaign(row: Record) -> Campaign:
    return Campaign(
        campaign_id=row["campaign_id"],
        brand_id=row["brand_id"],
        name=row["name"],
        goal=row["goal"],
        start_date=row["start_date"],
        end_date=row["end_date"],
        status=CampaignStatus(row["status"]),
        post_count=row["post_count"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        zone=row["zone"],
    )
